"""The accounts, which the driver reads while Java starts."""

from __future__ import annotations

import dataclasses

from jobs.inputs import readaccounts
from jobs.inputs.rejects import RejectLog
from jobs.inputs.tables import InputFile
from jobs.options.config import JobConfig
from jobs.strategy.full import FullStrategy
from jobs.strategy.strategy import FallBack, StartStages, Strategy
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.publisher import Publication


@dataclasses.dataclass(frozen=True)
class ReadAccounts:
    """What was read, and the strategy that is prepared for it.

    table: path of the file that the tasks map. examples: rejected rows by reason. rejects: where they all are.
    """

    table: str
    counts: readaccounts.AccountCounts
    examples: dict[str, list[str]]
    rejects: FileEntry | None
    strategy: Strategy
    start_stages: StartStages


def read_accounts(
    files: tuple[InputFile, ...], config: JobConfig, publication: Publication, strategy: Strategy
) -> ReadAccounts:
    """Read the accounts, write their table for the tasks, and prepare the strategy or fall back to a full run."""
    with RejectLog(publication.output, publication.data_path("rejects")) as log:
        read = readaccounts.read_accounts(files, fold=config.fold, rejects=log)
        path = str(publication.work / "accounts.arrow")
        read.table.write(path)
        examples = {reason.value: rows for reason, rows in log.examples.items()}
        rejects = log.close()
    try:
        start_stages = strategy.prepare(read.table, files, publication)
    except FallBack as reason:
        full = FullStrategy.of(strategy.posts, str(reason))
        strategy, start_stages = full, full.start
    return ReadAccounts(path, read.counts, examples, rejects, strategy, start_stages)
