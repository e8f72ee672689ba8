"""A run from its options to a published snapshot."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from pyspark import SparkContext

from jobs.incremental.decide import decide
from jobs.inputs.files import find_files
from jobs.inputs.tables import ACCOUNTS, POSTS, InputFile
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from jobs.pipeline import summary
from jobs.pipeline.driveraccounts import read_all
from jobs.pipeline.execution import check_buckets
from jobs.pipeline.gate import check_rejects, check_result
from jobs.pipeline.making import Making
from jobs.pipeline.verification import verify
from jobs.pipeline.workplace import workplace
from jobs.reporting.progress import Progress
from jobs.reporting.terminal import print_lines, printable
from jobs.spark.failures import user_errors
from jobs.spark.session import stop_spark
from lookalike import __version__
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots import manifest as manifests
from lookalike.snapshots.history import live_manifest
from lookalike.snapshots.publisher import begin
from lookalike.snapshots.reader import Snapshot


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
        live = None if config.plan else live_manifest(FolderOutput(place.folder))
        decision = decide(config, ignored, live, posts)
        spark = start()
        reading = pool.submit(read_all, accounts, config, publication, decision)
        with progress.stage("start"):
            context = spark.result()
        try:
            with progress.stage("accounts"):
                read = reading.result()
                damaged = sum(read.counts.rejected.values())
                check_rejects(config, "accounts", read.counts.rows, damaged, read.examples)
            making = Making(config, ignored, progress, context, publication, read)
            if config.plan:
                print_lines([f"Plan for {printable(str(config.output))}: nothing was written", "", *making.plan()])
                return None
            made = making.make()
            manifest = manifests.Manifest(
                id=publication.id,
                created=datetime.now(UTC),
                job_version=__version__,
                floor=config.min_similarity,
                buckets=config.buckets,
                configuration=json.loads(config.model_dump_json()) | {"ignore_hashtags": ignored.record()},
                mode=made.decision.recorded(),
                generation=made.decision.generation,
                inputs=summary.inputs("posts", made.decision.posts) + summary.inputs("accounts", accounts),
                counts=made.counts,
                seconds=progress.seconds,
                recall=made.recall,
                files=summary.files(made.files, publication.id, made.decision.generation),
            )
            check_result(config, manifest, live)
            if config.verify:
                with progress.stage("verify"):
                    checked = verify(Snapshot(FolderOutput(place.folder), manifest), config.verify)
                manifest = manifest.model_copy(update={"verification": checked, "seconds": dict(progress.seconds)})
            with progress.stage("publish"):
                publication.publish(manifest, partial(check_buckets, context, place.folder, config.buckets))
                stop_spark(context)
                place.deliver(manifest)
        except BaseException:
            with contextlib.suppress(Exception):  # Java may have been interrupted in the middle of an answer
                context.stop()  # what it has to say of tasks that are still at work comes before the error
            raise
    return manifest


def _find_inputs(config: JobConfig) -> tuple[tuple[InputFile, ...], tuple[InputFile, ...], IgnoreList]:
    """The files of posts and of accounts, and the hashtags to ignore."""
    posts = find_files(POSTS, config.posts, quoting=config.quoting)
    accounts = find_files(ACCOUNTS, config.accounts, quoting=config.quoting)
    return posts, accounts, IgnoreList.read(config.ignore_hashtags)
