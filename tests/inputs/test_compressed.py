"""Compressed files: every member is read, and damage is a clear error."""

import functools
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import UsageError

from .reading import COMPRESSED, HEADER, IN_PARTS, Convert, examine, read, zipped, zstd


@pytest.mark.parametrize(("name", "compress"), IN_PARTS.items())
def test_every_member_of_a_compressed_file_is_read(tmp_path: Path, compress: Convert, name: str) -> None:
    parts = [HEADER, *(b"v\to\t%d\n" % i for i in range(50)), b"", b"v\to\tlast"]
    path = tmp_path / name
    path.write_bytes(b"".join(map(compress, parts)))
    found = read(examine(path))
    assert [row[0] for row in found.values] == [*(b"%d" % i for i in range(50)), b"last"]


@pytest.mark.parametrize(("name", "compress"), COMPRESSED.items())
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
@pytest.mark.parametrize(("name", "compress"), [pair for pair in COMPRESSED.items() if pair[1] is not zstd])
def test_a_damaged_compressed_file_is_a_clear_error(
    tmp_path: Path, compress: Convert, name: str, damage: Convert
) -> None:
    path = tmp_path / name
    path.write_bytes(damage(_compressed(compress)))
    with pytest.raises(UsageError, match=rf"{name}: cannot be read: ") as caught:
        read(examine(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "compress"), COMPRESSED.items())
def test_a_compressed_file_that_is_cut_anywhere_is_a_clear_error(
    tmp_path: Path, name: str, compress: Convert
) -> None:
    numbers = np.random.default_rng(7).integers(0, 10**9, 300)
    parts = [HEADER, b"".join(b"v\to\t%d\n" % number for number in numbers)]
    content = b"".join(map(compress, parts)) if name in IN_PARTS else compress(b"".join(parts))
    first = len(compress(HEADER)) if name in IN_PARTS else 0
    path = tmp_path / name
    for end in (*range(6, len(content), 41), *range(len(content) - 30, len(content))):
        if end != first:
            path.write_bytes(content[:end])
            with pytest.raises(UsageError, match=rf"{name}: cannot be read: ") as caught:
                read(examine(path))
            assert "\n" not in str(caught.value)


def test_a_zstd_file_that_begins_with_a_frame_to_pass_over_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"\x5d\x2a\x4d\x18\x04\0\0\0note" + zstd(HEADER + b"v\to\ti\n"))
    assert read(examine(path)).values == [(b"i", b"v")]


def _entry(data: bytes) -> int:
    """Where the directory of an archive describes its file, after its folder."""
    return data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)


def _with(data: bytes, place: int, value: int) -> bytes:
    return data[:place] + bytes([value]) + data[place + 1 :]


def _with_more_bytes(data: bytes) -> bytes:
    """Of an archive whose directory says of its file that it is longer than the archive."""
    return _with(_with(data, _entry(data) + 21, 0xFF), _entry(data) + 25, 0xFF)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: _with(data, _entry(data) + 6, 148), "zip file version 14.8"),
        (lambda data: _with(data, _entry(data) + 10, 99), "That compression method is not supported"),
        (lambda data: _with(data, data.index(b"things.tsv") + len("things.tsv"), 0xFF), "Error -3 while"),
        (lambda data: _with_more_bytes(_with(data, _entry(data) + 10, 0)), "it ends too early"),
    ],
)
def test_a_damaged_zip_archive_is_a_clear_error(tmp_path: Path, damage: Convert, reason: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(damage(zipped(HEADER + b"v\to\ti\n")))
    with pytest.raises(UsageError, match=rf"a\.zip: cannot be read: {reason}"):
        examine(path)
