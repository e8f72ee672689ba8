"""What a run reads, found and examined before Spark starts."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping

from jobs.exchange.workplace import WorkPlace
from jobs.inputs.copies import Recorded
from jobs.inputs.files import find_files
from jobs.inputs.presets.registry import PRESETS
from jobs.inputs.reading import NO_COLUMN, Reading
from jobs.inputs.tables import ACCOUNTS, POSTS, InputFile, Quoting, Table
from jobs.inputs.text.evidence import quoting_of
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from lookalike.errors import UsageError
from lookalike.inputurls import TABLE
from lookalike.snapshots.manifest import InputRecord, Manifest

_TABLES = (POSTS, ACCOUNTS)


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The files of posts and of accounts, and the hashtags to ignore."""

    posts: tuple[InputFile, ...]
    accounts: tuple[InputFile, ...]
    ignored: IgnoreList

    @classmethod
    def find(cls, config: JobConfig) -> Inputs:
        """Find what the options name. Raises UsageError if something is missing or cannot be read.

        A table that Spark reads has no files yet, see with_rows_of_spark.
        """
        posts, accounts = (() if needs_spark(config, table) else find_table(config, table) for table in _TABLES)
        return cls(posts=posts, accounts=accounts, ignored=IgnoreList.read(config.ignore_hashtags))

    def with_rows_of_spark(self, config: JobConfig, work: WorkPlace, known: Iterable[InputRecord]) -> Inputs:
        """With the rows that Spark reads, copied to the work place. Raises UsageError.

        known: posts that need not be copied if they are still the same.
        """
        posts, accounts = self.posts, self.accounts
        if needs_spark(config, POSTS):
            posts = copied_posts(config, work, known)
        if needs_spark(config, ACCOUNTS):
            accounts = _copied(config, ACCOUNTS, work, {})
        return dataclasses.replace(self, posts=posts, accounts=accounts)

    def of(self, table: Table) -> tuple[InputFile, ...]:
        """The files of a table."""
        return self.posts if table is POSTS else self.accounts

    def as_in(self, config: JobConfig, live: Manifest | None) -> Inputs:
        """As they are read if what rows told the run of the live snapshot counts where the heads leave it open."""
        if live is None or config.quoting != "auto":
            return self
        posts, accounts = (self._as_in(config, live, table) for table in _TABLES)
        return dataclasses.replace(self, posts=posts, accounts=accounts)

    def _as_in(self, config: JobConfig, live: Manifest, table: Table) -> tuple[InputFile, ...]:
        files = self.of(table)
        if needs_spark(config, table):
            return files
        before = [record.quoting for record in live.inputs if record.table == table.name]
        likely: Quoting = next((quoting for quoting in before if quoting != "none"), "none")
        return files if likely in ("none", quoting_of(files)) else find_table(config, table, likely=likely)


def find_table(
    config: JobConfig, table: Table, quoting: Quoting | None = None, *, likely: Quoting = "none"
) -> tuple[InputFile, ...]:
    """The files of a table. quoting: instead of what the options say. likely: see Reading. Raises UsageError."""
    paths, _ = _given(config, table)
    reading = reading_of(config, table, quoting)
    return find_files(table, paths, dataclasses.replace(reading, likely=likely))


def _given(config: JobConfig, table: Table) -> tuple[tuple[str, ...], str]:
    """The paths that hold a table, and their format."""
    if table is POSTS or config.accounts is None:
        return config.posts, config.posts_format
    return config.accounts, config.accounts_format


def needs_spark(config: JobConfig, table: Table) -> bool:
    """Whether only Spark can read a table: it is one of its catalogue, or of a format that the options name."""
    paths, kind = _given(config, table)
    return kind != "auto" or any(path.startswith(TABLE) for path in paths)


def copied_posts(config: JobConfig, work: WorkPlace, known: Iterable[InputRecord] = ()) -> tuple[InputFile, ...]:
    """The posts that Spark reads. known: those that need not be copied if they are still the same."""
    recorded = {
        record.path: Recorded(record.version, record.bytes, record.separator) for record in known if record.version
    }
    return _copied(config, POSTS, work, recorded)


def _copied(
    config: JobConfig, table: Table, work: WorkPlace, recorded: Mapping[str, Recorded]
) -> tuple[InputFile, ...]:
    """The rows of a table that Spark reads. recorded: see read_with_spark."""
    from jobs.spark.tables import read_with_spark  # loads slowly, and most runs read files

    paths, kind = _given(config, table)
    reading = reading_of(config, table)
    partition = config.partition_column if table is POSTS else None
    return tuple(
        itertools.chain.from_iterable(
            read_with_spark(path, kind, table, reading, work, partition=partition, recorded=recorded)
            for path in sorted(set(paths))
        )
    )


def reading_of(config: JobConfig, table: Table, quoting: Quoting | None = None) -> Reading:
    """How the options say that the files of a table are read. quoting: instead of theirs."""
    if config.preset not in ("auto", "none", *PRESETS):
        raise UsageError(f"--preset: there is no preset {config.preset!r}; the presets are {', '.join(PRESETS)}")
    columns = _columns(config, table)
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
        usual=_of_posts(config) if table is ACCOUNTS and config.accounts_from == "posts" else {},
    )


def _columns(config: JobConfig, table: Table) -> dict[str, str]:
    """The names that the options give to columns of a table."""
    columns = {}
    for column, name in config.columns:
        of, _, rest = column.rpartition(".")
        if not any(rest in one.columns for one in _TABLES if of in ("", one.name)):
            known = ", ".join(f"{one.name}.{each}" for one in _TABLES for each in one.columns)
            raise UsageError(f"--columns: there is no column {column!r}; the columns are {known}")
        if of == table.name or (of == "" and rest in table.columns and not _means_posts(config, table, rest)):
            columns[rest] = name
    return columns


def _means_posts(config: JobConfig, table: Table, column: str) -> bool:
    """Whether a column without its table's name is that of the posts alone, where these have the accounts, too."""
    return config.accounts_from == "posts" and table is ACCOUNTS and column in POSTS.columns


def _of_posts(config: JobConfig) -> dict[str, str]:
    """Where the columns of the accounts are in the posts. Their date says when a name was seen."""
    names = _columns(config, POSTS)
    return {
        "id": names.get("author_id", "author_id"),
        "seen_at": names.get("created_at", "created_at"),
        "created_at": NO_COLUMN,
    }
