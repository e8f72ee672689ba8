"""The stages of a run, each a Spark job over numbered tasks.

Spark hands out numbers and collects reports; rows go from stage to stage through the work folder.
"""

from __future__ import annotations

import dataclasses
import functools
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from pyspark import SparkContext

from jobs.exchange import channels
from jobs.exchange.flushed import Flushed
from jobs.exchange.reports import CompareReport, GroupReport, PostsReport, WriteReport
from jobs.exchange.worker import accounts_table
from jobs.exchange.workfiles import flush_files
from jobs.inputs.files import plan_splits
from jobs.inputs.tables import InputFile
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from jobs.spark.session import runs_locally
from jobs.stages.compare.compare import ComparePairs
from jobs.stages.compare.comparenames import CompareNames
from jobs.stages.compare.found import PairSender
from jobs.stages.compare.order import cheaper_names_order
from jobs.stages.compare.plan import TASK_COST, Unit, plan_tasks, plan_units
from jobs.stages.group.accountlists import JoinedLists, list_users
from jobs.stages.group.group import GroupMembers
from jobs.stages.group.grouping import Grouping
from jobs.stages.group.hashtagtable import HashtagTable
from jobs.stages.group.listing import ListHashtags
from jobs.stages.scan.deduplicate import DeduplicatePosts
from jobs.stages.scan.scan import ScanSplits
from jobs.stages.write.check import CheckBuckets
from jobs.stages.write.write import WriteTables
from lookalike.snapshots.publisher import Publication

_SMALLEST_SPLIT, _LARGEST_SPLIT = 8 << 20, 64 << 20  # bytes of input that one task reads
_MOST_TASKS = 1 << 16  # that a stage sends to, see parts_of
_SAMPLED_HASHTAGS = 5000  # on which a lossy blocking is measured, roughly
TASKS_PER_CORE = 4  # where each has little to do, so that all end at about the same time
_INFLATION = 5  # bytes of text in a byte of compressed input, roughly

Report = TypeVar("Report")


