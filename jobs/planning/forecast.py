"""An estimate of what the rest of a run takes, made once its hashtags are grouped."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from jobs.exchange.reports import GroupReport
from jobs.exchange.worker import accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.options.config import JobConfig
from jobs.planning.describe import estimate_lines, time_lines
from jobs.planning.estimate import Estimate, Estimator, Everyone
from jobs.planning.pairs import PairsEstimate, PairsEstimator
from jobs.stages.compare.order import cheaper_names_order
from jobs.stages.compare.plan import plan_units
from jobs.stages.group.groups import Groups
from lookalike.snapshots.counts import Counts

# Seconds of one core. On 1M posts of bench/generate.py (1.65M memberships, 107k pairs) a run took 2.1 s of processor
# time more than a plan, without the comparison, and 0.7 s for the check before publishing.
_WRITTEN_MEMBERSHIP, _WRITTEN_PAIR, _CHECKED_MEMBERSHIP = 1.1e-6, 3e-6, 0.4e-6


def forecast(config: JobConfig, *, accounts: WorkFile, work: WorkPlace, groups: Sequence[GroupReport]) -> Estimate:
    """The estimate for the groups in the work folder, in the order of work that the comparison would take.

    accounts: the file of the table of accounts. It takes the driver a few seconds of one core at most.
    """
    table, threshold = accounts_table(accounts), config.min_similarity
    buckets = [Groups.open(work, group.bucket) for group in groups]
    everyone = None
    if config.blocking == "lossless" and config.identical == "pairs":
        units = plan_units(groups, threshold, config.block_size)
        find_users = functools.partial(_users, buckets, len(table))
        names = cheaper_names_order(units, table.names, find_users, threshold, config.block_size)
        if names is not None:
            everyone = Everyone(members=names.users, cost=names.cost)
    estimator = Estimator(accounts=table, threshold=threshold, prefix_length=_prefix_length(config), fold=config.fold)
    return estimator.estimate(buckets, everyone)


def forecast_pairs(
    config: JobConfig, *, accounts: WorkFile, work: WorkPlace, groups: Sequence[GroupReport], allowed: int
) -> PairsEstimate:
    """Only the similar pairs that comparing the groups in the work folder finds, well enough to tell if too many."""
    estimator = PairsEstimator(accounts_table(accounts), config.min_similarity, _prefix_length(config))
    return estimator.estimate([Groups.open(work, group.bucket) for group in groups], allowed)


def describe_forecast(
    config: JobConfig, estimate: Estimate, counts: Counts, *, cores: int, seconds: Mapping[str, float]
) -> list[str]:
    """The estimate as lines of text, with the time.

    counts: of what was read. cores: that the comparison would have. seconds: that each stage so far has taken.
    """
    similarity = str(config.min_similarity)
    lines = estimate_lines(counts, estimate, blocking=config.blocking, min_similarity=similarity)
    return [*lines, "", *time_lines(seconds, seconds_to_come(estimate, counts.memberships, cores))]


def seconds_to_come(estimate: Estimate, memberships: int, cores: int) -> dict[str, float]:
    """Estimated seconds of the stages after grouping, by name.

    compare: the cost model of stages.plan, whose constants were measured on one machine, shared evenly by all cores.
    write: by the rows that are written, which are members and pairs with their copies by account. publish: by the
    rows that are checked. Their constants were measured in the same way. On other machines half or twice as much is
    normal.
    """
    rows = memberships * _WRITTEN_MEMBERSHIP + estimate.similar_pairs * _WRITTEN_PAIR
    checked = memberships * _CHECKED_MEMBERSHIP / min(cores, 4)  # threads of snapshots.validate
    return {"compare": estimate.cost / cores, "write": rows / cores, "publish": checked}


def _prefix_length(config: JobConfig) -> int | None:
    return config.prefix_length if config.blocking == "prefix" else None


def _users(buckets: Sequence[Groups], accounts: int) -> npt.NDArray[np.uint32]:
    """The accounts that used a hashtag, ascending."""
    used = np.zeros(accounts, bool)
    for groups in buckets:
        used[groups.members] = True
    return np.flatnonzero(used).astype(np.uint32)
