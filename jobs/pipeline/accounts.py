"""The accounts, which the driver reads while Java starts, or tasks where there are many."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final

from jobs.exchange.worker import ACCOUNTS_FILE
from jobs.exchange.workfolder import WorkFolder
from jobs.exchange.workplace import WorkPlace
from jobs.inputs.accounts import read as readaccounts
from jobs.inputs.accounts.rows import RowReader
from jobs.inputs.rejects import RejectLog
from jobs.inputs.tables import ACCOUNTS, InputFile
from jobs.inputs.text.evidence import check_evidence, read_as_rows_say
from jobs.options.config import JobConfig
from jobs.pipeline.accounttasks import MadeAccounts, make_by_tasks
from jobs.pipeline.howread import how_read
from jobs.pipeline.inputs import find_table
from jobs.pipeline.plausible import about_accounts, about_files
from jobs.spark.runner import SparkRunner
from jobs.stages.accounts.overtime import write_names
from jobs.strategy.full import FullStrategy
from jobs.strategy.shared import text_bytes
from jobs.strategy.strategy import FallBack, StartStages, Strategy
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.publisher import Publication

# Bytes of text that the driver reads itself: of so few it has read most by the time that Java has started.
_FEW: Final = 128 << 20


@dataclasses.dataclass(frozen=True)
class ReadAccounts:
    """What was read, and the strategy that is prepared for it.

    inputs: the files that they were read from. names: how many the table names has. how_read: in words.
    examples: rejected rows by reason. files: data files with all rejected rows and all names. warnings: of what is
    plausible, but odd.
    """

    inputs: tuple[InputFile, ...]
    counts: readaccounts.AccountCounts
    names: int
    how_read: str
    examples: dict[str, list[str]]
    files: list[FileEntry]
    warnings: tuple[str, ...]
    strategy: Strategy
    start_stages: StartStages


def are_few(files: Sequence[InputFile]) -> bool:
    """Whether the driver reads the accounts itself."""
    return text_bytes(files) <= _FEW


def read_accounts(
    files: tuple[InputFile, ...], config: JobConfig, publication: Publication, strategy: Strategy
) -> ReadAccounts:
    """Read the accounts in this process, write their table for the tasks, and prepare the strategy or fall back."""
    work = WorkFolder(publication.work)
    return _prepared(files, config, publication, strategy, work, lambda files: _make(files, config, publication))


def read_by_tasks(
    files: tuple[InputFile, ...],
    config: JobConfig,
    publication: Publication,
    strategy: Strategy,
    work: WorkPlace,
    spark: SparkRunner,
) -> ReadAccounts:
    """The same, of any number of accounts."""

    def make(files: tuple[InputFile, ...]) -> MadeAccounts:
        return make_by_tasks(files, config, publication, work, spark)

    return _prepared(files, config, publication, strategy, work, make)


def _prepared(
    files: tuple[InputFile, ...],
    config: JobConfig,
    publication: Publication,
    strategy: Strategy,
    work: WorkPlace,
    make: Callable[[tuple[InputFile, ...]], MadeAccounts],
) -> ReadAccounts:
    """Make the table of accounts, and what of the strategy depends on it. Falls back to a full run."""
    files, made = read_as_rows_say(
        lambda files: (files, make(files)), files, lambda quoting: find_table(config, ACCOUNTS, quoting)
    )
    read = made.read
    warnings = (*about_files(files, config), *about_accounts(read))
    try:
        start_stages = strategy.prepare(read.table, files, publication, work)
    except FallBack as reason:
        full = FullStrategy.of(strategy.posts, str(reason))
        strategy, start_stages = full, full.start
    return ReadAccounts(
        inputs=files,
        counts=read.counts,
        names=read.names,
        how_read=how_read(
            ACCOUNTS, files, read.quotes, config, {column: odd.example for column, odd in read.odd_dates.items()}
        ),
        examples=made.examples,
        files=made.files,
        warnings=warnings,
        strategy=strategy,
        start_stages=start_stages,
    )


def _make(files: tuple[InputFile, ...], config: JobConfig, publication: Publication) -> MadeAccounts:
    reader = RowReader(files, config.strip_suffix, config.max_name_length)
    with RejectLog(publication.output, publication.data_path("rejects")) as log:
        read, names = readaccounts.read_accounts(reader, fold=config.fold, rejects=log, all_names=config.all_names)
        if config.quoting == "auto":
            check_evidence(ACCOUNTS, files, read.quotes)
        rejected = log.finish()
    read.table.write(str(publication.work / ACCOUNTS_FILE))
    named = write_names(names, publication.output, publication.id, config.buckets)
    return MadeAccounts(read, rejected.examples, [*rejected.files, *named])
