"""A hashtag of a million pairs: streamed, in little memory, while others are answered."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot

from .conftest import run_job
from .running import PATH, Client, ServiceFactory, ServiceProcess, eventually, most_memory, service_process
from .test_live import account_id, write_accounts

ACCOUNTS = 1450
PAIRS = ACCOUNTS * (ACCOUNTS - 1) // 2
LEAST = PAIRS * 2 * len(account_id(0))  # bytes that the answer has at the least


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot with one hashtag, in which all accounts look alike."""
    folder = tmp_path_factory.mktemp("million")
    names = [f"{'name' * 7}{number:04d}" for number in range(ACCOUNTS)]
    run_job(*write_accounts(folder, names), folder / "output")
    assert Snapshot.open(FolderOutput(folder / "output")).manifest.counts.similar_pairs == PAIRS > 1_000_000
    return folder / "output"


@pytest.fixture(scope="module")
def service(million: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with service_process(million, tmp_path_factory.mktemp("log"), {"LOOKALIKE_CACHE_BYTES": str(8 << 20)}) as found:
        yield found


def read(client: Client, coding: str, **parameters: Any) -> tuple[httpx.Headers, bytes]:
    """An answer of many pieces, unpacked."""
    unpack: Any = {"identity": None, "gzip": zlib.decompressobj(31), "zstd": None}[coding]
    with client.stream(
        "GET", PATH, params={"hashtag": "same"} | parameters, headers={"accept-encoding": coding}
    ) as answer:
        body = b"".join(unpack.decompress(piece) if unpack else piece for piece in answer.iter_raw())
    if coding == "zstd":
        with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
            body = stream.read()
    return answer.headers, body


def test_all_pairs_come_and_are_the_same_in_every_coding(service: ServiceProcess) -> None:
    bodies = {}
    for coding in ("identity", "gzip", "zstd"):
        headers, bodies[coding] = read(service.client, coding)
        assert "content-length" not in headers
        assert headers.get("content-encoding", "identity") == coding
    assert bodies["gzip"] == bodies["zstd"] == bodies["identity"]
    pairs = json.loads(bodies["identity"])["similar_account_pairs"]
    ids = [account_id(number) for number in range(ACCOUNTS)]
    assert len(pairs) == PAIRS
    assert {(a, b) for a, b, _ in pairs} == set(combinations(ids, 2))
    assert pairs == sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def test_any_page_of_it_is_the_same_part(service: ServiceProcess) -> None:
    whole = json.loads(read(service.client, "identity")[1])["similar_account_pairs"]
    for offset in (0, 16_383, 16_384, 16_385, 500_000, PAIRS - 3, PAIRS):
        for limit in (1, 20_000):
            assert service.client.pairs("same", limit=limit, offset=offset) == whole[offset : offset + limit], offset


def test_memory_does_not_grow_with_the_answer(service: ServiceProcess) -> None:
    service.client.pairs("same", limit=20_000)
    before = most_memory(service.process.pid)
    for _ in range(3):
        with service.client.stream("GET", PATH, params={"hashtag": "same"}) as answer:
            assert sum(map(len, answer.iter_raw())) > LEAST
    assert most_memory(service.process.pid) - before < LEAST / 2


def test_others_are_answered_meanwhile(service: ServiceProcess) -> None:
    with service.client.stream("GET", PATH, params={"hashtag": "same"}) as answer:
        pieces = answer.iter_raw(1 << 20)
        next(pieces)
        with service.new_client() as other:
            for number in range(50):
                assert len(other.pairs("same", limit=number + 1)) == number + 1
        assert sum(map(len, pieces)) > LEAST


def test_clients_that_read_slowly_are_refused_more_than_the_service_has_room_for(
    million: Path, tmp_path: Path
) -> None:
    variables = {"LOOKALIKE_CACHE_BYTES": str(8 << 20), "LOOKALIKE_UNSENT_BYTES": str(20 << 20)}
    with service_process(million, tmp_path, variables) as service:
        asked = {"hashtag": "same"}
        with (
            service.new_client() as one,
            service.new_client() as other,
            one.stream("GET", PATH, params=asked),
            other.stream("GET", PATH, params=asked),
        ):
            refused = service.client.get(PATH, params=asked)
            assert (refused.status_code, refused.json()["title"]) == (503, "Overloaded"), refused.text
            assert len(service.client.pairs("same", limit=5)) == 5
        eventually(lambda: service.client.get("/metrics").text, lambda text: "requests_in_flight 1" in text)
        assert len(read(service.client, "identity")[1]) > LEAST


@pytest.mark.thorough
def test_a_run_that_many_answers_are_cut_from_counts_once(million: Path, tmp_path: Path) -> None:
    variables = {"LOOKALIKE_CACHE_BYTES": str(1 << 30), "LOOKALIKE_UNSENT_BYTES": str(1 << 20)}
    with service_process(million, tmp_path, variables) as service, contextlib.ExitStack() as stack:
        for client in [stack.enter_context(service.new_client()) for _ in range(4)]:
            answer = stack.enter_context(client.stream("GET", PATH, params={"hashtag": "same"}))
            assert answer.status_code == 200


def test_who_goes_away_is_not_written_for(service: ServiceProcess) -> None:
    for _ in range(3):
        with service.new_client() as client, client.stream("GET", PATH, params={"hashtag": "same"}) as answer:
            next(answer.iter_raw(1 << 16))
    eventually(lambda: "lookalike_http_requests_in_flight 1" in service.client.get("/metrics").text)
    assert "Traceback" not in service.log


def test_an_answer_that_breaks_off_is_not_taken_for_whole(million: Path, tmp_path: Path) -> None:
    with service_process(million, tmp_path, {"LOOKALIKE_CACHE_BYTES": str(8 << 20)}) as service:
        service.client.pairs("same", limit=1)
        (file,) = million.glob("snapshots/*/pairs/**/*.parquet")
        away = file.with_suffix(".away")
        try:
            with service.client.stream("GET", PATH, params={"hashtag": "same"}) as answer:
                pieces = answer.iter_raw(1 << 16)
                next(pieces)
                file.rename(away)
                with pytest.raises(httpx.RemoteProtocolError):
                    list(pieces)
        finally:
            if away.exists():
                away.rename(file)
        eventually(lambda: "cut short" in service.log)
        assert "Traceback" not in service.log
        assert len(service.client.pairs("same", limit=7)) == 7


def test_head_of_a_streamed_answer_has_no_body(service: ServiceProcess) -> None:
    answer = service.client.head(PATH, params={"hashtag": "same"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert service.client.pairs("same", limit=1)


def test_a_higher_similarity_of_it_fits_into_the_cache(million: Path, serve: ServiceFactory) -> None:
    service = serve(million, cache_bytes=8 << 20)
    for _ in range(2):
        pairs = service.client.pairs("same", "0.96", limit=10**6)
        assert 0 < len(pairs) < PAIRS
        assert service.client.pairs("same", "0.96") == pairs
