"""Finding the input files, examining them, and planning who reads what."""

from __future__ import annotations

import glob
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from jobs.inputs import parquet
from jobs.inputs.quoting import HEAD_BYTES, detect_quoting, read_header
from jobs.inputs.streams import compression_of, file_status, open_bytes
from jobs.inputs.tables import TO_THE_END, InputFile, Quoting, Split, Table
from lookalike.errors import UsageError


def find_files(
    table: Table, paths: Sequence[str], *, quoting: Literal["auto", "none", "rfc4180"]
) -> tuple[InputFile, ...]:
    """The files that `paths` name, examined, in the order of their paths, each once.

    A path is a file, a folder (the files in it, not in folders below it) or a glob; files whose name begins
    with "." or "_" are passed over, as Spark does. Raises UsageError, naming the path, if there is nothing,
    if a file cannot be read or is empty, and if a column is missing, there twice or of an unusable type.
    """
    if not paths:
        raise UsageError(f"no path of {table.name} given")
    found: dict[Path, str] = {}
    for path in paths:
        for name in _expand(path):
            found.setdefault(Path(name).resolve(), name)
    return tuple(_examine(table, name, quoting) for name in sorted(found.values()))


def _expand(path: str) -> list[str]:
    """The files that one path names."""
    place = Path(path)
    try:
        if place.is_file():
            return [path]
        if place.is_dir():
            files = [str(child) for child in place.iterdir() if _visible(child) and child.is_file()]
        else:
            matches = glob.glob(path)  # noqa: PTH207  # Path.glob takes no absolute pattern
            files = [match for match in matches if _visible(Path(match)) and Path(match).is_file()]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if not files:
        kind = "no files in this folder" if place.is_dir() else "no such file, folder or match"
        raise UsageError(f"{path}: {kind}")
    return files


def _visible(path: Path) -> bool:
    return not path.name.startswith((".", "_"))


def _examine(table: Table, path: str, quoting: Literal["auto", "none", "rfc4180"]) -> InputFile:
    size, modified_ns = file_status(path)
    place = str(Path(path).absolute())  # a cluster's tasks run in folders of their own
    compression = compression_of(path)
    with open_bytes(path, compression) as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith(parquet.MAGIC) and compression is None:
        columns, fields, groups = parquet.examine(path, table)
        return InputFile(place, size, modified_ns, "parquet", None, "none", columns, fields, 0, groups)
    complete = len(head) < HEAD_BYTES
    chosen: Quoting = detect_quoting(head, table.columns, complete=complete) if quoting == "auto" else quoting
    names, body = read_header(head, chosen)
    if not names:
        raise UsageError(f"{path}: empty, not even a header with the columns {', '.join(table.columns)}")
    columns = parquet.positions(path, table, names)
    return InputFile(place, size, modified_ns, "tsv", compression, chosen, columns, len(names), body)


def plan_splits(files: Sequence[InputFile], split_bytes: int) -> tuple[Split, ...]:
    """Cut the files into parts of about split_bytes bytes, in the order of the files.

    Raw uncompressed files are cut anywhere, Parquet between row groups; others are one part each.
    """
    if split_bytes < 1:
        raise ValueError(f"split_bytes is {split_bytes}, not positive")
    splits = []
    for index, file in enumerate(files):
        if file.format == "parquet":
            splits += [Split(index, start, end) for start, end in _group_ranges(file.groups, split_bytes)]
        elif file.compression is None and file.quoting == "none":
            splits += [Split(index, start, end) for start, end in _byte_ranges(file, split_bytes)]
        else:
            splits.append(Split(index, 0, TO_THE_END))
    return tuple(splits)


def _byte_ranges(file: InputFile, split_bytes: int) -> list[tuple[int, int]]:
    """Equal ranges from the body to the end of the file; none for a file of a header alone."""
    body = file.size - file.body
    parts = -(-body // split_bytes)
    cuts = [file.body + body * part // parts for part in range(parts)] + [file.size]
    return list(itertools.pairwise(cuts))


def _group_ranges(groups: tuple[int, ...], split_bytes: int) -> list[tuple[int, int]]:
    """Runs of row groups that reach split_bytes together."""
    ranges, start, held = [], 0, 0
    for group, size in enumerate(groups):
        held += size
        if held >= split_bytes or group == len(groups) - 1:
            ranges.append((start, group + 1))
            start, held = group + 1, 0
    return ranges
