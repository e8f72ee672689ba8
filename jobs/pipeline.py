"""A run from its options to a published snapshot: the stages in their order."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import __version__
from jobs.config import JobConfig
from jobs.failures import user_errors
from jobs.gate import check_rejects
from jobs.hashtagtable import write_hashtags
from jobs.inputs.files import find_files, plan_splits
from jobs.inputs.readaccounts import AccountCounts, read_accounts
from jobs.inputs.rejects import RejectLog
from jobs.inputs.tables import ACCOUNTS, POSTS, InputFile
from jobs.progress import Progress
from jobs.report import print_report
from jobs.session import build_session
from jobs.snapshots import manifest as manifests
from jobs.snapshots.datafiles import FileEntry
from jobs.snapshots.publisher import Publication, begin
from jobs.snapshots.reader import Snapshot
from jobs.stages.blobs import BLOB, REPORT
from jobs.stages.compare import ComparePairs
from jobs.stages.deduplicate import DeduplicatePosts
from jobs.stages.group import GroupMembers
from jobs.stages.plan import TASK_COST, plan_tasks, plan_units
from jobs.stages.reports import CompareReport, GroupReport, PostsReport, WriteReport
from jobs.stages.scan import ScanSplits
from jobs.stages.write import OpenAccountTasks, WriteTables

_SMALLEST_SPLIT, _LARGEST_SPLIT = 8 << 20, 64 << 20  # bytes of input that one task reads
_SAMPLED_HASHTAGS = 5000  # on which a lossy blocking is measured, roughly
_INFLATION = 5  # bytes of text in a byte of compressed input, roughly


def run(config: JobConfig) -> None:
    """Do a run. Raises JobError for what its user can mend; nothing is published then."""
    progress = Progress(shown=config.progress)
    posts = find_files(POSTS, config.posts, quoting=config.quoting)
    accounts = find_files(ACCOUNTS, config.accounts, quoting=config.quoting)
    output = config.output.resolve()
    with begin(output) as publication, ThreadPoolExecutor(1) as pool, user_errors():
        reading = pool.submit(_read_accounts, accounts, config, publication)
        with progress.stage("start"):
            spark = build_session(config)
        try:
            manifest = _Run(config, spark, progress, publication, posts).snapshot(reading, accounts)
        finally:
            pool.submit(spark.stop)  # takes a second, in which the snapshot is checked
        with progress.stage("publish"):
            publication.publish(manifest)
    print_report(Snapshot.open(output, manifest.id), config)


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
    """The Spark stages of one run."""

    def __init__(
        self,
        config: JobConfig,
        spark: SparkSession,
        progress: Progress,
        publication: Publication,
        posts: tuple[InputFile, ...],
    ) -> None:
        self._config, self._spark, self._progress = config, spark, progress
        self._publication, self._posts = publication, posts
        self._cores = spark.sparkContext.defaultParallelism
        text = sum(file.size * (_INFLATION if file.compression else 1) for file in posts)
        self._split_bytes = min(max(text // (4 * self._cores), _SMALLEST_SPLIT), _LARGEST_SPLIT)
        self._tasks = max(self._cores, -(-text // _LARGEST_SPLIT))
        self._group_tasks = min(config.buckets, self._tasks)

    def snapshot(self, reading: Future[_Accounts], account_files: tuple[InputFile, ...]) -> manifests.Manifest:
        """Write all data files, and say what they are."""
        config, progress, context = self._config, self._progress, self._spark.sparkContext
        with progress.stage("accounts"):
            accounts = reading.result()
            damaged = sum(accounts.counts.rejected.values())
            check_rejects(config, "accounts", accounts.counts.rows, damaged, accounts.examples)
        with progress.stage("scan", context):
            usages, posts = self._scan(accounts)
        with progress.stage("group", context):
            memberships, groups = self._group(accounts, usages)
        with progress.stage("compare", context):
            pairs, compared = self._compare(accounts, groups)
        with progress.stage("write", context):
            written = self._write(accounts, memberships, pairs)
            hashtags = write_hashtags(self._publication, groups, written)
        files = [hashtags, *posts.rejects, *(g.members for g in groups), *(f for w in written for f in w.files)]
        return manifests.Manifest(
            id=self._publication.id,
            created=datetime.now(UTC),
            job_version=__version__,
            floor=config.min_similarity,
            buckets=config.buckets,
            configuration=json.loads(config.model_dump_json()),
            inputs=tuple(_record("posts", f) for f in self._posts)
            + tuple(_record("accounts", f) for f in account_files),
            counts=_counts(accounts.counts, posts, groups, compared),
            seconds=progress.seconds,
            recall=_recall(config, compared),
            files=tuple(files + ([accounts.rejects] if accounts.rejects else [])),
        )

    def _scan(self, accounts: _Accounts) -> tuple[DataFrame, PostsReport]:
        """Stages 1 and 2: the usages of hashtags, kept on disk, and what became of the rows."""
        config, publication = self._config, self._publication
        splits = plan_splits(self._posts, self._split_bytes)
        where = (publication.output, publication.id)
        scan = ScanSplits(self._posts, splits, accounts.table, self._tasks, *where, 1)
        deduplicate = DeduplicatePosts(
            self._posts,
            self._tasks,
            config.buckets,
            self._group_tasks,
            config.exclude_reposts,
            *where,
            len(splits) + 1,
        )
        scanned = self._numbers(len(splits)).mapInArrow(scan, BLOB)
        by_id = scanned.repartitionById(self._tasks, "partition")
        usages = by_id.mapInArrow(deduplicate, BLOB).persist(StorageLevel.DISK_ONLY)
        posts = PostsReport.total(PostsReport.from_json(content) for content in _reports(usages))
        damaged = posts.damaged()
        shown = {reason: posts.examples[reason] for reason in damaged}
        check_rejects(config, "posts", posts.rows, sum(damaged.values()), shown)
        return usages, posts

    def _group(self, accounts: _Accounts, usages: DataFrame) -> tuple[DataFrame, list[GroupReport]]:
        """Stage 3: the members of every bucket, written and kept by account; what the buckets hold."""
        publication = self._publication
        group = GroupMembers(
            accounts.table,
            publication.output,
            publication.work,
            publication.id,
            self._config.threshold,
            self._config.block_size,
            TASK_COST,
            self._config.buckets,
            self._group_tasks,
        )
        by_bucket = usages.where(F.col("kind") != REPORT).repartitionById(self._group_tasks, "partition")
        memberships = by_bucket.mapInArrow(group, BLOB).persist(StorageLevel.DISK_ONLY)
        reports = [GroupReport.from_json(content) for content in _reports(memberships)]
        usages.unpersist()
        return memberships, sorted(reports, key=lambda report: report.bucket)

    def _compare(self, accounts: _Accounts, groups: list[GroupReport]) -> tuple[DataFrame, CompareReport]:
        """Stage 4: the similar pairs, kept on disk, and what finding them took."""
        config = self._config
        units = plan_units(groups, config.threshold, config.block_size)
        tasks = tuple(tuple(task) for task in plan_tasks(units, self._cores))
        compare = ComparePairs(
            accounts.table,
            self._publication.work,
            tasks,
            config.threshold,
            config.prefix_length if config.blocking == "prefix" else None,
            max(1, sum(group.hashtags for group in groups) // _SAMPLED_HASHTAGS),
            config.buckets,
            self._group_tasks,
        )
        pairs = self._numbers(len(tasks)).mapInArrow(compare, BLOB).persist(StorageLevel.DISK_ONLY)
        return pairs, CompareReport.total(CompareReport(**content) for content in _reports(pairs))

    def _write(self, accounts: _Accounts, memberships: DataFrame, pairs: DataFrame) -> list[WriteReport]:
        """Stage 5: the pairs of every bucket of hashtags and the tables of every bucket of accounts, written."""
        publication, tasks = self._publication, self._group_tasks
        where = (publication.output, publication.work, publication.id)
        write = WriteTables(accounts.table, *where, self._config.buckets, tasks)
        opened = self._spark.range(0, tasks, 1, 1).mapInArrow(OpenAccountTasks(tasks), BLOB)
        blobs = memberships.union(pairs).where(F.col("kind") != REPORT).union(opened)
        written = blobs.repartitionById(2 * tasks, "partition").mapInArrow(write, BLOB)
        reports = [WriteReport.from_json(content) for content in _reports(written)]
        memberships.unpersist()
        pairs.unpersist()
        return reports

    def _numbers(self, count: int) -> DataFrame:
        """0 to count - 1, each in a partition of its own."""
        return self._spark.range(0, count, 1, max(1, count))


def _reports(blobs: DataFrame) -> list[Any]:
    rows = blobs.where(F.col("kind") == REPORT).select("payload").collect()
    return [json.loads(bytes(row.payload)) for row in rows]


def _record(table: Any, file: InputFile) -> manifests.InputRecord:
    return manifests.InputRecord(
        table=table,
        path=str(Path(file.path).resolve()),
        bytes=file.size,
        modified_ns=file.modified_ns,
        format=file.format,
        compression=file.compression,
        quoting=file.quoting,
    )


def _counts(
    accounts: AccountCounts, posts: PostsReport, groups: list[GroupReport], compared: CompareReport
) -> manifests.Counts:
    return manifests.Counts(
        accounts=manifests.AccountCounts(
            rows=accounts.rows,
            used=accounts.used,
            duplicates=accounts.duplicates,
            rejected={reason.value: count for reason, count in accounts.rejected.items()},
            unreadable_dates=accounts.unreadable_dates,
        ),
        posts=manifests.PostCounts(
            rows=posts.rows,
            used=posts.used,
            without_hashtag=posts.without_hashtag,
            excluded_reposts=posts.excluded_reposts,
            duplicates=posts.duplicates,
            rejected=posts.rejected,
            unreadable_dates=posts.unreadable_dates,
            unreadable_flags=posts.unreadable_flags,
        ),
        memberships=sum(group.memberships for group in groups),
        hashtags=sum(group.hashtags for group in groups),
        pairs_sharing=sum(group.pairs_sharing for group in groups),
        candidates=compared.candidates,
        verified=compared.verified,
        similar_pairs=compared.similar,
    )


def _recall(config: JobConfig, compared: CompareReport) -> manifests.Recall | None:
    if config.blocking == "lossless":
        return None
    return manifests.Recall(
        hashtags=compared.sample_hashtags, pairs=compared.sample_pairs, found=compared.sample_found
    )
