"""Rows of text files: which there are, by a plain reading of the bytes or by the csv module."""

import bz2
import csv
import gzip
import io
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.rows import fetch_rows
from jobs.inputs.text import window
from lookalike.errors import UsageError
from tests.examples import examples

from .reading import HEADER, THINGS, Convert, Quoting, examine, examined, expected_raw, read, tangled


@examples(40)
@given(body=tangled, chunk_bytes=st.integers(1, 300))
def test_a_raw_file_is_read_as_bytes_split_reads_it(path: Path, body: bytes, chunk_bytes: int) -> None:
    assert read(examined(path, body), chunk_bytes=chunk_bytes) == expected_raw(body)


@examples(40)
@given(body=tangled, chunk_bytes=st.integers(1, 300))
def test_a_quoted_file_is_read_as_the_csv_module_reads_it(path: Path, body: bytes, chunk_bytes: int) -> None:
    body = body.replace(b"\r\n", b"\n").replace(b"\r", b"")  # the csv module takes a lone one for a line end
    found = read(examined(path, body, "rfc4180"), chunk_bytes=chunk_bytes)
    text = io.StringIO(body.decode("latin-1"), newline="")
    try:
        rows = [row for row in csv.reader(text, delimiter="\t", strict=True) if row]
    except csv.Error:
        assert len(found.malformed) > 0
    else:
        well_formed = [tuple(field.encode("latin-1") for field in row) for row in rows if len(row) == 3]
        assert found.values == [(row[2], row[0]) for row in well_formed]
        assert len(found.malformed) == len(rows) - len(well_formed)
    # Whatever the quotes: every line that is not blank is in exactly one row.
    covered = sorted([raw for _, raw, _ in found.rows] + [raw for _, raw in found.malformed])
    assert sorted(b"\n".join(covered).replace(b"\n", b"")) == sorted(body.replace(b"\n", b""))


@examples(50)
@given(
    rows=st.lists(st.tuples(*[st.text('ab\t\n"é😀', max_size=40)] * 3), max_size=12),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    chunk_bytes=st.integers(1, 300),
)
def test_what_the_csv_module_writes_is_read_back(
    path: Path, rows: list[tuple[str, str, str]], line_end: str, quoting: Literal[0, 1], chunk_bytes: int
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="\t", lineterminator=line_end, quoting=quoting)
    writer.writerows([("value", "other", "id"), *rows])
    path.write_bytes(text.getvalue().encode())
    found = read(examine(path, quoting="rfc4180"), chunk_bytes=chunk_bytes)
    assert found.values == [(row[2].encode(), row[0].encode()) for row in rows]
    assert found.malformed == []


@pytest.mark.parametrize(
    ("bad", "lines"),
    [
        (b'"stray\tx\t1', 1),
        (b'"closed"x\tx\t1', 1),
        (b'x\tx\t"never closed', 1),
        (b'"two\nlines" and more\t1', 2),
        (b'"a quoted\nrow"\twith two fields', 1),
    ],
)
def test_broken_quotes_cost_no_row_but_their_own(tmp_path: Path, bad: bytes, lines: int) -> None:
    good = [b"v%d\to\ti%d" % (i, i) for i in range(6)]
    path = tmp_path / "things.tsv"
    path.write_bytes(HEADER + b"\n".join([*good[:3], bad, *good[3:]]))
    found = read(examine(path, quoting="rfc4180"))
    assert [raw for _, raw, _ in found.rows] == good
    assert len(found.malformed) == lines


