from __future__ import annotations

import asyncio

import pytest

from serving.snapshots.cache import OVERHEAD, ByteCache, Flights


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    cache = ByteCache(3 * (OVERHEAD + 10))
    for key in "abc":
        assert cache.put(key, key.upper(), 10)
    assert cache.get("a") == "A"
    cache.put("d", "D", 10)
    assert [cache.get(key) for key in "abcd"] == ["A", None, "C", "D"]
    assert cache.used == cache.capacity
    assert [key for key, _ in cache.recent()] == ["d", "c", "a"]


def test_the_bytes_stay_within_the_capacity() -> None:
    cache = ByteCache(20_000)
    for number in range(200):
        cache.put(number % 30, number, 37 * number)
        assert cache.used <= cache.capacity
    assert not cache.put("large", 0, 20_001)
    assert cache.get("large") is None
    cache.put("x", 1, 10)
    cache.put("x", 2, 10)
    assert cache.get("x") == 2
    cache.clear()
    assert (len(cache), cache.used) == (0, 0)


def test_many_who_ask_for_one_thing_make_it_once() -> None:
    made = []

    async def make() -> str:
        made.append(1)
        await asyncio.sleep(0.01)
        return "it"

    async def ask() -> None:
        flights = Flights()
        assert await asyncio.gather(*(flights.join("key", make) for _ in range(50))) == ["it"] * 50
        assert len(flights) == 0
        await flights.join("key", make)

    asyncio.run(ask())
    assert len(made) == 2


def test_a_failure_reaches_all_and_is_not_kept() -> None:
    failures = [ValueError("first")]

    async def make() -> str:
        await asyncio.sleep(0)
        if failures:
            raise failures.pop()
        return "it"

    async def ask() -> None:
        flights = Flights()
        found = await asyncio.gather(*(flights.join("key", make) for _ in range(3)), return_exceptions=True)
        assert [str(error) for error in found] == ["first"] * 3
        assert await flights.join("key", make) == "it"

    asyncio.run(ask())


def test_who_gives_up_leaves_it_to_the_others_and_the_last_one_ends_it() -> None:
    ended = []

    async def make() -> str:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(1)
        return "never"

    async def ask() -> None:
        flights = Flights()
        first, second = (asyncio.ensure_future(flights.join("key", make)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await asyncio.sleep(0)
        assert (ended, len(flights)) == ([], 1)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        await asyncio.sleep(0)
        assert (ended, len(flights)) == ([1], 0)

    asyncio.run(ask())


def test_long_keys_take_room_too() -> None:
    cache = ByteCache(100_000)
    for number in range(1000):
        cache.put((b"%d" % number + b"x" * 10_000, "identity"), b"", 0)
    assert len(cache) < 10
