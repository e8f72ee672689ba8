"""A file under a URL is read as the same file on this machine."""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import random
import re
import threading
import zipfile
from io import BytesIO

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.inputs.files import find_files, plan_splits
from jobs.inputs.rows import fetch_rows, read_rows
from jobs.inputs.stores import readahead
from jobs.inputs.stores.objects import Objects
from jobs.inputs.tables import InputFile, Part
from jobs.inputs.text.window import count_quotes
from lookalike.errors import UsageError
from lookalike.inputurls import input_path
from tests.inputs.reading import THINGS, read

from .inputs import Twice
from .proxy import Asked, Proxy


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of some kilobytes take many requests."""
    monkeypatch.setattr(readahead, "_SMALLEST_BLOCK", 100)
    monkeypatch.setattr(readahead, "LARGEST_BLOCK", 1000)


def rows_of_things(rows: int, seed: int = 1) -> list[tuple[str, str, str]]:
    """Values with all that quoting is for."""
    rng = random.Random(seed)
    texts = ["", "plain", "é\U0001f600" * 3, 'say "hello" twice', "two\nlines", "a\ttab", "x" * 300]
    return [(str(number), rng.choice(texts), f"v{rng.randrange(50)}") for number in range(rows)]


def raw(rows: list[tuple[str, str, str]], end: str = "\n") -> str:
    lines = ("\t".join(part.replace("\t", " ").replace("\n", " ") for part in row) for row in rows)
    return "".join(line + end for line in ["value\tother\tid", *lines])


def quoted(rows: list[tuple[str, str, str]]) -> str:
    lines = (",".join('"' + part.replace('"', '""') + '"' for part in row) for row in rows)
    return "".join(line + "\n" for line in ["value,other,id", *lines])


def escaped(rows: list[tuple[str, str, str]]) -> str:
    lines = (",".join('"' + part.replace('"', '\\"') + '"' for part in row) for row in rows)
    return "".join(line + "\n" for line in ["value,other,id", *lines])


def json_lines(rows: list[tuple[str, str, str]]) -> bytes:
    return b"".join(orjson.dumps({"value": a, "other": b, "id": c}) + b"\n" for a, b, c in rows)


def parquet(rows: list[tuple[str, str, str]], **options: int) -> bytes:
    values, others, ids = zip(*rows, strict=True)
    table = pa.table({"value": values, "unread": others, "id": ids, "other": others})
    sink = BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def zipped(content: bytes) -> bytes:
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("things.tsv", content)
    return sink.getvalue()


ROWS = rows_of_things(400)
FORMS: dict[str, bytes] = {
    "raw": raw(ROWS).encode(),
    "raw with CR LF": raw(ROWS, "\r\n").encode(),
    "rfc4180": quoted(ROWS).encode(),
    "backslash": escaped(ROWS).encode(),
    "utf-16": raw(ROWS).encode("utf-16"),
    "carriage returns": raw(ROWS, "\r").encode(),
    "gzip": gzip.compress(raw(ROWS).encode()),
    "gzip of two members": gzip.compress(raw(ROWS[:200]).encode()) + gzip.compress(raw(ROWS[200:]).encode()[15:]),
    "quoted gzip": gzip.compress(quoted(ROWS).encode()),
    "bz2": bz2.compress(raw(ROWS).encode()),
    "zstd": bytes(pa.Codec("zstd").compress(raw(ROWS).encode(), asbytes=True)),
    "xz": lzma.compress(raw(ROWS).encode()),
    "zip": zipped(raw(ROWS).encode()),
    "json lines": json_lines(ROWS),
    "parquet": parquet(ROWS),
    "parquet in many groups": parquet(ROWS, row_group_size=30),
}


def examined(path: str) -> InputFile:
    (file,) = find_files(THINGS, [path])
    return file


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("form", FORMS)
def test_every_format_is_read_there_as_here(twice: Twice, form: str) -> None:
    twice.put("things", FORMS[form])
    here, there = examined(twice.here("things")), examined(twice.there("things"))
    assert there.path == twice.there("things")
    assert (there.size, there.format, there.dialect) == (here.size, here.format, here.dialect)
    expected = read(here)
    assert len(expected.rows) >= len(ROWS)
    for chunk_bytes in (500, 1 << 20):
        assert read(there, chunk_bytes=chunk_bytes) == expected


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("form", ["raw", "rfc4180", "backslash", "json lines", "parquet in many groups"])
@pytest.mark.parametrize("split_bytes", [700, 5000])
def test_parts_together_are_the_whole(twice: Twice, form: str, split_bytes: int) -> None:
    twice.put("things", FORMS[form])
    here, there = examined(twice.here("things")), examined(twice.there("things"))
    splits = plan_splits([there], split_bytes)
    assert len(splits) > 3
    rows, quotes = [], 0
    for split in splits:
        part = Part(split.start, split.end, chunk_bytes=500, inside=quotes % 2 == 1)
        found = [
            (place, *(column.value(i) for column in batch.columns))
            for batch in read_rows(there, THINGS, part)
            for i, place in enumerate(batch.place.tolist())
        ]
        rows += found
        if there.dialect.quoting != "none":
            counted = count_quotes(there, split.start, split.end)
            assert counted == count_quotes(here, split.start, split.end)
            quotes += counted
    assert rows == [(place, *values) for place, _, values in read(here).rows]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("form", ["raw", "rfc4180", "gzip", "json lines", "parquet in many groups"])
def test_single_rows_are_read_again(twice: Twice, form: str) -> None:
    twice.put("things", FORMS[form])
    here, there = examined(twice.here("things")), examined(twice.there("things"))
    places = [place for batch in read_rows(here, THINGS) for place in batch.place.tolist()][7::60]
    wanted = np.array(places)
    assert list(fetch_rows(there, wanted, THINGS)) == list(fetch_rows(here, wanted, THINGS))


def test_a_part_costs_few_requests_and_little_more_than_its_bytes(twice: Twice, proxy: Proxy) -> None:
    content = b"value\tother\tid\n" + b"".join(b"v%07d\t%s\t%d\n" % (i, b"x" * 80, i) for i in range(300_000))
    twice.put("things", content)
    there = examined(twice.there("things"))
    ranges = [(split.start, split.end) for split in plan_splits([there], 10 << 20)]
    assert len(ranges) > 2
    for start, end in ranges:
        proxy.asked.clear()
        rows = sum(len(batch) for batch in read_rows(there, THINGS, Part(start, end)))
        assert rows > 90_000
        asked = [one.range.removeprefix("bytes=").split("-") for one in proxy.asked if one.range is not None]
        bytes_asked = sum(int(last) + 1 - int(first) for first, last in asked)
        assert bytes_asked <= end - start + (200 << 10)
        assert len(proxy.asked) <= 5


def test_columns_that_are_not_read_are_not_asked_for(twice: Twice, proxy: Proxy) -> None:
    rng = random.Random(1)
    table = pa.table(
        {
            "value": [f"v{i}" for i in range(20_000)],
            "unread": [rng.randbytes(500) for _ in range(20_000)],
            "id": [str(i) for i in range(20_000)],
            "other": [str(i) for i in range(20_000)],
        }
    )
    sink = BytesIO()
    pq.write_table(table, sink, row_group_size=10_000)
    twice.put("things", sink.getvalue())
    there = examined(twice.there("things"))
    proxy.asked.clear()
    assert sum(len(batch) for batch in read_rows(there, THINGS)) == 20_000
    asked = [one.range.removeprefix("bytes=").split("-") for one in proxy.asked if one.range is not None]
    assert sum(int(last) + 1 - int(first) for first, last in asked) < there.size / 10
    assert len(proxy.asked) == 5  # its status, the footer, and the columns of each group, two of which are neighbours


def test_adjacent_groups_of_rows_are_asked_for_together(twice: Twice, proxy: Proxy) -> None:
    rows = rows_of_things(20_000)
    twice.put("things", parquet(rows, row_group_size=200))
    there = examined(twice.there("things"))
    assert there.groups is not None
    assert len(there.groups) == 100
    proxy.asked.clear()
    assert sum(len(batch) for batch in read_rows(there, THINGS)) == 20_000
    assert len(proxy.asked) <= 5


def test_files_here_and_there_are_read_together_each_once(twice: Twice) -> None:
    for name in ("1.tsv", "2.tsv", "3.tsv"):
        twice.put(name, raw(ROWS).encode())
    paths = [twice.here("1.tsv"), twice.there("*.tsv"), twice.there("2.tsv"), f"file://{twice.here('3.tsv')}"]
    files = find_files(THINGS, list(map(input_path, paths)))
    names = [*(twice.here(name) for name in ("1.tsv", "3.tsv")), *(twice.there(f"{n}.tsv") for n in (1, 2, 3))]
    assert [file.path for file in files] == names
    assert all(a == b for a, b in itertools.pairwise(read(file) for file in files))


def test_many_files_are_looked_at_at_the_same_time_and_the_first_that_is_wrong_is_named(
    twice: Twice, proxy: Proxy
) -> None:
    for number in range(40):
        twice.put(f"{number:02}.tsv", raw(ROWS[number : number + 50]).encode())
    together = threading.Barrier(4, timeout=60)

    def wait_for_three_others(asked: Asked) -> None:
        if asked.method == "HEAD" and asked.key.endswith(".tsv"):
            together.wait()

    proxy.fault = wait_for_three_others
    files = find_files(THINGS, [twice.url])
    assert [file.path for file in files] == [twice.there(f"{number:02}.tsv") for number in range(40)]
    proxy.fault = lambda _: None
    for number in (30, 20):
        twice.put(f"{number}.tsv", b"nothing\tof\tthe kind\n")
    with pytest.raises(UsageError, match=re.escape(f"{twice.there('20.tsv')}: no column")):
        find_files(THINGS, [twice.url])


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("form", ["raw", "utf-16", "gzip", "bz2", "zstd", "xz", "zip", "parquet in many groups"])
def test_whatever_reads_a_file_a_failing_store_is_what_is_named(
    twice: Twice, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of_things(20_000)
    content = raw(rows).encode()
    forms = FORMS | {
        "raw": content,
        "utf-16": raw(rows).encode("utf-16"),
        "gzip": gzip.compress(content),
        "bz2": bz2.compress(content),
        "zstd": bytes(pa.Codec("zstd").compress(content, asbytes=True)),
        "xz": lzma.compress(content),
        "zip": zipped(content),
        "parquet in many groups": parquet(rows, row_group_size=3000),
    }
    twice.put("things", forms[form])
    there = examined(twice.there("things"))
    fetch, fetched = Objects.fetch, itertools.count()

    def fail_later(self: Objects, path: str, start: int, end: int, version: str | None) -> memoryview:
        if next(fetched) > 5:
            raise UsageError(f"{twice.there('things')}: the store fails")
        return fetch(self, path, start, end, version)

    monkeypatch.setattr(Objects, "fetch", fail_later)
    with pytest.raises(UsageError) as caught:
        read(there, chunk_bytes=500)
    assert str(caught.value) == f"{twice.there('things')}: the store fails"
    assert next(fetched) > 6
