"""Compressed files: every member is read, and damage is a clear error."""

import bz2
import functools
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lookalike.errors import UsageError

from .reading import HEADER, examine, read

Convert = Callable[[bytes], bytes]


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def zipped(data: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("things.tsv", data)
        file.writestr("__MACOSX/._things.tsv", b"of no use")
    return archive.getvalue()


IN_PARTS = [
    (gzip.compress, "a.tsv.gz"),
    (bz2.compress, "a.tsv.bz2"),
    (lzma.compress, "a.tsv.xz"),
    (zstd, "a.tsv.zst"),
]
COMPRESSED = [*IN_PARTS, (zipped, "a.tsv.zip")]


@pytest.mark.parametrize(("compress", "name"), IN_PARTS)
def test_every_member_of_a_compressed_file_is_read(tmp_path: Path, compress: Convert, name: str) -> None:
    parts = [HEADER, *(b"v\to\t%d\n" % i for i in range(50)), b"", b"v\to\tlast"]
    path = tmp_path / name
    path.write_bytes(b"".join(map(compress, parts)))
    found = read(examine(path))
    assert [row[0] for row in found.values] == [*(b"%d" % i for i in range(50)), b"last"]


@pytest.mark.parametrize(("compress", "name"), COMPRESSED)
def test_a_compressed_file_is_read_like_any_other(tmp_path: Path, compress: Convert, name: str) -> None:
    body = b"".join(b"v%d\to\ti%d\n" % (i, i) for i in range(50_000))
    (tmp_path / "plain").write_bytes(HEADER + body)
    (tmp_path / name).write_bytes(compress(HEADER + body))
    assert read(examine(tmp_path / name)) == read(examine(tmp_path / "plain"))


@functools.cache
def _compressed(compress: Convert) -> bytes:
    """Rows that no program can make much smaller."""
    numbers = np.random.default_rng(7).integers(0, 10**9, 120_000)
    return compress(HEADER + b"".join(b"v\to\t%d\n" % number for number in numbers))


def _spoilt(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 0xFF]) + data[len(data) // 2 + 1 :]


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda data: data[:-1], _spoilt])
@pytest.mark.parametrize(("compress", "name"), [pair for pair in COMPRESSED if pair[0] is not zstd])
def test_a_damaged_compressed_file_is_a_clear_error(
    tmp_path: Path, compress: Convert, name: str, damage: Convert
) -> None:
    path = tmp_path / name
    path.write_bytes(damage(_compressed(compress)))
    with pytest.raises(UsageError, match=rf"{name}: cannot be read: ") as caught:
        read(examine(path))
    assert "\n" not in str(caught.value)


def test_a_cut_zstd_file_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.zst"
    path.write_bytes(_compressed(zstd)[:-100])
    with pytest.raises(UsageError, match=r"a\.tsv\.zst: cannot be read: Truncated"):
        read(examine(path))
