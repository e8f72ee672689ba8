"""From the accounts that were read to the data files of a snapshot: the stages in their order."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from jobs.exchange.reports import CompareReport, GroupReport, PostsReport, WriteReport, damage
from jobs.exchange.worker import accounts_table
from jobs.inputs.tables import POSTS
from jobs.inputs.text.evidence import MisreadError, check_evidence, quoting_of
from jobs.pipeline.accounts import ReadAccounts
from jobs.pipeline.choose import warn_of_full_run
from jobs.pipeline.gate import check_candidates, check_rejects, too_many_pairs
from jobs.pipeline.howread import how_read
from jobs.pipeline.inputs import copied_posts, find_table
from jobs.pipeline.manifest import Made, count_all, origin_of, recall_of, with_rows
from jobs.pipeline.plausible import about_hashtags, about_posts, warn_of
from jobs.planning.forecast import describe_forecast, forecast, forecast_pairs
from jobs.spark.failures import user_errors
from jobs.stages.group.hashtagtable import HashtagTable
from jobs.strategy.context import RunContext
from jobs.strategy.full import FullStrategy
from jobs.strategy.pairlimit import PairLimit, check_room
from jobs.strategy.strategy import FallBack, Stages, Strategy, falling_back_on_damage
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.origin import Origin

Outcome = TypeVar("Outcome")


def plan_lines(run: RunContext, accounts: ReadAccounts) -> list[str]:
    """Count only, and say what comparing would take."""
    return _starting_over(run, accounts, lambda strategy, stages: _plan(run, accounts, strategy, stages))


def make_snapshot(run: RunContext, accounts: ReadAccounts) -> Made:
    """Write all data files, or name those of earlier snapshots."""
    return _starting_over(run, accounts, lambda strategy, stages: _make(run, accounts, strategy, stages))


def _starting_over(run: RunContext, accounts: ReadAccounts, do: Callable[[Strategy, Stages], Outcome]) -> Outcome:
    """Do something, and again in full if the strategy falls back, or finds damage in a snapshot that it builds on.

    Also as long as rows contradict how the files of posts are read; MisreadError if they contradict every way.
    """
    strategy, start = accounts.strategy, accounts.start_stages
    tried = {quoting_of(strategy.posts)}
    while True:
        if any(file.unread for file in strategy.posts) and strategy.mode.base is None:
            with run.progress.stage("tables", run.spark.engine):
                strategy = FullStrategy.of(copied_posts(run.config, run.work), strategy.mode.reason)
            start = strategy.start
        warn_of_full_run(run.config, strategy)
        try:
            # A task may be what finds the damage.
            with falling_back_on_damage(strategy.mode), user_errors(run.publication.disk):
                return do(strategy, start(run))
        except FallBack as reason:
            full = FullStrategy.of(strategy.posts, str(reason))
        except MisreadError as error:
            posts = find_table(run.config, POSTS, error.untried(tried))
            mode = strategy.mode
            full = FullStrategy.of(posts, mode.reason if mode.name == "full" else error.reason)
        strategy, start = full, full.start


def _plan(run: RunContext, accounts: ReadAccounts, strategy: Strategy, stages: Stages) -> list[str]:
    posts, groups = _group(run, strategy, stages)
    _check_pairs(run, accounts, strategy, posts, groups)
    return _estimate(run, accounts, posts, groups)


def _make(run: RunContext, accounts: ReadAccounts, strategy: Strategy, stages: Stages) -> Made:
    posts, groups = _group(run, strategy, stages)
    _check_pairs(run, accounts, strategy, posts, groups)
    if run.config.max_candidates is not None and not stages.limits_candidates:
        _estimate(run, accounts, posts, groups)
    origin = origin_of(run, strategy)
    files, compared = _compare(run, stages, posts, groups, origin)
    files += accounts.files
    counts = stages.total(count_all(accounts.counts, accounts.names, posts, groups, compared))
    if run.config.identical == "group":
        counts = with_rows(counts, groups, compared)
    odd = {"created_at": next(iter(posts.odd_dates), None), "is_repost": next(iter(posts.odd_flags), None)}
    read = {
        "posts": how_read(POSTS, strategy.posts, posts.quotes, run.config, odd),
        "accounts": accounts.how_read,
    }
    return Made([*files, *posts.files], origin, counts, read, recall_of(run.config, compared), strategy)


def _group(run: RunContext, strategy: Strategy, stages: Stages) -> tuple[PostsReport, list[GroupReport]]:
    """Stages 1 to 3, as far as what is there to compare is known. Raises QualityGateError and MisreadError."""
    config = run.config
    with run.progress.stage("scan", run.spark.engine):
        posts = stages.scan()
        if config.quoting == "auto":
            check_evidence(POSTS, strategy.posts, posts.quotes)
        warn_of(config, about_posts(posts, strategy.posts, accounts_table(run.accounts), config))
        damaged = posts.damaged()
        shown = {reason: posts.examples[reason] for reason in damaged}
        check_rejects(config, "posts", posts.rows, sum(damaged.values()), shown)
        before = stages.posts_before
        if before is not None:
            total = sum(damaged.values()) + sum(damage(before.rejected).values())
            check_rejects(config, "posts", before.rows + posts.rows, total, shown)
    with run.progress.stage("group", run.spark.engine):
        return posts, stages.group(posts.partitions)


def _check_pairs(
    run: RunContext, accounts: ReadAccounts, strategy: Strategy, posts: PostsReport, groups: Sequence[GroupReport]
) -> None:
    """Raise TooManyPairsError, with a plan, if the comparison would clearly find more pairs than allowed.

    A run that adds to a snapshot raises FallBack instead: one that reads all posts finds at least as many, and its
    plan is of all that there is.
    """
    limit = PairLimit.of(run)
    is_full = strategy.mode.base is None
    at_most = sum(group.pairs_sharing if is_full else group.pairs_compared for group in groups)
    if at_most <= limit.pairs:
        return
    with run.progress.stage("estimate"):
        found = forecast_pairs(run.config, accounts=run.accounts, work=run.work, groups=groups, allowed=limit.pairs)
    if not found.exceeds(limit.pairs):
        return
    if not is_full:
        raise FallBack(f"{found} similar pairs would be added, more than {limit.meaning}")
    raise too_many_pairs(run.config, limit, found, _estimate(run, accounts, posts, groups))


def _estimate(
    run: RunContext, accounts: ReadAccounts, posts: PostsReport, groups: Sequence[GroupReport]
) -> list[str]:
    """The estimate in lines. Raises TooManyCandidatesError if it is above --max-candidates."""
    counts = count_all(accounts.counts, accounts.names, posts, groups, CompareReport())
    past = dict(run.progress.seconds)
    with run.progress.stage("estimate"):
        estimate = forecast(run.config, accounts=run.accounts, work=run.work, groups=groups)
        lines = describe_forecast(run.config, estimate, counts, cores=run.spark.cores, seconds=past)
        check_candidates(run.config, estimate.candidates, lines)
        return lines


def _compare(
    run: RunContext, stages: Stages, posts: PostsReport, groups: Sequence[GroupReport], origin: Origin
) -> tuple[list[FileEntry], CompareReport]:
    """Stages 4 and 5; the files of all tables but those of the posts, and all similar pairs counted."""
    progress, engine = run.progress, run.spark.engine
    with progress.stage("group", engine):
        hashtags, listed = stages.list_hashtags(groups)
        warn_of(run.config, about_hashtags(hashtags, posts.used))
    with progress.stage("compare", engine):
        compared = stages.compare(groups)
        if run.publication.disk != run.publication.work:  # the output is a folder
            check_room(compared, run.publication.disk)
    with progress.stage("write", engine):
        written = stages.write(compared.tasks)
        pairs = _pairs_of(hashtags, written)
        table = hashtags.publish(run.publication, pairs, origin)
    files = [table, *(file for group in groups for file in group.files)]
    files += [file for report in (*listed, *written) for file in report.files]
    return files, dataclasses.replace(compared, similar=int(pairs.sum()), sent=compared.similar)


def _pairs_of(hashtags: HashtagTable, written: list[WriteReport]) -> npt.NDArray[np.int64]:
    """int64[n]: similar pairs of each hashtag."""
    pairs: npt.NDArray[np.int64] = np.zeros(len(hashtags), np.int64)
    for number, count in itertools.chain.from_iterable(report.pairs for report in written):
        pairs[number] = count
    return pairs
