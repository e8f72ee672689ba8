"""From the accounts that were read to the data files of a snapshot: the stages in their order."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pyspark import SparkContext

from jobs.exchange.reports import CompareReport, GroupReport, PostsReport, WriteReport, damage
from jobs.incremental.decide import Decision, NotIncremental
from jobs.incremental.execution import IncrementalExecution
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from jobs.pipeline import summary
from jobs.pipeline.driveraccounts import ReadAccounts
from jobs.pipeline.execution import Execution
from jobs.pipeline.gate import check_rejects
from jobs.planning.forecast import planned
from jobs.reporting.progress import Progress
from jobs.reporting.terminal import printable
from jobs.stages.group.hashtagtable import HashtagTable
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots import counts as tallies
from lookalike.snapshots import manifest as manifests
from lookalike.snapshots.publisher import Publication


@dataclasses.dataclass(frozen=True)
class Made:
    """The data files of a snapshot, what they hold, and how it came to them."""

    files: list[FileEntry]
    counts: tallies.Counts
    recall: tallies.Recall | None
    decision: Decision


class Making:
    """One run, once Spark is there and the accounts are read."""

    def __init__(
        self,
        config: JobConfig,
        ignored: IgnoreList,
        progress: Progress,
        context: SparkContext,
        publication: Publication,
        accounts: ReadAccounts,
    ) -> None:
        self._config, self._ignored, self._progress, self._context = config, ignored, progress, context
        self._publication, self._accounts = publication, accounts

    def plan(self) -> list[str]:
        """Count only, and say what comparing would take."""
        execution = self._execution(self._accounts.decision)
        return self._forecast(execution, *self._grouped(execution))

    def make(self) -> Made:
        """Write all data files, or name those of the base."""
        decision = self._accounts.decision
        if decision.base is not None:
            try:
                return self._incremental(decision, decision.base)
            except NotIncremental as reason:
                decision = decision.full(str(reason))
        if self._config.mode == "incremental":
            print(f"warning: all posts are read: {printable(decision.reason)}", file=sys.stderr)
        return self._full(decision)

    def _execution(self, decision: Decision) -> Execution:
        known = self._publication, decision.posts, self._accounts.table
        return Execution(self._config, self._ignored, self._context, *known)

    def _full(self, decision: Decision) -> Made:
        execution = self._execution(decision)
        posts, groups = self._grouped(execution)
        if self._config.max_candidates is not None:
            self._forecast(execution, posts, groups)
        files, compared = self._compared(execution, groups)
        counts = summary.counts(self._accounts.counts, posts, groups, compared)
        return Made([*files, *posts.files], counts, summary.recall(self._config, compared), decision)

    def _incremental(self, decision: Decision, base: manifests.Manifest) -> Made:
        accounts = self._accounts
        if accounts.base is None or accounts.adopted is None:
            raise RuntimeError("the base has not been read")
        known = self._publication, decision, accounts.table, accounts.base, accounts.adopted
        execution = IncrementalExecution(self._config, self._ignored, self._context, *known)
        posts, groups = self._grouped(execution, base.counts.posts)
        files, compared = self._compared(execution, groups)
        counts = summary.counts(accounts.counts, posts, groups, compared)
        counts = summary.added(base.counts, counts, adopted=len(accounts.adopted))
        return Made([*files, *posts.files], counts, None, decision)

    def _forecast(self, execution: Execution, posts: PostsReport, groups: list[GroupReport]) -> list[str]:
        counts = summary.counts(self._accounts.counts, posts, groups, CompareReport())
        past = dict(self._progress.seconds)
        with self._progress.stage("estimate"):
            known = self._accounts.table, execution.work, groups, counts
            return planned(self._config, *known, cores=execution.cores, seconds=past)

    def _grouped(
        self, execution: Execution, known: tallies.PostCounts | None = None
    ) -> tuple[PostsReport, list[GroupReport]]:
        """Stages 1 to 3, as far as what is there to compare is known. known: posts that the base has read."""
        with self._progress.stage("scan", self._context):
            posts = execution.scan()
            damaged = posts.damaged()
            shown = {reason: posts.examples[reason] for reason in damaged}
            check_rejects(self._config, "posts", posts.rows, sum(damaged.values()), shown)
            if known is not None:
                total = sum(damaged.values()) + sum(damage(known.rejected).values())
                check_rejects(self._config, "posts", known.rows + posts.rows, total, shown)
        with self._progress.stage("group", self._context):
            return posts, execution.group(posts.partitions)

    def _compared(self, execution: Execution, groups: Sequence[GroupReport]) -> tuple[list[FileEntry], CompareReport]:
        """Stages 4 and 5; the files of all tables but those of the posts, and all similar pairs counted."""
        progress, context = self._progress, self._context
        with progress.stage("group", context):
            hashtags, listed = execution.list_hashtags(groups)
        with progress.stage("compare", context):
            compared = execution.compare(groups)
        with progress.stage("write", context):
            written = execution.write(compared.tasks)
            pairs = _pairs_of(hashtags, written)
            table = hashtags.publish(self._publication, pairs)
        files = [table, *(file for group in groups for file in group.files)]
        files += [file for report in (*listed, *written) for file in report.files]
        files += [self._accounts.rejects] if self._accounts.rejects else []
        return files, dataclasses.replace(compared, similar=int(pairs.sum()))


def _pairs_of(hashtags: HashtagTable, written: list[WriteReport]) -> npt.NDArray[np.int64]:
    """int64[n]: similar pairs of each hashtag."""
    pairs: npt.NDArray[np.int64] = np.zeros(len(hashtags), np.int64)
    for number, count in itertools.chain.from_iterable(report.pairs for report in written):
        pairs[number] = count
    return pairs
