"""A store that fails for a while is asked again until it answers; what it refuses is asked for once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from lookalike.errors import ConflictError, MissingObjectError, StoreError, StoreRefusedError
from lookalike.outputs import objects, patience
from lookalike.outputs.hdfsstore import HdfsStore
from lookalike.outputs.objects import ObjectStore
from lookalike.outputs.patience import PATIENT, Patience
from lookalike.outputs.store import PIECE
from lookalike.outputs.urls import StoreUrl

from .fakehdfs import FakeHdfs
from .proxy import CUT, LOST, Asked, Fault, Proxy
from .running import Bucket, Runner

FAILURES = 12  # one after another
LARGE = bytes(range(256)) * (PIECE // 256 + 1)  # is uploaded in parts


def outages(fault: int, every: int) -> Fault:
    """FAILURES requests fail whenever so many have been answered, and before the first."""
    numbers, one_at_a_time = itertools.count(), threading.Lock()

    def fail(_: Asked) -> int | None:
        with one_at_a_time:
            return fault if next(numbers) % (FAILURES + every) < FAILURES else None

    return fail


def answering(_: Asked) -> None:
    """No fault."""


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short."""
    for module in (objects, patience):
        monkeypatch.setattr(module, "FIRST_PAUSE", 0.002)
        monkeypatch.setattr(module, "LONGEST_PAUSE", 0.01)


REQUESTS: dict[str, Callable[[ObjectStore], Any]] = {
    "get": lambda store: store.get("small", 100)[0],
    "part": lambda store: bytes(store.part("large", 5, len(LARGE) - 5, None)),
    "ranges": lambda store: list(map(bytes, store.ranges("large", [3, PIECE], [10, 20]))),
    "checksum": lambda store: store.checksum("large", "sha256:"),
    "list": lambda store: sorted(one.key for one in store.list("")),
    "below": lambda store: sorted(one.key for one in store.below("")[0]),
    "head": lambda store: store.head("small").bytes,
    "put": lambda store: store.put("new", b"new"),
    "put_pieces": lambda store: store.put_pieces("new", iter([LARGE[:PIECE], LARGE[PIECE:]])),
    "delete": lambda store: store.delete(["small", "none"]),
}


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        *itertools.product(REQUESTS, [503]),
        *(pytest.param(name, LOST, marks=pytest.mark.thorough) for name in REQUESTS),
        # Answers without a body cannot break off.
        *(
            pytest.param(name, CUT, marks=pytest.mark.thorough)
            for name in REQUESTS
            if not name.startswith(("put", "h"))
        ),
    ],
)
@pytest.mark.usefixtures("quickly")
def test_a_request_is_made_again_until_the_store_answers(
    url: StoreUrl, proxy: Proxy, request_: str, fault: int
) -> None:
    bucket, found = Bucket(url), []
    for outage in (answering, outages(fault, every=1)):
        bucket.remove("new")
        bucket.write("small", b"small")
        bucket.write("large", LARGE)
        proxy.asked.clear()
        proxy.fault = outage
        answer = REQUESTS[request_](ObjectStore(url))
        asked = len(proxy.asked)
        proxy.fault = answering
        found.append((answer, {key: bucket.read(key) for key in bucket.listing()}))
    assert found[0] == found[1]
    assert asked > FAILURES


@pytest.mark.thorough
@pytest.mark.parametrize("fault", [503, LOST])
@pytest.mark.usefixtures("quickly")
def test_outages_during_a_run_change_nothing(url: StoreUrl, run: Runner, proxy: Proxy, fault: int) -> None:
    calm, disturbed = (StoreUrl.parse(f"{url}/{name}") for name in ("calm", "disturbed"))
    for days in (2, 3):  # the second is incremental
        proxy.fault = answering
        run(calm, days=days)
        proxy.asked.clear()
        proxy.fault = outages(fault, every=15)
        run(disturbed, days=days)
        proxy.fault = answering
        assert len(proxy.asked) > 10 * FAILURES
        assert Bucket(disturbed).tables() == Bucket(calm).tables()
        assert contents(Bucket(disturbed)) == contents(Bucket(calm))


def contents(bucket: Bucket) -> list[bytes]:
    """Of the data files of the live snapshot, except for those that name the run."""
    files = sorted(bucket.manifest().files, key=lambda entry: entry.path.partition("/")[2].partition("/")[2])
    return [bucket.read(entry.path) for entry in files if entry.table != "hashtags"]


@pytest.mark.parametrize(
    ("status", "kind"), [(403, StoreRefusedError), (404, MissingObjectError), (412, ConflictError)]
)
@pytest.mark.parametrize("has_answered", [True, False])
def test_what_a_store_refuses_is_asked_for_once(
    url: StoreUrl, proxy: Proxy, status: int, kind: type[StoreError], has_answered: bool
) -> None:
    store = ObjectStore(url)
    if has_answered:
        store.put("small", b"small")
    proxy.asked.clear()
    proxy.fault = lambda _: status
    with pytest.raises(kind):
        store.get("small", 100)
    assert len(proxy.asked) == 1


def test_a_store_that_has_not_answered_is_given_up_earlier(
    url: StoreUrl, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_AT_FIRST", 0.0)
    store = ObjectStore(url, PATIENT._replace(total=0.4))
    tries = []
    for fault in (lambda _: 503, answering, lambda _: 503, lambda _: 503):
        proxy.asked.clear()
        proxy.fault = fault
        try:
            store.put("small", b"small")
        except StoreError as error:
            assert str(error) == f"{url}/small: the store fails (503 Service Unavailable)"  # noqa: PT017  # of some
        tries.append(len(proxy.asked))
    assert tries[:2] == [1, 1]
    assert tries[2] > 2  # it had answered
    assert tries[3] == 1


def test_pauses_grow_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pauses = []
    for pause in PATIENT.pauses():
        pauses.append(pause)
        now += pause
    assert PATIENT.total <= now <= PATIENT.total + patience.LONGEST_PAUSE
    assert pauses[0] == patience.FIRST_PAUSE
    assert max(pauses) == patience.LONGEST_PAUSE
    assert 24 < len(pauses) < 200
    assert list(Patience(1, 0, 5).pauses()) == []


@pytest.mark.parametrize("node", ["name", "data"])
def test_a_file_is_sent_to_hdfs_again_until_all_of_it_is_there(
    hdfs: FakeHdfs, monkeypatch: pytest.MonkeyPatch, node: str
) -> None:
    monkeypatch.setattr(Patience, "pauses", lambda _: itertools.repeat(0.0, FAILURES))
    numbers = itertools.count()
    hdfs.fault = lambda asked: (503, "IOException") if asked.node == node and next(numbers) < FAILURES else None
    HdfsStore(StoreUrl.parse(f"{hdfs.url}/out")).put_pieces("large", iter([LARGE[:PIECE], LARGE[PIECE:]]))
    assert (hdfs.folder / "out/large").read_bytes() == LARGE
    assert [path.name for path in (hdfs.folder / "out").iterdir()] == ["large"]
