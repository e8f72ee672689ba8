"""The one place that chooses between a full and an incremental run."""

from __future__ import annotations

import sys

from jobs.incremental import decide
from jobs.incremental.strategy import IncrementalStrategy
from jobs.options.config import JobConfig
from jobs.pipeline.inputs import Inputs
from jobs.reporting.terminal import printable
from jobs.strategy.full import FullStrategy
from jobs.strategy.strategy import FallBack, Strategy
from lookalike.errors import SnapshotError
from lookalike.outputs.interface import Output
from lookalike.snapshots.history import live_manifest
from lookalike.snapshots.manifest import InputRecord, Manifest


def read_live(config: JobConfig, output: Output) -> tuple[Manifest | None, str]:
    """The live snapshot's manifest, and why there is none. Warns if there is one that is damaged.

    Raises StoreError if an object store fails.
    """
    if config.plan:
        return None, "a plan builds on nothing"
    try:
        return live_manifest(output), "there is no live snapshot to build on"
    except SnapshotError as error:
        if not error.is_damage:
            raise
        reason = f"the live snapshot cannot be read: {error}"
        print(f"warning: {printable(reason)}. Counts are not compared with it.", file=sys.stderr)
        return None, reason


def known_posts(config: JobConfig, inputs: Inputs, live: Manifest | None) -> tuple[InputRecord, ...]:
    """The posts of the live snapshot that need not be read again if they are still the same."""
    if config.mode == "full" or config.plan or live is None:
        return ()
    return decide.known_posts(config, inputs.ignored, live)


def choose_strategy(config: JobConfig, inputs: Inputs, live: Manifest | None, without: str) -> Strategy:
    """Choose by the options, and by what the live snapshot was made from, and how. without: why there is none."""
    if config.mode == "full" or config.plan:
        return FullStrategy.of(inputs.posts, "asked for")
    if live is None:
        return FullStrategy.of(inputs.posts, without)
    try:
        return IncrementalStrategy(decide.find_new_posts(config, inputs.ignored, live, inputs.posts))
    except FallBack as reason:
        return FullStrategy.of(inputs.posts, str(reason))


def warn_of_full_run(config: JobConfig, strategy: Strategy) -> None:
    """Print a warning if all posts are read although an incremental run was asked for."""
    mode = strategy.mode
    if config.mode == "incremental" and mode.name == "full":
        print(f"warning: the job reads all posts: {printable(mode.reason)}", file=sys.stderr)
