"""How the files of a table were read and why, in words for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from jobs.inputs.formats.registry import words_of
from jobs.inputs.separators.bar import SEPARATOR as BAR
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.tables import POSTS, InputFile, Table
from jobs.inputs.text.evidence import Evidence
from jobs.options.config import JobConfig
from jobs.reporting.terminal import count_of

_SHOWN = 3  # kinds of files
_TOLD = ("created_at", "is_repost")  # columns whose absence makes a difference


def how_read(
    table: Table, files: Sequence[InputFile], quotes: Evidence, config: JobConfig, odd: Mapping[str, str | None]
) -> str:
    """What the files were taken for, and what told it.

    quotes: what the quotes in the rows that were read tell. odd: of columns a value that cannot be read.
    """
    kinds = Counter(_kind(table, file) for file in files).most_common()
    parts = [f"{count_of(count, 'file')} {kind}" for kind, count in kinds[:_SHOWN]]
    if len(kinds) > _SHOWN:
        parts.append(count_of(sum(count for _, count in kinds[_SHOWN:]), "other"))
    unread = [f"{column} cannot be read where it is {value!r}" for column, value in odd.items() if value is not None]
    return "; ".join([*parts, *_of_quotes(quotes, config), *unread])


def _kind(table: Table, file: InputFile) -> str:
    words = [words_of(file)]
    if file.preset is not None:
        words.append(f"columns of {file.preset}")
    if file.from_text:
        words.append("hashtags out of the text")
    elif table is POSTS and file.separator not in (None, BAR.name):
        words.append(f"hashtags {SEPARATORS[file.separator].words}")
    missing = [column for column in _TOLD if column in table.columns and not file.has(table, column)]
    if missing:
        words.append(f"without {' and '.join(missing)}")
    return ", ".join(words)


def _of_quotes(quotes: Evidence, config: JobConfig) -> Iterator[str]:
    if config.quoting != "auto":
        yield f"--quoting is {config.quoting}"
    elif quotes.quoted:
        yield f"values in quotes: {quotes.quoted:,}"
    elif quotes.literal:
        yield f"values with quotes of their own: {quotes.literal:,}"
