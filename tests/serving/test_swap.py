"""New snapshots under load: every answer is whole, and of one snapshot."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput

from .conftest import run_job
from .damages import make_current
from .running import PATH, Service, ServiceFactory, eventually
from .test_live import write_accounts

SWAPS = 20
HASHTAG = "same"


@pytest.fixture(scope="module")
def two_snapshots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """An output folder with two snapshots, and how many pairs the one hashtag has in each."""
    folder = tmp_path_factory.mktemp("two")
    pairs = {}
    for names in (60, 90):
        inputs = write_accounts(folder, [f"account{number:02d}" for number in range(names)])
        run_job(*inputs, folder / "output", min_similarity="0.7")
        pairs[FolderOutput(folder / "output").live()] = names * (names - 1) // 2
    return folder / "output", pairs


def await_snapshot(service: Service, snapshot: str) -> None:
    eventually(lambda: service.client.get("/readyz").json()["snapshot"], lambda seen: seen == snapshot)


def test_twenty_swaps_under_load_fail_no_request_and_mix_no_answer(
    two_snapshots: tuple[Path, dict[str, int]], serve: ServiceFactory
) -> None:
    output, pairs = two_snapshots
    service = serve(output, poll_seconds=0.02)
    done = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask, service, coding, done) for coding in ("identity", "gzip", "cold")]
        try:
            for swap in range(SWAPS):
                snapshot = list(pairs)[swap % 2]
                make_current(output, snapshot)
                await_snapshot(service, snapshot)
        finally:
            done.set()
        seen = sum((future.result() for future in asking), Counter[Any]())
    expected = {(200, snapshot, count) for snapshot, count in pairs.items()}
    assert set(seen) == expected
    swaps = [line for line in service.client.get("/metrics").text.splitlines() if "snapshot_swaps_total " in line]
    assert float(swaps[-1].split()[1]) >= SWAPS


def ask(service: Service, coding: str, done: threading.Event) -> Counter[Any]:
    """Ask until done, and at least once; count status, snapshot and number of pairs of the answers."""
    seen: Counter[Any] = Counter()
    with service.new_client(headers={"accept-encoding": "identity" if coding == "cold" else coding}) as client:
        for number in range(2000):
            parameters: dict[str, Any] = {"hashtag": HASHTAG, "min_similarity": "0.7"}
            if coding == "cold":
                parameters |= {"_": number, "min_similarity": "0.6"}  # always made anew, and compared live
            answer = client.get(PATH, params=parameters)
            snapshot = answer.headers["etag"].removeprefix("W/").strip('"').split(".")[0]
            seen[answer.status_code, snapshot, len(answer.json()["similar_account_pairs"])] += 1
            if done.is_set():
                break
    return seen


def test_a_tag_of_the_snapshot_before_is_no_longer_known(
    two_snapshots: tuple[Path, dict[str, int]], serve: ServiceFactory
) -> None:
    output, pairs = two_snapshots
    first, second = pairs
    make_current(output, first)
    service = serve(output)
    await_snapshot(service, first)
    url = f"{PATH}?hashtag={HASHTAG}&min_similarity=0.7"
    tag = service.client.get(url).headers["etag"]
    assert service.client.get(url, headers={"if-none-match": tag}).status_code == 304
    make_current(output, second)
    await_snapshot(service, second)
    answer = service.client.get(url, headers={"if-none-match": tag})
    assert (answer.status_code, len(answer.json()["similar_account_pairs"])) == (200, pairs[second])


def test_what_was_asked_last_is_read_before_the_swap(
    two_snapshots: tuple[Path, dict[str, int]], serve: ServiceFactory
) -> None:
    output, pairs = two_snapshots
    first, second = pairs
    make_current(output, first)
    service = serve(output)
    await_snapshot(service, first)
    assert len(service.client.pairs(HASHTAG, "0.7")) == pairs[first]
    make_current(output, second)
    await_snapshot(service, second)
    for file in (output / "snapshots" / second).glob("pairs/**/*.parquet"):
        file.rename(file.with_suffix(".away"))
    try:
        assert len(service.client.pairs(HASHTAG, "0.7")) == pairs[second]
    finally:
        for file in (output / "snapshots" / second).glob("pairs/**/*.away"):
            file.rename(file.with_suffix(".parquet"))
