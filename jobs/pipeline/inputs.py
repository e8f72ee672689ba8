"""What a run reads, found and examined before Spark starts."""

from __future__ import annotations

import dataclasses

from jobs.inputs.files import find_files
from jobs.inputs.reading import Reading
from jobs.inputs.tables import ACCOUNTS, POSTS, InputFile, Quoting, Table
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from lookalike.errors import UsageError

_TABLES = (POSTS, ACCOUNTS)


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The files of posts and of accounts, and the hashtags to ignore."""

    posts: tuple[InputFile, ...]
    accounts: tuple[InputFile, ...]
    ignored: IgnoreList

    @classmethod
    def find(cls, config: JobConfig) -> Inputs:
        """Find what the options name. Raises UsageError if something is missing or cannot be read."""
        return cls(
            posts=find_files(POSTS, config.posts, reading_of(config, POSTS)),
            accounts=find_files(ACCOUNTS, config.accounts, reading_of(config, ACCOUNTS)),
            ignored=IgnoreList.read(config.ignore_hashtags),
        )


def reading_of(config: JobConfig, table: Table, quoting: Quoting | None = None) -> Reading:
    """How the options say that the files of a table are read. quoting: instead of theirs."""
    columns = {}
    for column, name in config.columns:
        of, _, rest = column.rpartition(".")
        if not any(rest in one.columns for one in _TABLES if of in ("", one.name)):
            known = ", ".join(f"{one.name}.{each}" for one in _TABLES for each in one.columns)
            raise UsageError(f"--columns: there is no column {column!r}; the columns are {known}")
        if of in ("", table.name) and rest in table.columns:
            columns[rest] = name
    return Reading(
        quoting=quoting or config.quoting,
        encoding=config.encoding,
        delimiter=config.delimiter,
        separator=config.hashtag_separator,
        skip_lines=config.skip_lines,
        day_first=config.day_first,
        preset=config.preset,
        hashtags_from=config.hashtags_from,
        columns=columns,
        insisted=frozenset(columns),
    )
