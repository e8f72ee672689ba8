"""How input files would be read: what --inspect prints, without Spark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from jobs.inputs.files import find_files
from jobs.inputs.formats.registry import words_of
from jobs.inputs.presets.registry import PRESETS
from jobs.inputs.rows import read_rows
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.tables import ACCOUNTS, POSTS, TO_THE_END, InputFile, RowBatch, Table
from jobs.options.config import JobConfig
from jobs.pipeline.inputs import reading_of
from jobs.pipeline.plausible import about_files
from jobs.reporting.terminal import printable, table
from lookalike.errors import UsageError

_ROWS = 3
_WIDEST = 28  # columns of a value


def inspection_lines(config: JobConfig, paths: Sequence[str]) -> Iterator[str]:
    """What each file is taken for, its first rows as they are understood, and warnings. Raises UsageError."""
    for path in paths:
        known = [(kind, file) for kind in (POSTS, ACCOUNTS) for file in _examined(config, kind, path)]
        if not known:
            find_files(POSTS, [path], reading_of(config, POSTS))  # says what is missing
        for kind, file in known:
            yield from _described(kind, file)
            yield from (f"  warning: {printable(warning)}" for warning in about_files([file], config))
            yield ""


def _examined(config: JobConfig, kind: Table, path: str) -> Sequence[InputFile]:
    try:
        return find_files(kind, [path], reading_of(config, kind))
    except UsageError:
        return []


def _described(kind: Table, file: InputFile) -> Iterator[str]:
    yield f"{printable(file.path)}: can be read as {kind.name}"
    yield f"  format   {words_of(file)}"
    if file.preset is not None:
        yield f"  preset   {file.preset}: {PRESETS[file.preset].title}"
    missing = [name for name in kind.columns if not file.has(kind, name)]
    if missing:
        yield f"  missing  {', '.join(missing)}"
    if file.separator is not None and kind is POSTS:
        byte = chr(SEPARATORS[file.separator].byte)
        where = "the text" if file.from_text else f"their column, separated as {file.separator} ({byte!r})"
        yield f"  hashtags from {where}"
    batch = next(_first_rows(kind, file), None)
    if batch is not None and len(batch):
        rows = [
            [batch[name].value(i).decode("utf-8", "backslashreplace") for name in kind.columns]
            for i in range(_ROWS)
            if i < len(batch)
        ]
        yield from (f"  {line}" for line in table(rows, kind.columns, widest=_WIDEST))


def _first_rows(kind: Table, file: InputFile) -> Iterator[RowBatch]:
    return itertools.islice(read_rows(file, 0, TO_THE_END, kind, chunk_bytes=1 << 16), 1)
