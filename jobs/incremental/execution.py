"""The stages of an incremental run: those of a full one, over what is new and what the base has."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark import SparkContext

from jobs.exchange.reports import CompareReport, GroupReport, PostsReport, WriteReport
from jobs.incremental.adopted import AdoptedPosts
from jobs.incremental.base import Base
from jobs.incremental.decide import Decision, NotIncremental
from jobs.incremental.mergeaccounts import AccountMerger
from jobs.incremental.mergemembers import MergeMembers
from jobs.incremental.mergepairs import PairMerger
from jobs.incremental.mergetables import MergeTables
from jobs.incremental.patch import Patcher
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from jobs.pipeline.execution import TASKS_PER_CORE, Execution
from jobs.stages.compare.plan import plan_units
from jobs.stages.group.hashtagtable import HashtagTable
from jobs.stages.scan.postindex import is_scattered
from lookalike.snapshots.publisher import Publication


class IncrementalExecution(Execution):
    """As Execution. base: what the run builds on; adopted: posts of it that it could not use then."""

    def __init__(
        self,
        config: JobConfig,
        ignored: IgnoreList,
        context: SparkContext,
        publication: Publication,
        decision: Decision,
        accounts: str,
        base: Base,
        adopted: AdoptedPosts,
    ) -> None:
        """The changes of the accounts are in the work folder already."""
        super().__init__(config, ignored, context, publication, decision.posts, accounts, decision.known)
        self._publication, self._base, self._adopted = publication, base, adopted
        self._splits = (*adopted.splits(), *self._splits)
        self._tables = Patcher(
            output=publication.output,
            snapshot=publication.id,
            base=base,
            generation=decision.generation,
            max_generations=config.max_generations,
        )
        self._rewrite = is_scattered(base.entries("post_index", None), config.max_generations)
        if not self._rewrite:  # else all that the base knows of an id partition is in memory at once
            self._partitions = self._parts_of(decision.posts[decision.known :])
        self._tasks = min(config.buckets, max(TASKS_PER_CORE * self.cores, self._partitions))

    def scan(self) -> PostsReport:
        """Stages 1 and 2. Raises NotIncremental if a post should be used instead of one that the base has used."""
        base = self._base
        report = self._scan(base.snapshot, rewrite=self._rewrite)
        if report.superseded:
            raise NotIncremental(
                f"{report.superseded:,} posts come with other content than before, which is the one to use"
            )
        part = 1 + len(self._splits) + self._partitions
        report.files += self._adopted.files(self._publication, base, self._posts, part)
        report.files += [] if self._rewrite else base.entries("post_index", None)
        return report

    def group(self, partitions: Sequence[int]) -> list[GroupReport]:
        """Stage 3: the members of every bucket as they are now, and what is to be compared in the buckets."""
        config, merge = self._config, MergeMembers(self._grouping(partitions), self._tables)
        reports = sorted(self._run(merge, config.buckets, self._tasks), key=lambda report: report.bucket)
        most = sum(report.pairs_compared for report in reports)
        if config.max_candidates is not None and most > config.max_candidates:
            raise NotIncremental(f"up to {most:,} candidates would be met, more than --max-candidates")
        return reports

    def list_hashtags(self, groups: Sequence[GroupReport]) -> tuple[HashtagTable, list[WriteReport]]:
        """The hashtags numbered; those of the accounts are written in the last stage."""
        hashtags = HashtagTable.gather(self.work, tuple(group.bucket for group in groups))
        hashtags.write(self.work)
        return hashtags, []

    def compare(self, groups: Sequence[GroupReport]) -> CompareReport:
        """Stage 4: the similar pairs of fresh members with any."""
        return self._compare_by_hashtag(plan_units(groups, self._config.threshold, self._config.block_size))

    def write(self, compared: int) -> list[WriteReport]:
        """Stage 5: the pairs and the tables by account as they are now."""
        config, known = self._config, (self._accounts, self.work, self._tables)
        merge = MergeTables(
            PairMerger(*known),
            AccountMerger(*known, config.buckets),
            tuple(range(config.buckets)),
            compared,
            config.buckets,
            self._tasks,
        )
        return self._run(merge, 2 * self._tasks, 2 * self._tasks)
