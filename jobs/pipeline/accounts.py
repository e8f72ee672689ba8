"""The accounts, which the driver reads while Java starts."""

from __future__ import annotations

import dataclasses

from jobs.inputs.accounts import read as readaccounts
from jobs.inputs.files import find_files
from jobs.inputs.rejects import RejectLog
from jobs.inputs.tables import ACCOUNTS, InputFile, Quoting
from jobs.inputs.text.quoting import MisreadError, check_evidence
from jobs.options.config import JobConfig
from jobs.pipeline.inputs import reading_of
from jobs.pipeline.plausible import about_accounts, about_files
from jobs.strategy.full import FullStrategy
from jobs.strategy.strategy import FallBack, StartStages, Strategy
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.publisher import Publication


@dataclasses.dataclass(frozen=True)
class ReadAccounts:
    """What was read, and the strategy that is prepared for it.

    files: they were read from. table: path of the file that the tasks map. examples: rejected rows by reason. rejects: where they all are. warnings: of what is
    plausible, but odd.
    """

    files: tuple[InputFile, ...]
    table: str
    counts: readaccounts.AccountCounts
    examples: dict[str, list[str]]
    rejects: FileEntry | None
    warnings: tuple[str, ...]
    strategy: Strategy
    start_stages: StartStages


def read_accounts(
    files: tuple[InputFile, ...], config: JobConfig, publication: Publication, strategy: Strategy
) -> ReadAccounts:
    """Read the accounts, write their table for the tasks, and prepare the strategy or fall back to a full run."""
    read = None
    tried: set[Quoting] = set()
    while read is None:  # in each way once
        tried |= {file.dialect.quoting for file in files}
        try:
            read, examples, rejects = _read(files, config, publication)
        except MisreadError as found:
            if found.quoting in tried:
                raise
            files = find_files(ACCOUNTS, config.accounts, reading_of(config, ACCOUNTS, found.quoting))
    warnings = (*about_files(files, config), *about_accounts(read.table, read.counts))
    path = str(publication.work / "accounts.arrow")
    read.table.write(path)
    try:
        start_stages = strategy.prepare(read.table, files, publication)
    except FallBack as reason:
        full = FullStrategy.of(strategy.posts, str(reason))
        strategy, start_stages = full, full.start
    return ReadAccounts(files, path, read.counts, examples, rejects, warnings, strategy, start_stages)


def _read(
    files: tuple[InputFile, ...], config: JobConfig, publication: Publication
) -> tuple[readaccounts.AccountsRead, dict[str, list[str]], FileEntry | None]:
    """The accounts, and of the rows that cannot be used examples by reason and where they all are."""
    with RejectLog(publication.output, publication.data_path("rejects")) as log:
        read = readaccounts.read_accounts(files, fold=config.fold, rejects=log, endings=config.strip_suffix)
        if config.quoting == "auto":
            check_evidence(ACCOUNTS, files, read.quotes)
        return read, {reason.value: rows for reason, rows in log.examples.items()}, log.close()