class Execution:
    """One run on Spark. accounts: path of the table of accounts, which the tasks map into memory.

    known: so many of the first files of posts are not read. work: the run's folder for what only it needs. cores:
    that Spark has.
    """

    def __init__(
        self,
        config: JobConfig,
        ignored: IgnoreList,
        context: SparkContext,
        publication: Publication,
        posts: tuple[InputFile, ...],
        accounts: str,
        known: int = 0,
    ) -> None:
        self._config, self._ignored, self._context = config, ignored, context
        self._posts, self._accounts = posts, accounts
        self._where = publication.output, publication.work, publication.id
        self.work = publication.work
        if not runs_locally(context):
            flush_files(self.work)
        self.cores = context.defaultParallelism
        new = posts[known:]
        split_bytes = min(max(_text(new) // (4 * self.cores), _SMALLEST_SPLIT), _LARGEST_SPLIT)
        self._splits = tuple(
            dataclasses.replace(split, file=split.file + known) for split in plan_splits(new, split_bytes)
        )
        self._partitions = self._parts_of(posts)
        self._tasks = min(config.buckets, self._partitions)

    def _parts_of(self, posts: Iterable[InputFile]) -> int:
        """By how many tasks the posts of these files are shared once they have been read."""
        return min(max(self.cores, -(-_text(posts) // _LARGEST_SPLIT)), _MOST_TASKS)

    def scan(self) -> PostsReport:
        """Stages 1 and 2: every row read and each post used once; what became of the rows."""
        return self._scan()

    def _scan(self, base: str | None = None, *, rewrite: bool = False) -> PostsReport:
        """base, rewrite: see DeduplicatePosts."""
        config, count = self._config, len(self._splits)
        hashes = config.buckets, self._ignored.keys, secrets.randbits(64)
        scan = ScanSplits(self._posts, self._splits, self._accounts, self._partitions, *hashes, *self._where, 1)
        deduplicate = DeduplicatePosts(
            self._posts,
            count,
            self._partitions,
            config.buckets,
            config.exclude_reposts,
            *self._where,
            count + 1,
            base=base,
            rewrite=rewrite,
            index=not config.plan,
        )
        scanned = self._run(scan, count, count)
        resolved = self._run(deduplicate, self._partitions, self._partitions)
        channels.posts(self.work).clear()
        return PostsReport.total([*scanned, *resolved])

    def group(self, partitions: Sequence[int]) -> list[GroupReport]:
        """Stage 3, first half: the members of every bucket written, and what the buckets hold, in their order.

        partitions: of ids that had posts.
        """
        output, _, snapshot = self._where
        group = GroupMembers(self._grouping(partitions), output, snapshot, members=not self._config.plan)
        return sorted(self._run(group, self._config.buckets, self._tasks), key=lambda report: report.bucket)

    def _grouping(self, partitions: Sequence[int]) -> Grouping:
        config = self._config
        return Grouping(
            self._accounts,
            self.work,
            config.threshold,
            config.block_size,
            TASK_COST,
            len(self._splits),
            tuple(sorted(partitions)),
            config.buckets,
            self._tasks,
        )

    def list_hashtags(self, groups: Sequence[GroupReport]) -> tuple[HashtagTable, list[WriteReport]]:
        """Stage 3, second half: the hashtags numbered, and those of every account written."""
        grouped = tuple(group.bucket for group in groups)
        hashtags = HashtagTable.gather(self.work, grouped)
        hashtags.write(self.work)
        listing = ListHashtags(self._accounts, *self._where, grouped, self._config.buckets, self._tasks)
        return hashtags, self._run(listing, self._tasks, self._tasks)

    def compare(self, groups: Sequence[GroupReport]) -> CompareReport:
        """Stage 4: the similar pairs found, and what finding them took."""
        config, work, accounts = self._config, self.work, self._accounts
        units = plan_units(groups, config.threshold, config.block_size)
        names = None
        if config.blocking == "lossless":
            known = accounts_table(accounts).names, functools.partial(list_users, work, self._tasks)
            names = cheaper_names_order(units, *known, config.threshold, config.block_size)
        if names is not None:
            JoinedLists.join(work, self._tasks, accounts)
            tasks = plan_tasks(names.units, self.cores)
            compare = CompareNames(accounts, work, tasks, config.threshold, self._sender())
            return CompareReport.total(self._run(compare, len(tasks), len(tasks)))
        prefix = config.prefix_length if config.blocking == "prefix" else None
        sampled = max(1, sum(group.hashtags for group in groups) // _SAMPLED_HASHTAGS)
        return self._compare_by_hashtag(units, prefix, sampled)

    def _compare_by_hashtag(
        self, units: Sequence[Unit], prefix: int | None = None, sampled: int = 1
    ) -> CompareReport:
        """prefix, sampled: see ComparePairs."""
        tasks = plan_tasks(units, self.cores)
        known = self._accounts, self.work, tasks, self._config.threshold, prefix, sampled
        return CompareReport.total(self._run(ComparePairs(*known, self._sender()), len(tasks), len(tasks)))

    def _sender(self) -> PairSender:
        return PairSender(self._accounts, self.work, self._config.buckets, self._tasks)

    def write(self, compared: int) -> list[WriteReport]:
        """Stage 5: the pairs of every bucket of hashtags and the tables of every bucket of accounts, written.

        compared: tasks of comparison that have sent pairs.
        """
        write = WriteTables(self._accounts, *self._where, compared, self._config.buckets, self._tasks)
        return self._run(write, 2 * self._tasks, 2 * self._tasks)

    def _run(self, stage: Callable[[Iterable[int]], Iterator[Report]], count: int, tasks: int) -> list[Report]:
        """See run_tasks."""
        return run_tasks(self._context, stage, count, tasks)


def check_buckets(context: SparkContext, output: Path, buckets: int, manifest: Path) -> None:
    """Check a snapshot before it is published; see CheckBuckets."""
    tasks = min(buckets, TASKS_PER_CORE * context.defaultParallelism)
    run_tasks(context, CheckBuckets(output, manifest), buckets, tasks)


def run_tasks(
    context: SparkContext, stage: Callable[[Iterable[int]], Iterator[Report]], count: int, tasks: int
) -> list[Report]:
    """What a stage reports of the numbers 0 to count - 1, shared by so many tasks."""
    return context.parallelize(range(count), max(1, tasks)).mapPartitions(Flushed(stage)).collect()


def _text(files: Iterable[InputFile]) -> int:
    """Bytes of the files when they are not compressed, roughly."""
    return sum(file.size * (_INFLATION if file.compression else 1) for file in files)
