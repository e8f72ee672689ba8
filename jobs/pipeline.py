"""A run from its options to a published snapshot: the stages in their order."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from pyspark import SparkContext

from jobs import __version__, summary
from jobs.config import JobConfig
from jobs.execution import Execution
from jobs.failures import user_errors
from jobs.gate import check_rejects, check_result
from jobs.ignored import IgnoreList
from jobs.inputs.files import find_files
from jobs.inputs.readaccounts import AccountCounts, read_accounts
from jobs.inputs.rejects import RejectLog
from jobs.inputs.tables import ACCOUNTS, POSTS, InputFile
from jobs.plans.forecast import planned
from jobs.progress import Progress
from jobs.session import stop_spark
from jobs.snapshots import manifest as manifests
from jobs.snapshots.datafiles import FileEntry
from jobs.snapshots.history import live_manifest
from jobs.snapshots.publisher import Publication, begin
from jobs.snapshots.reader import Snapshot
from jobs.stages.hashtagtable import HashtagTable
from jobs.stages.reports import CompareReport, GroupReport, PostsReport, WriteReport
from jobs.terminal import print_lines, printable
from jobs.verification import verify
from jobs.workplace import workplace


def run(
    config: JobConfig, start: Callable[[], Future[SparkContext]], progress: Progress
) -> manifests.Manifest | None:
    """Do a run, or plan one. Returns what was published; None of a plan.

    start: is called once the output is held. Raises JobError for what its user can mend; nothing is published then.
    """
    posts, accounts, ignored = _find_inputs(config)
    with (
        workplace(config) as place,
        begin(place.folder, config.wait) as publication,
        ThreadPoolExecutor(1) as pool,
        user_errors(),
    ):
        if config.wait:
            posts, accounts, ignored = _find_inputs(config)  # others may be there by now
        spark = start()
        reading = pool.submit(_read_accounts, accounts, config, publication)
        with progress.stage("start"):
            context = spark.result()
        try:
            with progress.stage("accounts"):
                read = reading.result()
                damaged = sum(read.counts.rejected.values())
                check_rejects(config, "accounts", read.counts.rows, damaged, read.examples)
            execution = Execution(config, ignored, context, publication, posts, read.table)
            stages = _Run(config, progress, context, execution, read)
            if config.plan:
                print_lines([f"Plan for {printable(str(config.output))}: nothing was written", "", *stages.plan()])
                return None
            counts, recall, files = stages.snapshot(publication)
            manifest = manifests.Manifest(
                id=publication.id,
                created=datetime.now(UTC),
                job_version=__version__,
                floor=config.min_similarity,
                buckets=config.buckets,
                configuration=json.loads(config.model_dump_json()) | {"ignore_hashtags": ignored.record()},
                inputs=summary.inputs("posts", posts) + summary.inputs("accounts", accounts),
                counts=counts,
                seconds=progress.seconds,
                recall=recall,
                files=tuple(files),
            )
        except BaseException:
            with contextlib.suppress(Exception):  # Java may have been interrupted in the middle of an answer
                context.stop()  # what it has to say of tasks that are still at work comes before the error
            raise
        stop_spark(context)
        check_result(config, manifest, live_manifest(place.folder))
        if config.verify:
            with progress.stage("verify"):
                checked = verify(Snapshot(place.folder, manifest), config.verify)
            manifest = manifest.model_copy(update={"verification": checked, "seconds": dict(progress.seconds)})
        with progress.stage("publish"):
            publication.publish(manifest)
            place.deliver(manifest)
    return manifest


def _find_inputs(config: JobConfig) -> tuple[tuple[InputFile, ...], tuple[InputFile, ...], IgnoreList]:
    """The files of posts and of accounts, and the hashtags to ignore."""
    posts = find_files(POSTS, config.posts, quoting=config.quoting)
    accounts = find_files(ACCOUNTS, config.accounts, quoting=config.quoting)
    return posts, accounts, IgnoreList.read(config.ignore_hashtags)


@dataclasses.dataclass(frozen=True)
class _Accounts:
    """What the driver has made of the accounts: the file that the tasks map, and where the rows went."""

    table: str
    counts: AccountCounts
    examples: dict[str, list[str]]
    rejects: FileEntry | None


def _read_accounts(files: tuple[InputFile, ...], config: JobConfig, publication: Publication) -> _Accounts:
    with RejectLog(publication.output, publication.data_path("rejects")) as log:
        read = read_accounts(files, fold=config.fold, rejects=log)
        path = str(publication.work / "accounts.arrow")
        read.table.write(path)
        examples = {reason.value: rows for reason, rows in log.examples.items()}
        return _Accounts(path, read.counts, examples, log.close())


class _Run:
    """The stages of one run in their order."""

    def __init__(
        self, config: JobConfig, progress: Progress, context: SparkContext, execution: Execution, accounts: _Accounts
    ) -> None:
        self._config, self._progress, self._execution = config, progress, execution
        self._context, self._accounts = context, accounts

    def plan(self) -> list[str]:
        """Count only, and say what comparing would take."""
        return self._forecast(*self._grouped())

    def _forecast(self, posts: PostsReport, groups: list[GroupReport]) -> list[str]:
        counts = summary.counts(self._accounts.counts, posts, groups, CompareReport())
        past = dict(self._progress.seconds)
        with self._progress.stage("estimate"):
            known = self._accounts.table, self._execution.work, groups, counts
            return planned(self._config, *known, cores=self._execution.cores, seconds=past)

    def _grouped(self) -> tuple[PostsReport, list[GroupReport]]:
        """Stages 1 to 3, as far as what is there to compare is known."""
        with self._progress.stage("scan", self._context):
            posts = self._execution.scan()
            damaged = posts.damaged()
            shown = {reason: posts.examples[reason] for reason in damaged}
            check_rejects(self._config, "posts", posts.rows, sum(damaged.values()), shown)
        with self._progress.stage("group", self._context):
            return posts, self._execution.group(posts.partitions)

    def snapshot(self, publication: Publication) -> tuple[manifests.Counts, manifests.Recall | None, list[FileEntry]]:
        """Write all data files; returns what they hold, and which they are."""
        progress, context, execution = self._progress, self._context, self._execution
        posts, groups = self._grouped()
        if self._config.max_candidates is not None:
            self._forecast(posts, groups)
        with progress.stage("group", context):
            hashtags, listed = execution.list_hashtags(groups)
        with progress.stage("compare", context):
            compared = execution.compare(groups)
        with progress.stage("write", context):
            written = execution.write(compared.tasks)
            table = hashtags.publish(publication, _pairs_of(hashtags, written))
        files = [table, *posts.rejects, *(group.members for group in groups if group.members)]
        files += [file for report in (*listed, *written) for file in report.files]
        files += [self._accounts.rejects] if self._accounts.rejects else []
        counts = summary.counts(self._accounts.counts, posts, groups, compared)
        return counts, summary.recall(self._config, compared), files


def _pairs_of(hashtags: HashtagTable, written: list[WriteReport]) -> npt.NDArray[np.int64]:
    """int64[n]: similar pairs of each hashtag."""
    pairs: npt.NDArray[np.int64] = np.zeros(len(hashtags), np.int64)
    for number, count in itertools.chain.from_iterable(report.pairs for report in written):
        pairs[number] = count
    return pairs
