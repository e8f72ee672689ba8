"""The accounts, which the driver reads while Java starts."""

from __future__ import annotations

import dataclasses
import itertools

import pyarrow as pa

from jobs.exchange.times import as_times
from jobs.exchange.worker import ACCOUNTS_FILE
from jobs.inputs.accounts import read as readaccounts
from jobs.inputs.accounts.read import AccountsRead, NamesOverTime
from jobs.inputs.rejects import RejectLog
from jobs.inputs.tables import ACCOUNTS, InputFile
from jobs.inputs.text.evidence import check_evidence, read_as_rows_say
from jobs.options.config import JobConfig
from jobs.pipeline.howread import how_read
from jobs.pipeline.inputs import find_table
from jobs.pipeline.plausible import about_accounts, about_files
from jobs.strategy.full import FullStrategy
from jobs.strategy.strategy import FallBack, StartStages, Strategy
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.manybuckets import order_by_bucket
from lookalike.snapshots.publisher import Publication
from lookalike.tables import NAMES


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


def read_accounts(
    files: tuple[InputFile, ...], config: JobConfig, publication: Publication, strategy: Strategy
) -> ReadAccounts:
    """Read the accounts, write their table for the tasks, and prepare the strategy or fall back to a full run."""
    files, read, log = read_as_rows_say(
        lambda files: (files, *_read(files, config, publication)),
        files,
        lambda quoting: find_table(config, ACCOUNTS, quoting),
    )
    data_files = [*log.files, *_write_names(read.names, publication, config.buckets)]
    warnings = (*about_files(files, config), *about_accounts(read))
    read.table.write(str(publication.work / ACCOUNTS_FILE))
    try:
        start_stages = strategy.prepare(read.table, files, publication)
    except FallBack as reason:
        full = FullStrategy.of(strategy.posts, str(reason))
        strategy, start_stages = full, full.start
    return ReadAccounts(
        inputs=files,
        counts=read.counts,
        names=len(read.names.ids),
        how_read=how_read(
            ACCOUNTS, files, read.quotes, config, {column: odd.example for column, odd in read.odd_dates.items()}
        ),
        examples=log.examples,
        files=data_files,
        warnings=warnings,
        strategy=strategy,
        start_stages=start_stages,
    )


@dataclasses.dataclass(frozen=True)
class _Rejected:
    """Rows that cannot be used: examples by reason, and the data file that has all of them, if there are any."""

    examples: dict[str, list[str]]
    files: list[FileEntry]


def _read(
    files: tuple[InputFile, ...], config: JobConfig, publication: Publication
) -> tuple[AccountsRead, _Rejected]:
    with RejectLog(publication.output, publication.data_path("rejects")) as log:
        read = readaccounts.read_accounts(
            files,
            fold=config.fold,
            rejects=log,
            endings=config.strip_suffix,
            all_names=config.all_names,
            longest=config.max_name_length,
        )
        if config.quoting == "auto":
            check_evidence(ACCOUNTS, files, read.quotes)
        entry = log.close()
        examples = {reason.value: rows for reason, rows in log.examples.items()}
        return read, _Rejected(examples, [] if entry is None else [entry])


def _write_names(names: NamesOverTime, publication: Publication, buckets: int) -> list[FileEntry]:
    """The table names, a file each bucket that has some."""
    rows = NAMES.batch(
        account_id=names.ids.cast(pa.string()),
        screen_name=names.screen_names.cast(pa.string()),
        first_seen=as_times(names.first),
        last_seen=as_times(names.last),
        rows=names.rows,
    )
    order, edges = order_by_bucket(names.ids, buckets)
    parts = zip(range(buckets), itertools.pairwise(edges.tolist()), strict=True)
    return [
        write_table(publication.output, publication.data_path("names", bucket=bucket), [rows.take(order[start:end])])
        for bucket, (start, end) in parts
        if end > start
    ]