@pytest.mark.parametrize("quoting", ["none", "rfc4180"])
@pytest.mark.parametrize("chunk_bytes", [16, 1 << 20])
def test_a_row_beyond_the_limit_is_malformed_and_its_neighbours_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quoting: Quoting, chunk_bytes: int
) -> None:
    monkeypatch.setattr(window, "LONGEST_ROW", 200)
    monkeypatch.setattr(window, "SHOWN_OF_LONG_ROW", 10)
    monkeypatch.setattr(window, "FINISHING", 32)
    path = tmp_path / "things.tsv"
    path.write_bytes(HEADER + b"v\to\ti\n" + b"x" * 5000 + b"\nw\to\tj\n")
    found = read(examine(path, quoting=quoting), chunk_bytes=chunk_bytes)
    assert found.values == [(b"i", b"v"), (b"j", b"w")]
    ((place, raw),) = found.malformed
    assert place == len(HEADER) + 6
    assert raw.startswith(b"x" * 10)


def test_an_open_quote_beyond_the_limit_costs_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "LONGEST_ROW", 200)
    good = [b"value\to\t%03d" % i for i in range(100)]
    path = tmp_path / "things.tsv"
    path.write_bytes(HEADER + b"\n".join([b'"open\to\t1', *good]))
    found = read(examine(path, quoting="rfc4180"), chunk_bytes=16)
    assert [raw for _, raw, _ in found.rows] == good
    assert found.malformed == [(len(HEADER), b'"open\to\t1')]


def test_more_rows_than_a_batch_has_room_for_come_in_several(tmp_path: Path) -> None:
    path = tmp_path / "things.tsv"
    path.write_bytes(b"id\tvalue\n" + b"\t\n" * 5000 + b"x\n" * 5000)
    found = read(examine(path), chunk_bytes=1 << 14)
    assert (len(found.rows), len(found.malformed)) == (5000, 5000)


@pytest.mark.parametrize(
    ("compressed", "name"), [(gzip.compress, "things.tsv.gz"), (bz2.compress, "things.tsv.bz2"), (bytes, "things")]
)
@pytest.mark.parametrize("quoting", ["none", "rfc4180"])
@pytest.mark.parametrize("wanted", [[], [0], [1, 2, 900], list(range(2000))])
def test_rows_are_fetched_again_by_their_places(
    tmp_path: Path, compressed: Convert, name: str, quoting: Quoting, wanted: list[int]
) -> None:
    body = b"".join(b"v%d\to\ti%d\n" % (i, i) + b"bad\n" * (i % 3) for i in range(2000))
    path = tmp_path / name
    path.write_bytes(compressed(HEADER + body))
    file = examine(path, quoting=quoting)
    rows = read(file).rows
    places = np.array([rows[i][0] for i in wanted], np.int64)
    fetched = [(row.raw, row.values) for row in fetch_rows(file, places, THINGS)]
    assert fetched == [rows[i][1:] for i in wanted]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoting", ["none", "rfc4180"])
def test_encodings_and_line_ends_make_no_difference(
    tmp_path: Path, encoding: str, line_end: str, quoting: Quoting
) -> None:
    letters = "aé\t" if encoding == "cp1252" else "aé😀語\t"
    lines = ["value\tother\tid", *(f"{letters}o\ti{i}" for i in range(10_000)), "bad row"]
    plain, other = tmp_path / "plain", tmp_path / "other"
    plain.write_bytes("\n".join(lines).encode())
    other.write_bytes(line_end.join(lines).encode(encoding))
    expected = read(examine(plain, quoting=quoting))
    found = read(examine(other, quoting=quoting, encoding="auto"), chunk_bytes=5000)
    assert found.values == expected.values
    assert [raw for _, raw in found.malformed] == [b"bad row"]
    places = np.array([found.rows[i][0] for i in (0, 7, 9_999)], np.int64)
    again = fetch_rows(examine(other, quoting=quoting, encoding="auto"), places, THINGS)
    assert [row.values for row in again] == [expected.values[i] for i in (0, 7, 9_999)]


def test_a_file_that_changes_under_the_job_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "things.tsv"
    path.write_bytes(HEADER + b"v\to\ti\n")
    file = examine(path)
    path.write_bytes(HEADER + b"v\to\ti\nw\to\tj\n")
    with pytest.raises(UsageError, match="was changed"):
        read(file)
