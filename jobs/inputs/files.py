"""Finding the input files, examining them, and planning who reads what."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from jobs.inputs.formats.format import Head
from jobs.inputs.formats.registry import FORMATS, look_at
from jobs.inputs.paths import named_files, without
from jobs.inputs.reading import ALL_AUTO, Reading
from jobs.inputs.rows import read_rows
from jobs.inputs.separators.registry import find_separator
from jobs.inputs.stores.choose import place_of, resolved
from jobs.inputs.tables import HASHTAGS, TEXT, TO_THE_END, InputFile, Part, Quoting, Split, Table
from jobs.inputs.text.quoting import common_quoting
from lookalike.errors import UsageError

_ASKED: Final = 64  # files, of very many, whose beginning tells the separator of hashtags
_SAMPLE_BYTES: Final = 1 << 15  # at a time
_ENOUGH_POSTS: Final = 200  # of a file, whose groups of rows may be small
_AT_ONCE: Final = 16  # files in stores

Found = TypeVar("Found")


def find_files(table: Table, paths: Sequence[str], reading: Reading = ALL_AUTO) -> tuple[InputFile, ...]:
    """The files that `paths` name, examined, in the order of their paths, each once.

    See named_files. Raises UsageError, naming the path, if there is nothing, if a file cannot be read or is empty,
    and if a column is missing, there twice or of an unusable type.
    """
    if not paths:
        raise UsageError(f"no path of {table.name} given")
    found: dict[str, tuple[str, str]] = {}
    for path in paths:
        for name in named_files(path):
            found.setdefault(resolved(name), (name, path))
    named = sorted(found.values())
    heads = _each(named, lambda number: _looked_at(named[number][0], table, reading))
    quoting = common_quoting(table, [head.judged for head in heads if head.judged is not None], reading.likely)
    files = _each(named, lambda number: _examined(heads[number], table, quoting))
    return with_separators(files, table, reading)


def _each(named: Sequence[tuple[str, str]], do: Callable[[int], Found]) -> list[Found]:
    """What a function gives of each file by its number, in their order; see find_files for `named`.

    Of many files in stores several are asked for at once, since an answer takes some time to come.
    """

    def done(number: int) -> Found:
        with _saying_how_to_leave_out(*named[number]):
            return do(number)

    numbers = range(len(named))
    if not any(place_of(name) for name, _ in named):
        return list(map(done, numbers))
    from concurrent.futures import ThreadPoolExecutor  # not needed for files of this machine

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            return list(pool.map(done, numbers))
        finally:
            pool.shutdown(cancel_futures=True)  # after an error


@contextlib.contextmanager
def _saying_how_to_leave_out(name: str, path: str) -> Iterator[None]:
    """Add it to a UsageError about a file that was found among others of another kind."""
    try:
        yield
    except UsageError as error:
        others = without(name, path)
        if others is None:
            raise
        raise UsageError(f"{error}; if it is no data, name the others alone: {others}") from error


def _looked_at(name: str, table: Table, reading: Reading) -> Head:
    """As look_at; a file without the columns, whose quotes say nothing of the other files, is refused at once."""
    head = look_at(name, table, reading)
    if head.judged is not None and not any(count is not None for count in head.judged.contradictions.values()):
        _examined(head, table, head.judged.best)
    return head


def _examined(head: Head, table: Table, quoting: Quoting) -> InputFile:
    """The file, with what its columns' names say of their values."""
    return completed(FORMATS[head.format].examine(head, table, quoting), table, head.reading)


def completed(file: InputFile, table: Table, reading: Reading) -> InputFile:
    """A file whose columns are known, with what their names say of their values, and where the hashtags are."""
    names = reading.columns
    filled = frozenset(column for column in table.columns if names.get(column, "").endswith("?"))
    file = dataclasses.replace(file, filled=filled)
    if HASHTAGS not in table.columns:
        return file
    asked = reading.hashtags_from
    has_column = file.has(table, HASHTAGS)
    if asked == "text" or (asked == "auto" and not has_column):
        if not file.has(table, TEXT):
            raise UsageError(f"{file.path}: no column 'text' to take hashtags from")
        unexpected = names.get(HASHTAGS, HASHTAGS) if asked == "auto" and file.paths else ""
        return dataclasses.replace(file, from_text=True, separator="bar", unexpected=unexpected)
    if not has_column:
        raise UsageError(f"{file.path}: no column 'hashtags'; see --hashtags-from")
    return file


def with_separators(files: Sequence[InputFile], table: Table, reading: Reading) -> tuple[InputFile, ...]:
    """The files, all with the same separator of hashtags but those that have lists."""
    if HASHTAGS not in table.columns:
        return tuple(files)
    unknown = [file for file in files if file.separator is None]
    chosen = reading.separator
    if chosen == "auto":
        asked = unknown[:: -(-len(unknown) // _ASKED)] if unknown else []
        chosen = find_separator(itertools.chain.from_iterable(_some_hashtags(file, table) for file in asked))
    return tuple(dataclasses.replace(file, separator=file.separator or chosen) for file in files)


def _some_hashtags(file: InputFile, table: Table) -> Iterator[bytes]:
    """The hashtags of the first posts of a file."""
    posts = 0
    if file.groups is not None:  # of which whole columns are read, and these are much
        needed = (HASHTAGS, TEXT) if file.from_text else (HASHTAGS,)
        places = zip(table.columns, file.columns, strict=True)
        file = dataclasses.replace(file, columns=tuple(place if name in needed else -1 for name, place in places))
    for batch in read_rows(file, table, Part(chunk_bytes=_SAMPLE_BYTES)):
        column = batch[HASHTAGS]
        yield from map(column.value, range(len(batch)))
        posts += len(batch)
        if posts >= _ENOUGH_POSTS:
            return


def plan_splits(files: Sequence[InputFile], split_bytes: int) -> tuple[Split, ...]:
    """Cut the files into parts of about split_bytes bytes, in the order of the files.

    Text that can be sought in is cut anywhere, Parquet between row groups; other files are one part each.
    """
    if split_bytes < 1:
        raise ValueError(f"split_bytes is {split_bytes}, not positive")
    splits = []
    for index, file in enumerate(files):
        if file.groups is not None:
            splits += [Split(index, start, end) for start, end in _group_ranges(file.groups, split_bytes)]
        elif file.can_seek:
            ranges = _byte_ranges(file, split_bytes)
            if len(ranges) == 1 and file.dialect.quoting != "none":
                ranges = [(0, TO_THE_END)]  # whoever reads it alone need not know where its quotes are
            splits += [Split(index, start, end) for start, end in ranges]
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
