"""Data files on their way into a bucket: whole or not there, in parts if they are large."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest

from lookalike.errors import StoreError, StoreRefusedError
from lookalike.outputs.durable import flushed_behind
from lookalike.outputs.layout import data_path
from lookalike.outputs.opening import open_output, shared_output
from lookalike.outputs.store import PIECE
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.datafiles import write_table
from lookalike.tables import SPELLINGS

from .proxy import Proxy
from .running import Bucket

PATH = data_path("20261101T120000Z-0a1b2c", "spellings", bucket=0)


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def rows(number: int) -> list[pa.RecordBatch]:
    """So many texts of 8 MB."""
    rng = random.Random(number)
    texts = [rng.randbytes(4_000_000).hex() for _ in range(number)]
    return [SPELLINGS.batch(hashtag=["a"], spelling=[text], posts=[1]) for text in texts]


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
def test_a_file_arrives_as_it_was_written_and_is_not_seen_before(url: StoreUrl, proxy: Proxy, size: int) -> None:
    data = memoryview(content(size))
    file = open_output(url).create(PATH)
    for start in range(0, size, 5_000_001):
        file.write(data[start : start + 5_000_001])
    assert Bucket(url).listing() == set()
    file.finish()
    assert Bucket(url).read(PATH) == data
    parts = [one for one in proxy.asked if one.method == "PUT" and one.key.endswith(PATH)]
    assert len(parts) == max(1, -(-size // PIECE))
    assert ["partNumber" in one.query for one in parts] == [size > PIECE] * len(parts)


@pytest.mark.parametrize("size", [100, 3 * PIECE])
def test_a_file_that_is_given_up_leaves_nothing_and_the_store_forgets_its_parts(
    url: StoreUrl, proxy: Proxy, size: int
) -> None:
    file = open_output(url).create(PATH)
    file.write(memoryview(content(size)))
    file.discard()
    begun = [one for one in proxy.asked if one.method == "POST"]
    ended = [one for one in proxy.asked if one.method == "DELETE" and "uploadId=" in one.query]
    assert len(begun) == len(ended) == (size > PIECE)
    assert Bucket(url).listing() == set()


@pytest.mark.parametrize("number", [0, 4])
def test_an_upload_that_is_refused_is_an_error_that_names_the_file(url: StoreUrl, proxy: Proxy, number: int) -> None:
    proxy.fault = lambda asked: 403 if asked.method == "PUT" else None
    with pytest.raises(StoreRefusedError, match=f"^{url}/{PATH}: access denied"):
        write_table(url, PATH, rows(number))
    proxy.fault = lambda _: None
    assert Bucket(url).listing() == set()
    shared_output(url).check_file(write_table(url, PATH, rows(number)))


def test_a_store_that_fails_for_a_moment_is_asked_again(url: StoreUrl, proxy: Proxy) -> None:
    failed: list[str] = []

    def fail(asked: object) -> int | None:
        failed.append(str(asked))
        return 503 if len(failed) in (1, 3, 5) else None

    proxy.fault = fail
    entry = write_table(url, PATH, rows(3))
    assert len(failed) > 6
    open_output(url).check_file(entry)


def test_files_are_there_when_the_context_behind_ends(url: StoreUrl, tmp_path: Path) -> None:
    paths = [data_path("20261101T120000Z-0a1b2c", "spellings", bucket=bucket) for bucket in range(12)]
    with flushed_behind():
        there = [write_table(url, path, []) for path in paths]
    assert there == [write_table(tmp_path, path, []) for path in paths]
    for path in paths:
        assert Bucket(url).read(path) == (tmp_path / path).read_bytes()


def test_an_upload_that_fails_behind_is_told_of_at_the_end(url: StoreUrl, proxy: Proxy) -> None:
    proxy.fault = lambda asked: 400 if asked.method == "PUT" else None
    with pytest.raises(StoreError, match=PATH), flushed_behind():
        write_table(url, PATH, [])
