"""A folder for a service: of what has been compared once, each part is compared again when it is read."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import SnapshotError
from lookalike.outputs import comparedfolder
from lookalike.outputs.comparedfolder import ComparedFolder
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot

from .publishing import publish_sample
from .samples import make_sample

WRONG = "its checksum is not the manifest's"


@pytest.fixture
def plain(tmp_path: Path) -> Snapshot:
    """A snapshot whose files have many row groups."""
    return publish_sample(tmp_path / "output", make_sample({"big": 60, "b": 2, "t": 9}, floor="0.3"))


@pytest.fixture(params=[64, 1000, 1 << 16])
def compared(request: pytest.FixtureRequest, plain: Snapshot, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """The same, in blocks of so many bytes, after a service's first look at all files."""
    monkeypatch.setattr(comparedfolder, "_BLOCK", request.param)
    assert isinstance(plain.output, FolderOutput)
    snapshot = Snapshot.open(ComparedFolder(plain.output.folder))
    for entry in snapshot.manifest.files:
        snapshot.output.check_file(entry)
    return snapshot


def change(snapshot: Snapshot, entry: FileEntry, how: Callable[[bytearray], object]) -> bytes:
    """Change a file; returns its content before."""
    assert isinstance(snapshot.output, FolderOutput)
    path = snapshot.output.folder / entry.path
    whole = path.read_bytes()
    content = bytearray(whole)
    how(content)
    path.write_bytes(content)
    return whole


def flip(bit: int) -> Callable[[bytearray], object]:
    def flipped(content: bytearray) -> None:
        content[bit // 8] ^= 1 << bit % 8

    return flipped


def rows(snapshot: Snapshot, entry: FileEntry) -> list[dict[str, Any]]:
    """Of a whole file, opened again for each row group."""
    (file,) = (file for file in snapshot.stored(entry.table, entry.bucket).files if file.entry == entry)
    return [row for group in range(len(file.group_rows())) for row in file.read(group).to_pylist()]


def test_all_rows_are_those_of_the_folder(plain: Snapshot, compared: Snapshot) -> None:
    for entry in plain.manifest.files:
        assert rows(compared, entry) == rows(plain, entry)
        for column in (compared.stored(entry.table, entry.bucket).table.names[:1], None):
            stored = compared.stored(entry.table, entry.bucket).read(column)
            assert stored.equals(plain.stored(entry.table, entry.bucket).read(column))


def test_a_bit_that_flips_later_gives_no_wrong_row(plain: Snapshot, compared: Snapshot) -> None:
    rng, refused = random.Random(0), 0
    entries = [
        plain.entries(table, bucket)[0] for table, bucket in (("hashtags", None), ("pairs", 0), ("members", 1))
    ]
    for entry in entries:
        expected = rows(plain, entry)
        compared.stored(entry.table, entry.bucket)
        for bit in rng.sample(range(8 * entry.bytes), 10):
            whole = change(compared, entry, flip(bit))
            reason = refusal(compared, entry, expected)
            change(compared, entry, partial(put, whole=whole))
            assert reason is None or reason.endswith(f"{entry.path}: {WRONG}")
            refused += reason is not None
        assert rows(compared, entry) == expected
    assert refused > 10


def refusal(snapshot: Snapshot, entry: FileEntry, expected: list[dict[str, Any]]) -> str | None:
    """Why a file is not read; None if its rows are the expected ones."""
    try:
        assert rows(snapshot, entry) == expected
    except SnapshotError as error:
        return str(error)
    return None


def put(content: bytearray, *, whole: bytes) -> None:
    content[:] = whole


@pytest.mark.parametrize("how", [lambda content: content.append(0), bytearray.pop, bytearray.clear])
def test_a_file_of_another_size_is_refused(compared: Snapshot, how: Callable[[bytearray], object]) -> None:
    entry = compared.entries("hashtags", None)[0]
    compared.stored("hashtags", None)
    change(compared, entry, how)
    with pytest.raises(SnapshotError, match=f"bytes, the manifest says {entry.bytes}"):
        rows(compared, entry)


def test_a_file_that_is_lost_is_refused(compared: Snapshot) -> None:
    entry = compared.entries("hashtags", None)[0]
    compared.stored("hashtags", None)
    assert isinstance(compared.output, FolderOutput)
    (compared.output.folder / entry.path).unlink()
    with pytest.raises(SnapshotError, match="cannot be read: No such file"):
        rows(compared, entry)


def test_what_was_forgotten_is_compared_as_a_whole_again(compared: Snapshot) -> None:
    entry, other = compared.entries("hashtags", None)[0], compared.entries("rejects", None)
    expected = rows(compared, entry)
    compared.output.keep_only(other)
    assert rows(compared, entry) == expected
    compared.output.keep_only(other)
    change(compared, entry, flip(40))
    with pytest.raises(SnapshotError, match=WRONG):
        compared.output.open_file(entry)
