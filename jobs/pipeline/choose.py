"""The one place that chooses between a full and an incremental run."""

from __future__ import annotations

import sys

from jobs.incremental.decide import find_new_posts
from jobs.incremental.strategy import IncrementalStrategy
from jobs.options.config import JobConfig
from jobs.pipeline.inputs import Inputs
from jobs.reporting.terminal import printable
from jobs.strategy.full import FullStrategy
from jobs.strategy.strategy import FallBack, Strategy
from lookalike.snapshots.manifest import Manifest


def choose_strategy(config: JobConfig, inputs: Inputs, live: Manifest | None) -> Strategy:
    """Choose by the options, and by what the live snapshot was made from, and how."""
    if config.mode == "full" or config.plan:
        return FullStrategy.of(inputs.posts, "asked for")
    try:
        return IncrementalStrategy(find_new_posts(config, inputs.ignored, live, inputs.posts))
    except FallBack as reason:
        return FullStrategy.of(inputs.posts, str(reason))


def warn_of_full_run(config: JobConfig, strategy: Strategy) -> None:
    """Print a warning if all posts are read although an incremental run was asked for."""
    mode = strategy.mode
    if config.mode == "incremental" and mode.name == "full":
        print(f"warning: the job reads all posts: {printable(mode.reason)}", file=sys.stderr)
