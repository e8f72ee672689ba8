"""Answers below the snapshot's floor."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from serving.lookup import live

from .conftest import Published, run_job
from .running import PATH, Service, ServiceFactory, eventually

BELOW = {"hashtag": "covid19", "min_similarity": "0.7"}


def refused(service: Service, **parameters: str) -> str:
    """What a refusal of such an answer says."""
    answer = service.client.get(PATH, params=BELOW | parameters)
    assert answer.status_code == 422, answer.text
    assert answer.json()["parameter"] == "min_similarity"
    return str(answer.json()["detail"])


def account_id(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


def write_accounts(folder: Path, names: list[str], hashtag: str = "same") -> tuple[Path, Path]:
    """Accounts of these names that used one hashtag, as the job's inputs."""
    accounts, posts = folder / "accounts.tsv", folder / "posts.tsv"
    accounts.write_text(
        "id\tcreated_at\tscreen_name\n"
        + "".join(f"{account_id(number)}\t2020-01-01\t{name}\n" for number, name in enumerate(names))
    )
    posts.write_text(
        "id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
        + "".join(f"p{n}\t2023-01-01\t{account_id(n)}\tFalse\ttext\t{hashtag}\n" for n in range(len(names)))
    )
    return posts, accounts


def test_too_many_members_are_refused_with_floor_and_bound(medium_snapshot: Published, serve: ServiceFactory) -> None:
    row = Snapshot.open(FolderOutput(medium_snapshot.output)).hashtag("covid19")
    assert row is not None
    service = serve(medium_snapshot.output, live_max_members=row.members - 1)
    detail = refused(service)
    assert "0.7 is below 0.8" in detail
    assert f"up to {row.members - 1} accounts" in detail
    assert f"has {row.members} accounts." in detail
    assert service.client.pairs("covid19", "0.8") != []
    assert service.client.pairs("nobodyusedthis", "0.1") == []


def test_as_many_members_as_allowed_are_compared(medium_snapshot: Published, serve: ServiceFactory) -> None:
    row = Snapshot.open(FolderOutput(medium_snapshot.output)).hashtag("covid19")
    assert row is not None
    service = serve(medium_snapshot.output, live_max_members=row.members)
    assert len(service.client.pairs("covid19", "0.7")) > row.pairs


def test_too_many_pairs_and_too_much_time_are_refused(medium_snapshot: Published, serve: ServiceFactory) -> None:
    assert "and 9 pairs" in refused(serve(medium_snapshot.output, live_max_pairs=9))
    assert "in up to 1e-06 seconds; this one takes longer" in refused(
        serve(medium_snapshot.output, live_max_seconds=1e-6)
    )


def test_what_takes_too_long_before_the_kernel_is_compiled_may_be_asked_again(
    medium_snapshot: Published, serve: ServiceFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = serve(medium_snapshot.output, live_max_seconds=1e-6)
    monkeypatch.setattr(live, "compiled", SimpleNamespace(are_ready=lambda: False))
    below = "min_similarity=0.7"
    for url in (f"{PATH}?hashtag=covid19&{below}", f"/api/v1/hashtags/covid19/pairs?{below}"):
        answer = service.client.get(url)
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "2"), answer.text
        assert answer.json()["detail"] == (
            "The comparison is being compiled. Until it is ready, this one takes too long."
        )


def test_a_snapshot_by_all_names_is_not_compared_by_the_latest_alone(
    medium_snapshot: Published, serve: ServiceFactory, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    known = medium_snapshot.known
    run_job(known.posts, known.accounts, output, all_names=True)
    assert "by all names of an account" in refused(serve(output))
    assert serve(output).client.pairs("covid19", "0.8") != []


def test_all_pairs_at_similarity_0(medium_snapshot: Published, medium_service: Service) -> None:
    members = (
        Snapshot.open(FolderOutput(medium_snapshot.output)).members("longcovid").column("account_id").to_pylist()
    )
    pairs = medium_service.client.pairs("longcovid", "0")
    expected = {(a, b) for place, a in enumerate(members) for b in members[place + 1 :]}
    assert {(a, b) for a, b, _ in pairs} == expected
    assert pairs == sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def test_names_are_compared_as_the_job_folded_them(tmp_path: Path, serve: ServiceFactory) -> None:
    inputs = write_accounts(tmp_path, ["STRASSEab", "straßeAB", "StrasseCD", "xyz"])
    run_job(*inputs, tmp_path / "output", fold="case", min_similarity="0.9")
    service = serve(tmp_path / "output")
    first, second, third = map(account_id, range(3))
    assert service.client.pairs("same", "0.9") == [[first, second, 1.0]]
    assert service.client.pairs("same", "0.7") == [
        [first, second, 1.0],
        [first, third, 7 / 9],
        [second, third, 7 / 9],
    ]


def test_a_large_answer_below_the_floor_is_streamed(tmp_path: Path, serve: ServiceFactory) -> None:
    names = [f"user{number:03d}" for number in range(400)]
    run_job(*write_accounts(tmp_path, names), tmp_path / "output", min_similarity="0.9")
    service = serve(tmp_path / "output", cache_bytes=1 << 20)
    answer = service.client.get(PATH, params={"hashtag": "same", "min_similarity": "0.5"})
    assert "content-length" not in answer.headers
    pairs = answer.json()["similar_account_pairs"]
    assert len(pairs) == 400 * 399 // 2
    assert pairs == sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))
    assert service.client.pairs("same", "0.5", offset=70_000, limit=20) == pairs[70_000:70_020]


def test_a_client_that_goes_away_ends_its_comparison(medium_snapshot: Published, serve: ServiceFactory) -> None:
    service = serve(medium_snapshot.output)
    place = urlsplit(service.url)
    for _ in range(5):
        with socket.create_connection((place.hostname or "", place.port or 0)) as connection:
            connection.sendall(f"GET {PATH}?hashtag=covid19&min_similarity=0.1 HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    eventually(lambda: "lookalike_http_requests_in_flight 1" in service.client.get("/metrics").text)
    assert service.client.pairs("covid19", "0.79") != []
