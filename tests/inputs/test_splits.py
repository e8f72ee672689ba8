"""Splits of a file share its rows: each is in one of them."""

import csv
import io
import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.exchange.reports import Border
from jobs.inputs.files import plan_splits
from jobs.inputs.tables import Split
from jobs.inputs.text.window import count_quotes
from jobs.stages.scan.borders import broken_files, with_parity
from tests.examples import examples

from .reading import HEADER, Quoting, Read, examine, examined, expected_raw, read, read_in_parts, tangled


@examples(40)
@given(body=tangled, cuts=st.lists(st.integers(0, 1500), max_size=8), chunk_bytes=st.integers(1, 300))
def test_any_splits_share_the_rows_and_miss_none(path: Path, body: bytes, cuts: list[int], chunk_bytes: int) -> None:
    assert read_in_parts(examined(path, body), cuts, chunk_bytes) == expected_raw(body)


@examples(40)
@given(body=tangled, cuts=st.lists(st.integers(0, 1500), max_size=8), chunk_bytes=st.integers(1, 300))
@pytest.mark.parametrize("quoting", ["rfc4180", "backslash"])
def test_splits_of_a_quoted_file_share_its_rows_or_say_that_they_do_not(
    path: Path, quoting: Quoting, body: bytes, cuts: list[int], chunk_bytes: int
) -> None:
    file = examined(path, body.replace(b"b" * 63, b"\\"), quoting)
    inside = sorted({min(max(cut, file.body), file.size) for cut in cuts} | {file.body, file.size})
    ranges = list(itertools.pairwise(inside))
    splits = tuple(Split(0, start, end) for start, end in ranges)
    splits = with_parity(splits, ((i, count_quotes(file, *part)) for i, part in enumerate(ranges)))
    found, borders = Read([], []), []
    for number, split in enumerate(splits):
        seen: list[int] = []
        part = read(file, split.start, split.end, chunk_bytes=chunk_bytes, inside=split.inside, borders=seen)
        found.rows.extend(part.rows)
        found.malformed.extend(part.malformed)
        borders.append(Border(number, *seen))
    if not broken_files(splits, borders):
        assert found == read(file, chunk_bytes=chunk_bytes)


@pytest.mark.parametrize("quoting", ["rfc4180", "backslash"])
def test_splits_of_a_file_that_a_writer_quoted_are_never_broken(tmp_path: Path, quoting: Quoting) -> None:
    chance = random.Random(5)
    rows = [["".join(chance.choices('ab\t\n"\\', k=chance.randrange(12))) for _ in range(3)] for _ in range(300)]
    text = io.StringIO(newline="")
    options: dict[str, Any] = {"doublequote": False, "escapechar": "\\"} if quoting == "backslash" else {}
    csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_ALL, **options).writerows(rows)
    path = tmp_path / "things.tsv"
    path.write_bytes(HEADER + text.getvalue().encode())
    file = examine(path, quoting=quoting)
    whole = read(file)
    assert whole.values == [(row[2].encode(), row[0].encode()) for row in rows]
    for size in (1, 7, 50, 1000):
        splits = plan_splits([file], size)
        counts = ((i, count_quotes(file, split.start, split.end)) for i, split in enumerate(splits))
        found = []
        for split in with_parity(splits, counts):
            found += read(file, split.start, split.end, inside=split.inside).rows
        assert found == whole.rows
