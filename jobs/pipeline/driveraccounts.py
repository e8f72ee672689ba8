"""The accounts as the driver reads them while Java starts, and how they differ from those of the base."""

from __future__ import annotations

import dataclasses

from jobs.incremental.accounts import compare_accounts, same_accounts
from jobs.incremental.adopted import AdoptedPosts
from jobs.incremental.base import Base
from jobs.incremental.decide import Decision, NotIncremental
from jobs.inputs.accounts import AccountTable
from jobs.inputs.readaccounts import AccountCounts, read_accounts
from jobs.inputs.rejects import RejectLog
from jobs.inputs.tables import InputFile
from jobs.options.config import JobConfig
from jobs.pipeline.summary import inputs
from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.publisher import Publication


@dataclasses.dataclass(frozen=True)
class ReadAccounts:
    """table: the file that the tasks map. examples: rejected rows by reason; rejects: where they all are.

    decision: how the run goes on; if incrementally, base: what it builds on, adopted: posts that this could not use.
    """

    table: str
    counts: AccountCounts
    examples: dict[str, list[str]]
    rejects: FileEntry | None
    decision: Decision
    base: Base | None = None
    adopted: AdoptedPosts | None = None


def read_all(
    files: tuple[InputFile, ...], config: JobConfig, publication: Publication, decision: Decision
) -> ReadAccounts:
    """Read the accounts, write their table to the work folder, and look whether the decision still holds."""
    with RejectLog(publication.output, publication.data_path("rejects")) as log:
        read = read_accounts(files, fold=config.fold, rejects=log)
        path = str(publication.work / "accounts.arrow")
        read.table.write(path)
        examples = {reason.value: rows for reason, rows in log.examples.items()}
        result = ReadAccounts(path, read.counts, examples, log.close(), decision)
    if decision.base is None:
        return result
    try:
        base, adopted = _compare(decision.base, files, read.table, publication)
    except NotIncremental as reason:
        return dataclasses.replace(result, decision=decision.full(str(reason)))
    return dataclasses.replace(result, base=base, adopted=adopted)


def _compare(
    live: Manifest, files: tuple[InputFile, ...], table: AccountTable, publication: Publication
) -> tuple[Base, AdoptedPosts]:
    base = Base(publication.output, live.id)
    before = [record for record in live.inputs if record.table == "accounts"]
    is_same = list(inputs("accounts", files)) == before and len(table) == live.counts.accounts.used
    try:
        FolderOutput(publication.output).check_sizes(live.files)
        changes = same_accounts(base, table) if is_same else compare_accounts(base, table)
        changes.write(publication.work)
        return base, AdoptedPosts.find(base, table)
    except SnapshotError as error:
        raise NotIncremental(f"the live snapshot is damaged: {error}") from None
