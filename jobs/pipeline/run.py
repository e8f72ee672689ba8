"""A run from its options to a published snapshot."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from pyspark import SparkContext

from jobs.exchange.workfiles import flush_files
from jobs.inputs.tables import ACCOUNTS, POSTS
from jobs.options.config import JobConfig
from jobs.pipeline.accounts import ReadAccounts, read_accounts
from jobs.pipeline.choose import choose_strategy, read_live
from jobs.pipeline.destination import Destination, open_destination
from jobs.pipeline.gate import check_rejects, check_result
from jobs.pipeline.inputs import Inputs, needs_spark
from jobs.pipeline.make import make_snapshot, plan_lines
from jobs.pipeline.manifest import make_manifest
from jobs.pipeline.plausible import about_files, warn_of
from jobs.pipeline.verification import verify
from jobs.reporting.progress import Progress
from jobs.reporting.terminal import print_lines, printable
from jobs.spark.choose import choose_runner
from jobs.spark.failures import user_errors
from jobs.spark.runner import SparkRunner, is_local
from jobs.spark.session import stop_spark
from jobs.stages.write.check import CheckBuckets
from jobs.strategy.context import RunContext
from jobs.strategy.shared import TASKS_PER_CORE
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.publisher import Publication, begin
from lookalike.snapshots.reader import Snapshot


def run_job(config: JobConfig, start: Callable[[], Future[SparkContext]], progress: Progress) -> Manifest | None:
    """Do a run, or plan one. Returns the manifest of the published snapshot; None for a plan.

    start: starts Spark; it is called once the run has the lock of the output. Raises JobError for what the user can
    correct; nothing is published then.
    """
    inputs = Inputs.find(config)
    with (
        open_destination(config) as destination,
        begin(destination.folder, config.wait) as publication,
        ThreadPoolExecutor(1) as pool,
        user_errors(destination.folder),
    ):
        if config.wait:
            inputs = Inputs.find(config)  # there may be more files now
        live, without = read_live(config, FolderOutput(destination.folder))
        spark = start()
        if any(needs_spark(config, table) for table in (POSTS, ACCOUNTS)):
            inputs = _with_rows_of_spark(inputs, config, publication, spark, progress)
        inputs = inputs.as_in(config, live)
        strategy = choose_strategy(config, inputs, live, without)
        reading = pool.submit(read_accounts, inputs.accounts, config, publication, strategy)
        with progress.stage("start"):
            context = spark.result()
        with _stopped_after_an_error(context):
            with progress.stage("accounts"):
                accounts = reading.result()
                damaged = sum(accounts.counts.rejected.values())
                warn_of(config, (*about_files(strategy.posts, config), *accounts.warnings))
                check_rejects(config, "accounts", accounts.counts.rows, damaged, accounts.examples)
            if not is_local(context):
                flush_files(publication.work)
            run = RunContext(
                config=config,
                ignored=inputs.ignored,
                publication=publication,
                accounts=accounts.table,
                spark=choose_runner(context, config.exchange, publication.work),
                progress=progress,
            )
            if config.plan:
                lines = plan_lines(run, accounts)
                print_lines([f"Plan for {printable(str(config.output))}: nothing was written", "", *lines])
                return None
            return _publish(run, accounts, live, destination)


def _with_rows_of_spark(
    inputs: Inputs, config: JobConfig, publication: Publication, spark: Future[SparkContext], progress: Progress
) -> Inputs:
    """The input with what only Spark can read."""
    with progress.stage("start"):
        context = spark.result()
    with _stopped_after_an_error(context), progress.stage("tables", context):
        if not is_local(context):
            flush_files(publication.work)
        return inputs.with_rows_of_spark(config, publication.work)


@contextlib.contextmanager
def _stopped_after_an_error(context: SparkContext) -> Iterator[None]:
    """Stop Spark before an error is printed: what it says of tasks that are still running comes first."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # Java may have been interrupted in the middle of an answer
            context.stop()
        raise


def _publish(run: RunContext, accounts: ReadAccounts, live: Manifest | None, destination: Destination) -> Manifest:
    """Make the snapshot, check it and make it live."""
    config, progress = run.config, run.progress
    made = make_snapshot(run, accounts)
    manifest = make_manifest(run, accounts.inputs, made)
    check_result(config, manifest, live)
    if config.verify:
        with progress.stage("verify"):
            checked = verify(Snapshot(FolderOutput(destination.folder), manifest), config.verify)
        manifest = manifest.model_copy(update={"verification": checked, "seconds": dict(progress.seconds)})
    with progress.stage("publish"):
        run.publication.publish(manifest, partial(_check_buckets, run.spark, run.publication, config.buckets))
        stop_spark(run.spark.context)
        destination.deliver(manifest)
    return manifest


def _check_buckets(spark: SparkRunner, publication: Publication, buckets: int, manifest: Path) -> None:
    """Check a snapshot before it is published; see CheckBuckets."""
    check = CheckBuckets(publication.output, manifest)
    spark.do(check, count=buckets, tasks=min(buckets, TASKS_PER_CORE * spark.cores))
