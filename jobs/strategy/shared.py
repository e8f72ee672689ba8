"""What the stages of all strategies share: how the work is cut into tasks, and stages as Spark jobs."""

from __future__ import annotations

import dataclasses
import itertools
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar

from jobs.exchange.reports import Border, CompareReport, PostsReport
from jobs.exchange.stage import Stage
from jobs.inputs.files import plan_splits
from jobs.inputs.tables import InputFile, Split
from jobs.spark.runner import SparkRunner
from jobs.stages.compare.compare import ComparePairs
from jobs.stages.compare.found import PairSender
from jobs.stages.compare.plan import TASK_COST, Unit, plan_tasks
from jobs.stages.compare.tally import PairTally
from jobs.stages.group.grouping import Grouping
from jobs.stages.scan.borders import CountQuotes, broken_files, in_one_piece, shares_quoted_file, with_parity
from jobs.stages.scan.deduplicate import DeduplicatePosts
from jobs.stages.scan.scan import ScanSplits
from jobs.strategy.context import RunContext
from jobs.strategy.pairlimit import PairLimit

TASKS_PER_CORE: Final = 4  # where each has little to do, so that all end at about the same time

_SMALLEST_SPLIT, _LARGEST_SPLIT = 8 << 20, 64 << 20  # bytes of input that one task reads
_MOST_TASKS = 1 << 16  # that a stage sends to, see parts_of
_INFLATION = 5  # bytes of text in a byte of compressed input, roughly


@dataclasses.dataclass(frozen=True)
class Cut:
    """How the work of a run is shared by tasks.

    files: all files of posts, which the splits name by number. splits: what each task of the scan reads. partitions:
    of ids, each deduplicated by a task. tasks: that share the buckets in the stages after that.
    """

    files: tuple[InputFile, ...]
    splits: tuple[Split, ...]
    partitions: int
    tasks: int


def cut_splits(files: Sequence[InputFile], cores: int, known: int = 0) -> tuple[Split, ...]:
    """What the tasks of the scan read of the files of posts, but not of the first `known` ones."""
    new = tuple(files[known:])
    split_bytes = min(max(text_bytes(new) // (TASKS_PER_CORE * cores), _SMALLEST_SPLIT), _LARGEST_SPLIT)
    return tuple(dataclasses.replace(split, file=split.file + known) for split in plan_splits(new, split_bytes))


def partitions_of(files: Iterable[InputFile], cores: int) -> int:
    """By how many tasks the posts of these files are shared once they have been read."""
    return min(max(cores, -(-text_bytes(files) // _LARGEST_SPLIT)), _MOST_TASKS)


def scan_posts(run: RunContext, cut: Cut, *, base: str | None = None, rewrite: bool = False) -> PostsReport:
    """Stages 1 and 2. base, rewrite: see DeduplicatePosts."""
    config, splits = run.config, len(cut.splits)
    scanned = _scan_splits(run, cut)
    deduplicate = DeduplicatePosts(
        files=cut.files,
        splits=splits,
        partitions=cut.partitions,
        buckets=config.buckets,
        exclude_reposts=config.exclude_reposts,
        output=run.output,
        work=run.work,
        snapshot=run.snapshot,
        first_part=1 + splits,
        base=base,
        rewrite=rewrite,
        index=not config.plan,
    )
    resolved = run.spark.do(deduplicate, count=cut.partitions, tasks=cut.partitions)
    return PostsReport.total([*scanned, *resolved])


def _scan_splits(run: RunContext, cut: Cut) -> list[PostsReport]:
    """Stage 1."""
    scan = ScanSplits(
        files=cut.files,
        splits=cut.splits,
        accounts=run.accounts,
        partitions=cut.partitions,
        buckets=run.config.buckets,
        ignored=run.ignored.keys,
        seed=secrets.randbits(64),
        output=run.output,
        work=run.work,
        snapshot=run.snapshot,
        first_part=1,
    )
    return do_splits(run.spark, cut.files, cut.splits, lambda splits: dataclasses.replace(scan, splits=splits))


class _ReadSplit(Protocol):
    """What a task reports that has read a split; see borders.py."""

    @property
    def borders(self) -> list[Border]:
        """Where its rows begin."""


Read = TypeVar("Read", bound=_ReadSplit)


def do_splits(
    spark: SparkRunner,
    files: Sequence[InputFile],
    splits: tuple[Split, ...],
    stage_of: Callable[[tuple[Split, ...]], Stage[Read]],
) -> list[Read]:
    """What a stage reports that reads splits. Another one comes before, if several tasks share a quoted file."""
    count = len(splits)
    if any(shares_quoted_file(files, split) for split in splits):
        splits = with_parity(splits, spark.do(CountQuotes(tuple(files), splits), count=count, tasks=count))
    reports = spark.do(stage_of(splits), count=count, tasks=count)
    broken = broken_files(splits, itertools.chain.from_iterable(report.borders for report in reports))
    if broken:
        reports = spark.do(stage_of(in_one_piece(splits, broken)), count=count, tasks=count)
    return reports


def grouping(run: RunContext, cut: Cut, partitions: Sequence[int]) -> Grouping:
    """How stage 3 groups usages. partitions: of ids that had posts."""
    return Grouping(
        accounts=run.accounts,
        work=run.work,
        threshold=run.config.min_similarity,
        block_size=run.config.block_size,
        run_cost=TASK_COST,
        splits=len(cut.splits),
        partitions=tuple(sorted(partitions)),
        buckets=run.config.buckets,
        tasks=cut.tasks,
    )


def pair_sender(run: RunContext, cut: Cut) -> PairSender:
    """What sends the pairs that stage 4 finds."""
    limit = PairLimit.of(run)
    return PairSender(
        accounts=run.accounts,
        work=run.work,
        buckets=run.config.buckets,
        tasks=cut.tasks,
        tally=PairTally.start(run.work, limit.pairs, limit.meaning),
        lookalikes=run.config.identical == "pairs",
    )


def compare_hashtags(
    run: RunContext, cut: Cut, units: Sequence[Unit], *, prefix_length: int | None = None, sample_one_in: int = 1
) -> CompareReport:
    """Stage 4, hashtag by hashtag. prefix_length, sample_one_in: see ComparePairs."""
    tasks = plan_tasks(units, run.spark.cores)
    compare = ComparePairs(
        accounts=run.accounts,
        work=run.work,
        tasks=tasks,
        threshold=run.config.min_similarity,
        prefix_length=prefix_length,
        sample_one_in=sample_one_in,
        send=pair_sender(run, cut),
    )
    return CompareReport.total(run.spark.do(compare, count=len(tasks), tasks=len(tasks)))


def text_bytes(files: Iterable[InputFile]) -> int:
    """Bytes of the files when they are not compressed, roughly."""
    return sum(file.size * (_INFLATION if file.compression else 1) for file in files)
