"""The table of accounts, made by tasks: the driver holds what grows with the files and tasks, and maps the table."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from jobs.exchange.worker import ACCOUNTS_FILE, accounts_table
from jobs.exchange.workplace import WorkPlace
from jobs.inputs.accounts.read import SHOWN_UNDATED, AccountCounts, AccountsRead
from jobs.inputs.accounts.rows import RowReader, RowsRead
from jobs.inputs.tables import ACCOUNTS, InputFile
from jobs.inputs.text.evidence import check_evidence
from jobs.options.config import JobConfig
from jobs.spark.runner import SparkRunner
from jobs.stages.accounts.choose import ChoiceReport, ChooseAccounts
from jobs.stages.accounts.finish import TASKS, FinishAccounts
from jobs.stages.accounts.scan import AccountsReport, ScanAccounts
from jobs.stages.accounts.sort import SortAccounts
from jobs.strategy.shared import cut_splits, do_splits, partitions_of
from lookalike.kernel.names import CharacterCodes
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.publisher import Publication


@dataclasses.dataclass(frozen=True)
class MadeAccounts:
    """What was read; the table is written. examples: rejected rows by reason. files: of rejects and names."""

    read: AccountsRead
    examples: dict[str, list[str]]
    files: list[FileEntry]


def make_by_tasks(
    files: tuple[InputFile, ...], config: JobConfig, publication: Publication, work: WorkPlace, spark: SparkRunner
) -> MadeAccounts:
    """Read and de-duplicate accounts, and write their table. Raises MisreadError; UsageError as RowReader does."""
    splits = cut_splits(files, spark.cores)
    parts = min(config.buckets, partitions_of(files, spark.cores))
    scan = ScanAccounts(
        reader=RowReader(files, config.strip_suffix, config.max_name_length),
        splits=splits,
        buckets=config.buckets,
        partitions=parts,
        work=work,
    )
    reports = do_splits(spark, files, splits, lambda splits: dataclasses.replace(scan, splits=splits))
    seen = RowsRead.total(report.seen for report in reports)
    if config.quoting == "auto":
        check_evidence(ACCOUNTS, files, seen.quotes)
    choose = ChooseAccounts(
        splits=len(splits),
        partitions=parts,
        buckets=config.buckets,
        starts=_starts(reports, parts),
        fold=config.fold,
        all_names=config.all_names,
        output=publication.output,
        work=work,
        snapshot=publication.id,
    )
    choices = spark.do(choose, count=parts, tasks=parts)
    sort = SortAccounts(partitions=parts, ranges=parts, characters=_characters(choices), fold=config.fold, work=work)
    used = sum(spark.do(sort, count=parts, tasks=parts))
    finish = FinishAccounts(
        files=files,
        splits=len(splits),
        ranges=parts,
        conflict_file=np.concatenate([choice.conflict_file for choice in choices]),
        conflict_place=np.concatenate([choice.conflict_place for choice in choices]),
        output=publication.output,
        work=work,
        snapshot=publication.id,
    )
    (rejected,) = spark.do(finish, count=TASKS, tasks=TASKS)
    counts = AccountCounts.of(
        seen,
        used=used,
        duplicates=sum(choice.duplicates for choice in choices),
        earlier_names=sum(choice.earlier_names for choice in choices),
        rejected=rejected.counts,
    )
    found = AccountsRead(
        table=accounts_table(work / ACCOUNTS_FILE),
        counts=counts,
        names=sum(choice.names for choice in choices),
        undated=_first(itertools.chain.from_iterable(choice.undated for choice in choices)),
        odd_dates=seen.odd_dates,
        quotes=seen.quotes,
    )
    names = sorted(itertools.chain.from_iterable(choice.files for choice in choices), key=lambda file: file.path)
    return MadeAccounts(found, rejected.examples, [*rejected.files, *names])


def _starts(reports: Sequence[AccountsReport], ranges: int) -> tuple[str, ...]:
    """Where to cut the ids into ranges of about as many accounts each, but for the first start."""
    ids = sorted({one for report in reports for one in report.ids}, key=str.encode)
    places = sorted({len(ids) * number // ranges for number in range(1, ranges)} - {0})
    return tuple(ids[place] for place in places)


def _characters(choices: Sequence[ChoiceReport]) -> CharacterCodes:
    """The codes of the characters of all names."""
    greatest = max((int(choice.points.max(initial=0)) for choice in choices), default=0)
    frequency = np.zeros(greatest + 1, np.int64)
    for choice in choices:
        frequency[choice.points] += choice.counts
    return CharacterCodes.by_frequency(frequency)


def _first(undated: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that come first in the order of ids and names."""
    return sorted(undated, key=lambda one: (one[0].encode(), one[1].encode()))[:SHOWN_UNDATED]
