"""The estimate of similar pairs alone, against counting them."""

import dataclasses
import random

import numpy as np
import pytest

from jobs.inputs.accounts.table import AccountTable
from jobs.planning import pairs
from jobs.planning.identical import identical_pairs, shared_names
from jobs.planning.pairs import PairsEstimator
from jobs.stages.group.groups import Groups
from lookalike.kernel import prefix_blocks, similar_pairs_of_groups

from .test_estimate import THRESHOLD, bucket, crowd, made_names, table_of

PLENTY = 10**12


@pytest.fixture(scope="module")
def table() -> AccountTable:
    names = made_names(12_000, seed=1)
    return table_of(names[:11_000] + names[:1000])  # 1,000 have a name twice


@pytest.fixture(scope="module")
def groups() -> Groups:
    return bucket(crowd(12_000))


def some_fresh(groups: Groups, share: float) -> Groups:
    fresh = np.random.default_rng(7).random(len(groups.members)) < share
    return dataclasses.replace(groups, fresh=fresh)


def found(table: AccountTable, groups: Groups, prefix_length: int | None = None) -> tuple[int, int]:
    """Pairs of identical and of other similar names."""
    members, starts = groups.members, groups.starts
    if prefix_length is not None:
        members, starts, _ = prefix_blocks(table.names, members, starts, prefix_length)
    batches = [
        batch.distance
        for batch in similar_pairs_of_groups(table.names, THRESHOLD, members, starts, fresh=groups.fresh)
    ]
    distances = np.concatenate(batches)
    return int((distances == 0).sum()), int((distances > 0).sum())


@pytest.mark.parametrize("share", [None, 0.0, 0.01, 0.5, 1.0])
def test_identical_names_are_counted_exactly(table: AccountTable, groups: Groups, share: float | None) -> None:
    if share is not None:
        groups = some_fresh(groups, share)
    counted = int(identical_pairs(groups, shared_names(table.names, len(table))).sum())
    assert counted == (found(table, groups)[0] if share != 0 else 0)


def test_names_that_one_account_has_are_not_shared() -> None:
    table = table_of(["anna", "bert", "anna", "carl", "bert", "anna"])
    kinds = shared_names(table.names, len(table))
    assert (kinds >= 0).tolist() == [True, True, True, False, True, True]
    assert kinds[0] == kinds[2] == kinds[5] != kinds[1] == kinds[4]
    assert shared_names(table.names, 2).tolist() == [-1] * 6  # the others are earlier names
    assert shared_names(table_of(["anna"]).names, 1).tolist() == [-1]


@pytest.mark.parametrize(("share", "prefix_length"), [(None, None), (0.02, None), (0.5, None), (None, 3)])
def test_a_sample_tells_about_how_many_pairs_there_are(
    table: AccountTable,
    groups: Groups,
    monkeypatch: pytest.MonkeyPatch,
    share: float | None,
    prefix_length: int | None,
) -> None:
    monkeypatch.setattr(pairs, "_MEMBERS", 1500)
    if share is not None:
        groups = some_fresh(groups, share)
    identical, others = found(table, groups, prefix_length)
    estimate = PairsEstimator(table, THRESHOLD, prefix_length).estimate([groups], PLENTY)
    assert estimate.identical == identical
    assert others / 1.5 < estimate.others < others * 1.5
    assert estimate.others != others


@pytest.mark.parametrize("share", [None, 0.3])
def test_without_a_limit_to_the_sample_nothing_is_left_to_chance(
    table: AccountTable, groups: Groups, monkeypatch: pytest.MonkeyPatch, share: float | None
) -> None:
    monkeypatch.setattr(pairs, "_MEMBERS", 12_000)
    monkeypatch.setattr(pairs, "_PART", PLENTY)  # every hashtag is certain
    if share is not None:
        groups = some_fresh(groups, share)
    estimate = PairsEstimator(table, THRESHOLD, None).estimate([groups], PLENTY)
    assert (estimate.identical, round(estimate.others)) == found(table, groups)


def test_near_a_limit_a_larger_sample_decides(
    table: AccountTable, groups: Groups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "_MEMBERS", 200)
    monkeypatch.setattr(pairs, "_MORE_MEMBERS", 12_000)
    identical, others = found(table, groups)
    for allowed, exceeds in ((round((identical + others) / 1.2), False), (round((identical + others) / 2), True)):
        estimate = PairsEstimator(table, THRESHOLD, None).estimate([groups], allowed)
        assert estimate.exceeds(allowed) == exceeds


def test_a_few_pairs_that_are_in_the_sample_by_chance_exceed_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    names = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=12)) for _ in range(3000)]
    table, groups = table_of([*names, *(f"{name[:-1]}0" for name in names[:20])]), bucket({"all": list(range(3020))})
    assert found(table, groups) == (0, 20)
    monkeypatch.setattr(pairs, "_MORE_MEMBERS", 1024)
    seen = []
    for seed in range(20):
        monkeypatch.setattr(pairs, "_SEED", seed)
        samples = PairsEstimator(table, THRESHOLD, None)
        assert not samples.estimate([groups], 15).exceeds(15)
        monkeypatch.setattr(pairs, "_SURELY", 0)
        seen.append(samples.estimate([groups], 15).exceeds(15))
        monkeypatch.setattr(pairs, "_SURELY", 3)
    assert any(seen)


def test_many_hashtags_of_which_each_is_small_are_drawn() -> None:
    rng = random.Random(3)
    table = table_of([f"maga_eagle_{number:04}" for number in range(2000)])
    groups = bucket({f"tag{n:04}": sorted(rng.sample(range(2000), rng.randint(1, 30))) for n in range(3000)})
    others = found(table, groups)[1]
    estimate = PairsEstimator(table, THRESHOLD, None).estimate([groups], 2 * others)
    assert others / 1.1 < estimate.others < others * 1.1


def test_no_hashtags_have_no_pairs() -> None:
    table = table_of(["anna", "bert"])
    for buckets in ([], [bucket({})], [bucket({"alone": [1]})]):
        assert PairsEstimator(table, THRESHOLD, None).estimate(buckets, 0) == pairs.PairsEstimate(0, 0.0)
