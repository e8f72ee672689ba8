"""The lock of an output: one holder at any time, and a dead one blocks nobody for longer than its lease."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lookalike.errors import OutputLockedError, StoreError
from lookalike.outputs.lease import Lease
from lookalike.outputs.objects import ObjectStore
from lookalike.outputs.patience import BRISK
from lookalike.outputs.urls import StoreUrl
from tests.serving.running import eventually

from .proxy import LOST, Asked, Proxy
from .running import Bucket


def held(url: StoreUrl) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(Bucket(url).read(".lock"))
    return record


def new_lease(url: StoreUrl, **options: float) -> Lease:
    return Lease(ObjectStore(url, BRISK), **options)


def test_a_second_run_is_told_who_holds_the_output(url: StoreUrl) -> None:
    with new_lease(url):
        record = held(url)
        with pytest.raises(OutputLockedError) as caught:
            new_lease(url).acquire()
        told = f"another run holds the output {url}: process {record['pid']} on {record['host']}, since "
        assert str(caught.value).startswith(told)
        assert caught.value.exit_code == 4
        assert record["token"] not in str(caught.value)
        assert held(url)["token"] == record["token"]
    with new_lease(url):
        assert held(url)["token"] != record["token"]


def test_of_many_that_come_together_one_gets_it(url: StoreUrl) -> None:
    gate = threading.Barrier(8)

    def come(_: int) -> Lease | None:
        lease = new_lease(url)
        gate.wait()
        try:
            lease.acquire()
        except OutputLockedError:
            return None
        return lease

    for _ in range(3):  # the first time there is no lock, later a released one
        with ThreadPoolExecutor(8) as pool:
            (holder,) = (lease for lease in pool.map(come, range(8)) if lease is not None)
        holder.confirm()
        holder.release()


def test_who_waits_gets_it_when_it_is_free(url: StoreUrl) -> None:
    holder, waiting = new_lease(url), new_lease(url)
    holder.acquire()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(waiting.acquire, 600)
        holder.confirm()
        holder.release()
        future.result()
    waiting.confirm()
    waiting.release()


def test_a_dead_holder_is_taken_over_after_its_lease_and_not_before(url: StoreUrl) -> None:
    dead = new_lease(url, lease=6, renewal=3600)  # renews never, as if it had been killed
    dead.acquire()
    with pytest.raises(OutputLockedError):
        new_lease(url).acquire()
    heir = new_lease(url)
    heir.acquire(600)
    with pytest.raises(OutputLockedError, match="was taken by another run"):
        dead.confirm()
    dead.release()
    assert held(url)["released"] is False
    heir.confirm()
    heir.release()
    assert [key for key in Bucket(url).listing() if "clock" in key] == []


def test_a_holder_that_renews_is_not_taken_over(url: StoreUrl) -> None:
    with new_lease(url, lease=4, renewal=0.1) as holder:
        begun = held(url)["renewal"]
        eventually(lambda: held(url)["renewal"] > begun + 50)  # longer than its lease
        with pytest.raises(OutputLockedError):
            new_lease(url).acquire()
        holder.confirm()


def once(wanted: Callable[[Asked], bool], fault: int) -> Callable[[Asked], int | None]:
    """A fault of the first request of a kind."""
    left = [fault]
    return lambda asked: left.pop() if left and wanted(asked) else None


def is_put(asked: Asked) -> bool:
    return asked.method == "PUT" and asked.key.endswith(".lock")


@pytest.mark.parametrize("fault", [LOST, 503])
def test_a_put_that_must_be_repeated_is_no_conflict_with_itself(url: StoreUrl, proxy: Proxy, fault: int) -> None:
    proxy.fault = once(is_put, fault)
    lease = new_lease(url)
    lease.acquire()
    proxy.fault = once(is_put, fault)
    lease.confirm()
    lease.confirm()
    assert len([asked for asked in proxy.asked if is_put(asked)]) >= 5
    lease.release()
    assert held(url)["released"] is True


def test_a_store_that_fails_is_no_proof_that_the_lock_is_held(url: StoreUrl, proxy: Proxy) -> None:
    lease = new_lease(url)
    lease.acquire()
    proxy.fault = lambda asked: 503 if is_put(asked) else None
    with pytest.raises(StoreError, match="503"):
        lease.confirm()
    proxy.fault = lambda _: None
    lease.confirm()
    lease.release()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"pid": {}}'])
def test_a_lock_that_nobody_can_read_is_still_one(url: StoreUrl, content: bytes) -> None:
    Bucket(url).write(".lock", content)
    with pytest.raises(OutputLockedError):
        new_lease(url).acquire()
