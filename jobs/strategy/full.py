"""The strategy that reads all posts and builds on nothing."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

from jobs.exchange.reports import CompareReport, GroupReport, PostsReport, WriteReport
from jobs.exchange.worker import accounts_table
from jobs.inputs.tables import InputFile
from jobs.stages.compare.comparenames import CompareNames
from jobs.stages.compare.order import cheaper_names_order
from jobs.stages.compare.plan import Unit, plan_tasks, plan_units
from jobs.stages.group.accountlists import JoinLists, list_users
from jobs.stages.group.group import GroupMembers
from jobs.stages.group.hashtagtable import HashtagTable
from jobs.stages.group.listing import ListHashtags
from jobs.stages.write.write import WriteTables
from jobs.strategy.context import RunContext
from jobs.strategy.shared import (
    Cut,
    compare_hashtags,
    cut_splits,
    grouping,
    pair_sender,
    partitions_of,
    scan_posts,
)
from jobs.strategy.strategy import StartStages
from lookalike.snapshots.counts import Counts
from lookalike.snapshots.manifest import Mode

_SAMPLED_HASHTAGS = 5000  # on which a lossy blocking is measured, roughly


@dataclasses.dataclass(frozen=True)
class FullStrategy:
    """Reads all posts. reason: why, in words."""

    posts: tuple[InputFile, ...]
    reason: str
    generation: int = 0

    @classmethod
    def of(cls, posts: Sequence[InputFile], reason: str) -> FullStrategy:
        """posts: all files of posts, in any order."""
        return cls(tuple(sorted(posts, key=lambda file: file.path)), reason)

    @property
    def mode(self) -> Mode:
        """As in Strategy."""
        size = sum(file.size for file in self.posts)
        return Mode(name="full", reason=self.reason, base=None, files=len(self.posts), bytes=size)

    def prepare(self, *_: object) -> StartStages:
        """There is nothing to prepare."""
        return self.start

    def start(self, run: RunContext) -> FullStages:
        """The stages over all posts."""
        partitions = partitions_of(self.posts, run.spark.cores)
        cut = Cut(
            files=self.posts,
            splits=cut_splits(self.posts, run.spark.cores),
            partitions=partitions,
            tasks=min(run.config.buckets, partitions),
        )
        return FullStages(run, cut)


@dataclasses.dataclass(frozen=True)
class FullStages:
    """The stages of a run that reads all posts; see Stages."""

    run: RunContext
    cut: Cut
    posts_before: None = None
    limits_candidates: bool = False

    def scan(self) -> PostsReport:
        """Stages 1 and 2."""
        return scan_posts(self.run, self.cut)

    def group(self, partitions: Sequence[int]) -> list[GroupReport]:
        """Stage 3, first half."""
        run = self.run
        group = GroupMembers(
            grouping=grouping(run, self.cut, partitions),
            output=run.output,
            snapshot=run.snapshot,
            members=not run.config.plan,
            identical=run.config.identical == "group",
        )
        reports = run.spark.do(group, count=run.config.buckets, tasks=self.cut.tasks)
        return sorted(reports, key=lambda report: report.bucket)

    def list_hashtags(self, groups: Sequence[GroupReport]) -> tuple[HashtagTable, list[WriteReport]]:
        """Stage 3, second half."""
        run, tasks = self.run, self.cut.tasks
        grouped = tuple(group.bucket for group in groups)
        hashtags = HashtagTable.gather(run.work, grouped)
        hashtags.write(run.work)
        listing = ListHashtags(
            accounts=run.accounts,
            output=run.output,
            work=run.work,
            snapshot=run.snapshot,
            grouped=grouped,
            buckets=run.config.buckets,
            tasks=tasks,
        )
        return hashtags, run.spark.do(listing, count=tasks, tasks=tasks)

    def compare(self, groups: Sequence[GroupReport]) -> CompareReport:
        """Stage 4: hashtag by hashtag or all names once, whichever costs less."""
        run, config = self.run, self.run.config
        units = plan_units(groups, config.min_similarity, config.block_size)
        if config.blocking == "prefix":
            sampled = max(1, sum(group.hashtags for group in groups) // _SAMPLED_HASHTAGS)
            return compare_hashtags(run, self.cut, units, prefix_length=config.prefix_length, sample_one_in=sampled)
        # Lists of hashtags are by account, and an account may be the first of its name in one hashtag alone.
        if config.all_names or config.identical == "group":
            return compare_hashtags(run, self.cut, units)
        find_users = functools.partial(list_users, run.work, self.cut.tasks)
        names = accounts_table(run.accounts).names
        order = cheaper_names_order(units, names, find_users, config.min_similarity, config.block_size)
        return compare_hashtags(run, self.cut, units) if order is None else self._compare_names(order.units)

    def _compare_names(self, units: Sequence[Unit]) -> CompareReport:
        """Stage 4, all names once."""
        run = self.run
        run.spark.do(JoinLists(work=run.work, accounts=run.accounts, tasks=self.cut.tasks), count=1, tasks=1)
        tasks = plan_tasks(units, run.spark.cores)
        compare = CompareNames(
            accounts=run.accounts,
            work=run.work,
            tasks=tasks,
            threshold=run.config.min_similarity,
            send=pair_sender(run, self.cut),
        )
        return CompareReport.total(run.spark.do(compare, count=len(tasks), tasks=len(tasks)))

    def write(self, compared: int) -> list[WriteReport]:
        """Stage 5."""
        run, tasks = self.run, self.cut.tasks
        write = WriteTables(
            accounts=run.accounts,
            output=run.output,
            work=run.work,
            snapshot=run.snapshot,
            compared=compared,
            buckets=run.config.buckets,
            tasks=tasks,
            identical=run.config.identical == "group",
        )
        return run.spark.do(write, count=2 * tasks, tasks=2 * tasks)

    def total(self, counts: Counts) -> Counts:
        """This run counted everything."""
        return counts
