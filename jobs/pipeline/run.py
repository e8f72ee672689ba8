"""A run from its options to a published snapshot."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from jobs.exchange.worker import ACCOUNTS_FILE
from jobs.inputs.tables import ACCOUNTS, POSTS
from jobs.options.config import JobConfig
from jobs.pipeline.accounts import ReadAccounts, are_few, read_accounts, read_by_tasks
from jobs.pipeline.choose import choose_strategy, known_posts, read_live
from jobs.pipeline.destination import open_destination
from jobs.pipeline.gate import check_rejects, check_result
from jobs.pipeline.inputs import Inputs, needs_spark
from jobs.pipeline.make import make_snapshot, plan_lines
from jobs.pipeline.manifest import make_manifest
from jobs.pipeline.plausible import about_files, warn_of
from jobs.pipeline.verification import verify
from jobs.reporting.progress import Progress
from jobs.reporting.terminal import print_lines, printable
from jobs.spark.choose import choose_runner, work_place
from jobs.spark.engine import Engine
from jobs.spark.failures import user_errors
from jobs.stages.write.check import CheckBuckets
from jobs.strategy.context import RunContext
from jobs.strategy.shared import TASKS_PER_CORE
from jobs.strategy.strategy import Strategy
from lookalike.outputs.opening import open_output
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.publisher import begin
from lookalike.snapshots.reader import Snapshot


def run_job(config: JobConfig, start: Callable[[], Future[Engine]], progress: Progress) -> Manifest | None:
    """Do a run, or plan one. Returns the manifest of the published snapshot; None for a plan.

    start: starts Spark; it is called once the run has the lock of the output. Raises JobError for what the user can
    correct; nothing is published then.
    """
    inputs = Inputs.find(config)
    with (
        open_destination(config) as place,
        begin(place, config.wait) as publication,
        ThreadPoolExecutor(1) as pool,
        user_errors(publication.disk),
    ):
        if config.wait:
            inputs = Inputs.find(config)  # there may be more files now
        live, without = read_live(config, open_output(place))
        starting = start()
        by_spark = any(needs_spark(config, table) for table in (POSTS, ACCOUNTS))

        def begin_reading() -> tuple[Strategy, Future[ReadAccounts] | None]:
            """Choose a strategy, and begin to read the accounts if they are few."""
            strategy = choose_strategy(config, inputs, live, without)
            if not are_few(inputs.accounts):
                return strategy, None
            return strategy, pool.submit(read_accounts, inputs.accounts, config, publication, strategy)

        if not by_spark:
            inputs = inputs.as_in(config, live)
            strategy, reading = begin_reading()
        with progress.stage("start"):
            engine = starting.result()
        with _stopped_after_an_error(engine):
            spark = choose_runner(engine, config.exchange, publication.work)
            with work_place(spark, config.output, publication) as work:
                if by_spark:
                    with progress.stage("tables", engine):
                        known = known_posts(config, inputs, live)
                        inputs = inputs.with_rows_of_spark(config, work, known).as_in(config, live)
                    strategy, reading = begin_reading()
                if reading is not None:
                    with progress.stage("accounts"):
                        accounts = reading.result()
                        _give_back_memory()
                        _check_accounts(config, accounts, strategy)
                work.take_over()
                if reading is None:
                    with progress.stage("accounts", engine):
                        accounts = read_by_tasks(inputs.accounts, config, publication, strategy, work, spark)
                        _check_accounts(config, accounts, strategy)
                run = RunContext(
                    config=config,
                    ignored=inputs.ignored,
                    publication=publication,
                    work=work,
                    accounts=work / ACCOUNTS_FILE,
                    spark=spark,
                    progress=progress,
                )
                if config.plan:
                    lines = plan_lines(run, accounts)
                    print_lines([f"Plan for {printable(str(config.output))}: nothing was written", "", *lines])
                    return None
                return _publish(run, accounts, live)


def _check_accounts(config: JobConfig, accounts: ReadAccounts, strategy: Strategy) -> None:
    """Print what is odd of the input so far. Raises QualityGateError. strategy: that was chosen."""
    warn_of(config, (*about_files(strategy.posts, config), *accounts.warnings))
    damaged = sum(accounts.counts.rejected.values())
    check_rejects(config, "accounts", accounts.counts.rows, damaged, accounts.examples)


@contextlib.contextmanager
def _stopped_after_an_error(engine: Engine) -> Iterator[None]:
    """Stop Spark after an error."""
    try:
        yield
    except BaseException:
        engine.abandon()
        raise


def _give_back_memory() -> None:
    """Give the system back what the accounts took while they were read.

    The C library of most Linux systems keeps much of what is freed by a thread: 90 bytes for each account.
    """
    with contextlib.suppress(AttributeError, OSError):  # other libraries have no such function
        ctypes.CDLL(None).malloc_trim(0)


def _publish(run: RunContext, accounts: ReadAccounts, live: Manifest | None) -> Manifest:
    """Make the snapshot, check it and make it live."""
    config, progress = run.config, run.progress
    made = make_snapshot(run, accounts)
    manifest = make_manifest(run, accounts.inputs, made)
    check_result(config, manifest, live)
    if config.verify:
        with progress.stage("verify"):
            checked = verify(Snapshot(open_output(run.output), manifest), config.verify)
        manifest = manifest.model_copy(update={"verification": checked, "seconds": dict(progress.seconds)})
    with progress.stage("publish"):
        run.publication.publish(manifest, partial(_check_buckets, run))
        run.spark.engine.stop()
    return manifest


def _check_buckets(run: RunContext) -> None:
    """Check a snapshot before it is published; see CheckBuckets."""
    buckets = run.config.buckets
    check = CheckBuckets(run.output, run.snapshot)
    run.spark.do(check, count=buckets, tasks=min(buckets, TASKS_PER_CORE * run.spark.cores))
