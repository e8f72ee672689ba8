"""Helpers of these tests: files in, everything that comes out of them as plain Python values."""

import bz2
import gzip
import io
import itertools
import lzma
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from jobs.inputs.files import find_files
from jobs.inputs.reading import Reading
from jobs.inputs.rows import read_rows
from jobs.inputs.tables import TO_THE_END, Column, InputFile, Part, RowBatch, Table

THINGS = Table("things", ("id", "value"))
HEADER = b"value\tother\tid\n"

# Few different bytes, so that separators, quotes and line ends meet in all ways; runs, so that values pass the
# 64 bytes that are looked at together.
tangled = st.lists(
    st.sampled_from([b"a", b"\t", b"\n", b"\r\n", b"\r", b'"', b'""', b"\xff", b"\x00", b"b" * 63, b"c" * 130]),
    max_size=60,
).map(b"".join)

Quoting = Literal["auto", "none", "rfc4180", "backslash"]


class Read(NamedTuple):
    """rows: (place, raw, values) of each well-formed row; malformed: (place, raw) of the others."""

    rows: list[tuple[int, bytes, tuple[bytes, ...]]]
    malformed: list[tuple[int, bytes]]

    @property
    def values(self) -> list[tuple[bytes, ...]]:
        return [values for _, _, values in self.rows]


def examine(path: Path, table: Table = THINGS, quoting: Quoting = "none", **options: Any) -> InputFile:
    options.setdefault("encoding", "utf-8")
    (file,) = find_files(table, [str(path)], Reading(quoting=quoting, **options))
    return file


def examined(path: Path, body: bytes, quoting: Quoting = "none") -> InputFile:
    path.write_bytes(HEADER + body)
    return examine(path, quoting=quoting)


def read(
    file: InputFile,
    start: int = 0,
    end: int = TO_THE_END,
    table: Table = THINGS,
    chunk_bytes: int = 1 << 20,
    **options: Any,
) -> Read:
    found = Read([], [])
    for batch in read_rows(file, table, Part(start, end, chunk_bytes, **options)):
        for i, place in enumerate(batch.place.tolist()):
            values = tuple(column.value(i) for column in batch.columns)
            found.rows.append((place, batch.raw(i), values))
        found.malformed.extend(batch.malformed)
    return found


def read_in_parts(file: InputFile, cuts: Sequence[int], chunk_bytes: int) -> Read:
    """The file read in the splits that the cuts make of it, put together again."""
    inside = sorted({min(max(cut, file.body), file.size) for cut in cuts} | {file.body, file.size})
    parts = [read(file, *part, chunk_bytes=chunk_bytes) for part in itertools.pairwise(inside)]
    return Read([row for part in parts for row in part.rows], [row for part in parts for row in part.malformed])


def expected_raw(body: bytes) -> Read:
    """What a raw file holds, by bytes.split alone."""
    expected, place = Read([], []), len(HEADER)
    for line in body.split(b"\n"):
        row = line.removesuffix(b"\r")
        fields = row.split(b"\t")
        if row and len(fields) == 3:
            expected.rows.append((place, row, (fields[2], fields[0])))
        elif row:
            expected.malformed.append((place, row))
        place += len(line) + 1
    return expected


def column_of(values: Sequence[bytes], before: bytes = b"") -> Column:
    """The values one after the other, as a column; `before` shifts them in the buffer."""
    ends = np.cumsum([len(value) for value in values], dtype=np.int64) + len(before)
    starts = ends - np.array([len(value) for value in values], np.int64)
    buffer = np.frombuffer(before + b"".join(values), np.uint8)
    return Column(buffer, starts, ends)


def read_columns(file: InputFile, table: Table) -> RowBatch:
    """The rows of a small file in one batch."""
    (batch,) = read_rows(file, table)
    return batch


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def zipped(data: bytes) -> bytes:
    """An archive of a folder with one file, and what macOS adds."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.mkdir("folder")
        file.writestr("folder/things.tsv", data)
        file.writestr("__MACOSX/._things.tsv", b"of no use")
    return archive.getvalue()


Convert = Callable[[bytes], bytes]

IN_PARTS: Mapping[str, Convert] = {
    "a.tsv.gz": gzip.compress,
    "a.tsv.bz2": bz2.compress,
    "a.tsv.xz": lzma.compress,
    "a.tsv.zst": zstd,
}
COMPRESSED: Mapping[str, Convert] = {**IN_PARTS, "a.tsv.zip": zipped}
