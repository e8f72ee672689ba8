"""A file of a store is read like any other, in few requests and with little memory."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.stores.readahead import LARGEST_BLOCK, Ranges, StoredStream
from lookalike.errors import UsageError

CONTENT = random.Random(1).randbytes(3_000_000)


class Source:
    """What was asked for, and how much of it at most was not yet given up."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, end: int) -> memoryview:
        assert 0 <= start < end <= len(self.content)
        self.asked.append((start, end))
        return memoryview(self.content[start:end])

    def open(self, expected: Ranges, block: int = 100_000) -> StoredStream:
        return StoredStream(self, len(self.content), expected, block)


@given(
    expected=st.lists(st.tuples(st.integers(0, 3_100_000), st.integers(0, 500_000)), max_size=3),
    steps=st.lists(st.tuples(st.integers(0, 3_100_000) | st.none(), st.integers(0, 400_000)), max_size=8),
    block=st.sampled_from([1, 7_000, 100_000, 4_000_000]),
)
def test_whatever_is_expected_the_bytes_are_those_of_the_file(
    expected: list[tuple[int, int]], steps: list[tuple[int | None, int]], block: int
) -> None:
    block = max(block, 3_000)  # or else a thousand requests
    ranges = sorted((start, start + length) for start, length in expected)
    with Source().open(ranges, block) as stream:
        at = 0
        for place, count in steps:
            if place is not None:
                at = stream.seek(place)
            wanted = CONTENT[at : at + count]
            assert stream.read(count) == wanted
            at += len(wanted)
            assert stream.tell() == at
            target = np.zeros(count // 2, np.uint8)
            filled = stream.readinto(target)
            wanted = CONTENT[at : at + count // 2]
            assert target[:filled].tobytes() == wanted
            at += filled


def test_an_expected_range_is_asked_for_once_in_blocks() -> None:
    source = Source()
    with source.open([(50_000, 460_000), (2_900_000, 9_000_000)]) as stream:
        stream.seek(50_000)
        assert stream.read(410_000) == CONTENT[50_000:460_000]
        stream.seek(2_900_000)
        assert stream.read() == CONTENT[2_900_000:]
    blocks = [(start, min(start + 100_000, 460_000)) for start in range(50_000, 460_000, 100_000)]
    assert sorted(source.asked) == [*blocks, (2_900_000, 3_000_000)]


def test_small_reads_cost_no_more_requests_than_large_ones() -> None:
    source = Source()
    with source.open([(0, 3_000_000)]) as stream:
        while stream.read(777):
            pass
    assert len(source.asked) == 30


def test_what_nobody_expected_is_asked_for_when_it_is_read_and_nothing_after_it() -> None:
    source = Source()
    with source.open([]) as stream:
        stream.seek(1_000_000)
        assert stream.read(10) == CONTENT[1_000_000:1_000_010]
        assert stream.read(10) == CONTENT[1_000_010:1_000_020]  # a block has at least 64 KiB
        stream.seek(-5, 2)
        assert stream.read() == CONTENT[-5:]
    assert source.asked == [(1_000_000, 1_065_536), (2_999_995, 3_000_000)]


def test_a_little_way_back_is_still_there() -> None:
    source = Source()
    with source.open([(0, 3_000_000)]) as stream:
        stream.read(150_000)
        stream.seek(99_000)
        assert stream.read(2_000) == CONTENT[99_000:101_000]
    assert len(source.asked) == len(set(source.asked))


def test_what_is_asked_for_is_at_most_a_block_ahead_of_the_reader() -> None:
    source, reader = Source(), [0]
    furthest = []

    def fetch(start: int, end: int) -> memoryview:
        furthest.append(end - reader[0])
        return source(start, end)

    with StoredStream(fetch, len(CONTENT), [(0, len(CONTENT))], 100_000) as stream:
        while stream.read(10_000):
            reader[0] = stream.tell()
            held = [block.content.result().obj for block in stream._blocks if block.content.done()]
            assert sum(memoryview(content).nbytes for content in held) <= 2 * 100_000 + (64 << 10)
    assert max(furthest) <= 2 * 100_000
    assert len(source.asked) == 30


def test_a_block_comes_while_the_one_before_it_is_read() -> None:
    asked = threading.Event()
    source = Source(CONTENT[:200_000])

    def fetch(start: int, end: int) -> memoryview:
        if start:
            asked.set()
        else:
            assert asked.wait(60)  # the first comes when the second is asked for
        return source(start, end)

    with StoredStream(fetch, 200_000, [(0, 200_000)], 100_000) as stream:
        assert stream.read() == source.content


def test_a_gigabyte_takes_some_dozen_requests() -> None:
    requests = []

    def fetch(start: int, end: int) -> memoryview:
        requests.append((start, end))
        return memoryview(b"x")  # as if there were no more; only the first byte of each block is read

    size = 1 << 30
    with StoredStream(fetch, size, [(0, size)]) as stream:
        for place in range(0, size, LARGEST_BLOCK):
            stream.seek(place)
            stream.read(1)
    assert len(requests) == 64


def test_an_error_comes_where_its_bytes_are_read() -> None:
    def fetch(start: int, end: int) -> memoryview:
        if start >= 200_000:
            raise UsageError("s3://b/a: the store fails")
        return memoryview(CONTENT)[start:end]

    with StoredStream(fetch, len(CONTENT), [(0, len(CONTENT))], 100_000) as stream:
        assert stream.read(200_000) == CONTENT[:200_000]
        with pytest.raises(UsageError, match="the store fails"):
            stream.read(1)


def test_a_stream_that_is_closed_early_asks_for_no_more() -> None:
    gate = threading.Event()
    asked = []

    def fetch(start: int, end: int) -> memoryview:
        asked.append(start)
        if start:
            gate.wait()
        return memoryview(CONTENT)[start:end]

    stream = StoredStream(fetch, len(CONTENT), [(0, len(CONTENT))], 100_000)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(stream.read, 10).result() == CONTENT[:10]
        stream.close()
        gate.set()
    assert set(asked) <= {0, 100_000, 200_000}
    assert stream.closed
