"""The strategy that reads only new posts and adds them to the live snapshot, the base."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jobs.exchange.reports import CompareReport, GroupReport, PostsReport, WriteReport
from jobs.exchange.workplace import WorkPlace
from jobs.incremental.accounts import compare_accounts, same_accounts
from jobs.incremental.adopted import AdoptedPosts
from jobs.incremental.base import Base
from jobs.incremental.decide import NewPosts, NotIncremental
from jobs.incremental.mergeaccounts import AccountMerger
from jobs.incremental.mergemembers import MergeMembers
from jobs.incremental.mergepairs import PairMerger
from jobs.incremental.mergetables import MergeTables
from jobs.incremental.patch import Patcher
from jobs.inputs.accounts.table import AccountTable
from jobs.inputs.tables import InputFile
from jobs.reporting.terminal import count_of
from jobs.stages.compare.plan import plan_units
from jobs.stages.group.hashtagtable import HashtagTable
from jobs.stages.scan.postindex import is_scattered
from jobs.strategy.context import RunContext
from jobs.strategy.records import input_records
from jobs.strategy.shared import (
    TASKS_PER_CORE,
    Cut,
    compare_hashtags,
    cut_splits,
    grouping,
    partitions_of,
    scan_posts,
)
from jobs.strategy.strategy import StartStages, falling_back_on_damage
from lookalike.snapshots.counts import Counts, PostCounts
from lookalike.snapshots.manifest import Manifest, Mode
from lookalike.snapshots.publisher import Publication
from lookalike.tables import UNKNOWN_AUTHOR


@dataclasses.dataclass(frozen=True)
class IncrementalStrategy:
    """Reads new posts only."""

    new: NewPosts

    @property
    def posts(self) -> tuple[InputFile, ...]:
        """As in Strategy."""
        return self.new.posts

    @property
    def mode(self) -> Mode:
        """As in Strategy."""
        return self.new.mode

    @property
    def generation(self) -> int:
        """As in Strategy."""
        return self.new.generation

    def prepare(
        self, accounts: AccountTable, files: tuple[InputFile, ...], publication: Publication, work: WorkPlace, /
    ) -> StartStages:
        """Find out what has changed in the accounts since the base, for the tasks, and which posts it left out."""
        live = self.new.base
        base = Base(publication.output, live.id)
        before = [record for record in live.inputs if record.table == "accounts"]
        is_same = list(input_records("accounts", files)) == before and len(accounts) == live.counts.accounts.used
        with falling_back_on_damage(self.mode):
            base.check()
            changes = same_accounts(base, accounts) if is_same else compare_accounts(base, accounts)
            changes.write(work)
            adopted = AdoptedPosts.find(base, accounts, self.posts)
        return lambda run: _start(run, self.new, base, adopted)


def _start(run: RunContext, new: NewPosts, base: Base, adopted: AdoptedPosts) -> IncrementalStages:
    cores, buckets = run.spark.cores, run.config.buckets
    rewrite = is_scattered(base.entries("post_index", None), run.config.max_generations)
    # If the index is written again, all that the base knows of an id partition is in memory at once.
    partitions = partitions_of(new.posts if rewrite else new.posts[new.known :], cores)
    cut = Cut(
        files=new.posts,
        splits=(*adopted.splits(), *cut_splits(new.posts, cores, new.known)),
        partitions=partitions,
        tasks=min(buckets, max(TASKS_PER_CORE * cores, partitions)),
    )
    tables = Patcher(
        output=run.output,
        snapshot=run.snapshot,
        base=base,
        generation=new.generation,
        max_generations=run.config.max_generations,
    )
    return IncrementalStages(
        run=run, cut=cut, live=new.base, base=base, adopted=adopted, tables=tables, rewrite_index=rewrite
    )


@dataclasses.dataclass(frozen=True)
class IncrementalStages:
    """The stages of a run that adds to a base; see Stages.

    live: the base's manifest. adopted: posts that the base left out and this run can use. rewrite_index: whether the
    index of posts is written again.
    """

    run: RunContext
    cut: Cut
    live: Manifest
    base: Base
    adopted: AdoptedPosts
    tables: Patcher
    rewrite_index: bool
    limits_candidates: bool = True

    @property
    def posts_before(self) -> PostCounts:
        """Those of the base."""
        return self.live.counts.posts

    def scan(self) -> PostsReport:
        """Stages 1 and 2. Raises NotIncremental if a post should be used instead of one that the base has used."""
        base = self.base
        report = scan_posts(self.run, self.cut, base=base.snapshot, rewrite=self.rewrite_index)
        if report.superseded:
            again = count_of(report.superseded, "post comes", "posts come")
            copied = any(file.unread for file in self.cut.files)
            why = "and the earlier rows are not read" if copied else "that must be used instead"
            raise NotIncremental(f"{again} again with other content {why}")
        if report.renamed:
            again = count_of(report.renamed, "rejected post is", "rejected posts are")
            raise NotIncremental(f"{again} also in a file that comes earlier, which a run over all input names")
        part = 1 + len(self.cut.splits) + self.cut.partitions
        report.files += self.adopted.files(self.run.publication, base, self.cut.files, part)
        if not self.rewrite_index:  # a task that has met posts has compared all files of the index
            report.files += (base.entries if report.partitions else base.named)("post_index", None)
        return report

    def group(self, partitions: Sequence[int]) -> list[GroupReport]:
        """Stage 3: the members of every bucket as they are now, and what is to be compared in the buckets."""
        config = self.run.config
        merge = MergeMembers(grouping=grouping(self.run, self.cut, partitions), tables=self.tables)
        reports = self.run.spark.do(merge, count=config.buckets, tasks=self.cut.tasks)
        most = sum(report.pairs_compared for report in reports)
        if config.max_candidates is not None and most > config.max_candidates:
            raise NotIncremental(f"up to {most:,} candidates would be met, more than --max-candidates")
        return sorted(reports, key=lambda report: report.bucket)

    def list_hashtags(self, groups: Sequence[GroupReport]) -> tuple[HashtagTable, list[WriteReport]]:
        """Number the hashtags. The last stage writes those of the accounts."""
        hashtags = HashtagTable.gather(self.run.work, tuple(group.bucket for group in groups))
        hashtags.write(self.run.work)
        return hashtags, []

    def compare(self, groups: Sequence[GroupReport]) -> CompareReport:
        """Stage 4: the similar pairs of which one is a new or changed member."""
        config = self.run.config
        return compare_hashtags(self.run, self.cut, plan_units(groups, config.min_similarity, config.block_size))

    def write(self, compared: int) -> list[WriteReport]:
        """Stage 5: the pairs and the tables by account as they are now."""
        run, buckets, tasks = self.run, self.run.config.buckets, self.cut.tasks
        merge = MergeTables(
            pairs=PairMerger(accounts=run.accounts, work=run.work, tables=self.tables),
            accounts=AccountMerger(accounts=run.accounts, work=run.work, tables=self.tables, buckets=buckets),
            grouped=tuple(range(buckets)),
            compared=compared,
            buckets=buckets,
            tasks=tasks,
        )
        return run.spark.do(merge, count=2 * tasks, tasks=2 * tasks)

    def total(self, counts: Counts) -> Counts:
        """Posts: those of the base and the new ones. Candidates: all that were met since the last full run."""
        before = self.live.counts
        posts = _added_posts(before.posts, counts.posts, adopted=len(self.adopted))
        return counts.model_copy(
            update={
                "posts": posts,
                "candidates": before.candidates + counts.candidates,
                "verified": before.verified + counts.verified,
                "names_once": before.names_once,
            }
        )


def _added_posts(base: PostCounts, new: PostCounts, adopted: int) -> PostCounts:
    """The sum. adopted: new rows that the base has counted as of unknown authors."""
    before, now = base.model_dump(), new.model_dump()
    rejected = {
        reason: base.rejected.get(reason, 0) + new.rejected.get(reason, 0)
        for reason in base.rejected.keys() | new.rejected.keys()
    }
    if adopted:
        rejected[UNKNOWN_AUTHOR] -= adopted
    total = {name: before[name] + now[name] for name in before if name != "rejected"}
    total |= {"rows": total["rows"] - adopted, "rejected": {reason: n for reason, n in rejected.items() if n}}
    return PostCounts(**total)
