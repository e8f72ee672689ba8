import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.exchange.reports import GroupReport, LargeHashtag
from jobs.stages.compare.plan import TASK_COST, Unit, plan_tasks, plan_units, ranges_of
from jobs.stages.costs import cost_of_group
from lookalike.kernel import SMALL_GROUP, Threshold

THRESHOLD = Threshold.parse("0.8")
LENGTHS = st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any)


def large(lengths: list[int]) -> LargeHashtag:
    return LargeHashtag(7, sum(lengths), lengths)


def unit(cost: float, number: int = 0) -> Unit:
    return Unit(0, number, number + 1, 0, 0, cost)


def bucket(number: int, **parts: Any) -> GroupReport:
    return GroupReport(number, 0, 0, 0, parts.get("small", []), parts.get("large", []))


@given(LENGTHS, st.integers(1, 60), st.sampled_from(["0.8", "1", "0.3", "0.000000001"]))
def test_the_ranges_of_a_hashtag_cover_its_names_once_and_in_order(
    lengths: list[int], block_size: int, threshold: str
) -> None:
    ranges = ranges_of(large(lengths), Threshold.parse(threshold), block_size)
    places = [place for begin, end, _ in ranges for place in range(begin, end)]
    assert places == list(range(sum(lengths)))
    assert len(ranges) <= -(-sum(lengths) // block_size)


def test_a_hashtag_that_nobody_used_has_no_ranges() -> None:
    assert ranges_of(large([]), Threshold.parse("0.8"), 10) == []


def test_ranges_are_of_like_cost_not_of_like_size() -> None:
    # Long names have more shorter ones within reach.
    ranges = ranges_of(large([0] * 5 + [10_000_000] * 6), THRESHOLD, 10_000_000)
    sizes = [end - begin for begin, end, _ in ranges]
    assert len(sizes) == 6
    assert sizes[0] > sizes[-1]


@given(LENGTHS, st.integers(1, 60), st.sampled_from(["0.8", "1", "0.3"]), st.integers(0, 2**30), st.floats(0.01, 1))
def test_the_ranges_of_a_hashtag_with_fresh_members_cover_its_names_once_and_in_order(
    lengths: list[int], block_size: int, threshold: str, seed: int, share: float
) -> None:
    fresh = np.random.default_rng(seed).binomial(lengths, share).tolist()
    hashtag = LargeHashtag(7, sum(lengths), lengths, fresh)
    ranges = ranges_of(hashtag, Threshold.parse(threshold), block_size)
    places = [place for begin, end, _ in ranges for place in range(begin, end)]
    assert places == (list(range(sum(lengths))) if any(fresh) else [])
    assert len(ranges) <= -(-sum(lengths) // block_size)


def test_a_hashtag_with_few_fresh_members_is_cut_into_fewer_ranges_of_less_cost() -> None:
    lengths = [0] * 8 + [1_000_000] * 8
    whole = ranges_of(large(lengths), THRESHOLD, 100_000)
    some = ranges_of(LargeHashtag(7, 8_000_000, lengths, [n // 100 for n in lengths]), THRESHOLD, 100_000)
    assert len(some) < len(whole) / 3
    assert sum(cost for _, _, cost in some) < sum(cost for _, _, cost in whole) / 3


def test_every_hashtag_of_every_bucket_is_planned() -> None:
    reports = [
        bucket(3, small=[(0, 7, 0.5), (8, 12, 0.25)], large=[large([0, 30, 70])]),
        bucket(5, small=[(0, 1, 0.125)]),
        bucket(6),
    ]
    units = plan_units(reports, THRESHOLD, 50)
    whole = [(one.bucket, one.first, one.last, one.cost) for one in units if one.begin == one.end]
    assert whole == [(3, 0, 7, 0.5), (3, 8, 12, 0.25), (5, 0, 1, 0.125)]
    parts = [one for one in units if one.begin < one.end]
    assert [(one.bucket, one.first, one.last) for one in parts] == [(3, 7, 8)] * 2
    assert [place for one in parts for place in range(one.begin, one.end)] == list(range(100))


@given(st.lists(st.floats(1e-9, 10), max_size=40), st.integers(1, 16))
def test_every_unit_is_in_one_task_and_no_task_is_empty(costs: list[float], cores: int) -> None:
    units = [unit(cost, number) for number, cost in enumerate(costs)]
    tasks = plan_tasks(units, cores)
    assert Counter(one for task in tasks for one in task) == Counter(units)
    assert all(tasks)
    assert len(tasks) <= max(cores, sum(costs) / TASK_COST)


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=40), st.integers(1, 16))
def test_no_task_costs_much_more_than_its_share(costs: list[float], cores: int) -> None:
    tasks = plan_tasks([unit(cost) for cost in costs], cores)
    heaviest = max(sum(one.cost for one in task) for task in tasks)
    # Graham's bound: beyond an even share no more than one unit's cost.
    assert heaviest <= sum(costs) / len(tasks) + max(costs) + 1e-9


def test_the_dearest_task_and_unit_come_first() -> None:
    tasks = plan_tasks([unit(cost) for cost in (0.1, 4, 0.2, 9, 1)], 3)
    assert tasks[0][0].cost == 9
    costs = [sum(one.cost for one in task) for task in tasks]
    assert costs == sorted(costs, reverse=True)


def test_work_of_little_cost_is_still_shared_by_all_cores() -> None:
    assert len(plan_tasks([unit(1e-6) for _ in range(10)], 4)) == 4


@pytest.mark.parametrize("members", [0, 1])
def test_a_hashtag_of_nobody_or_one_costs_nothing_to_compare(members: int) -> None:
    assert cost_of_group(np.array([members])).tolist() == [0.0]


def test_a_larger_hashtag_costs_more() -> None:
    sizes = np.array([2, 10, SMALL_GROUP, 10 * SMALL_GROUP, 1_000_000, 10_000_000])
    cost = cost_of_group(sizes)
    assert (np.diff(cost) > 0).all()


def test_a_hashtag_costs_what_its_fresh_members_cost_and_no_more_than_all() -> None:
    sizes = np.array([1, 2, 10, SMALL_GROUP, 10 * SMALL_GROUP, 1_000_000, 10_000_000])
    assert cost_of_group(sizes, np.zeros_like(sizes)).tolist() == [0.0] * len(sizes)
    costs = [cost_of_group(sizes, -(-sizes // one_in)) for one_in in (1000, 100, 10, 1)]
    for fewer, more in itertools.pairwise(costs):
        assert (fewer <= more).all()
    assert (costs[-1] <= cost_of_group(sizes)).all()
    assert (costs[1][4:] < cost_of_group(sizes)[4:] / 4).all()
