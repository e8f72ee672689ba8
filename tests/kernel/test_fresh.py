"""Fresh names with all others: the pairs of which one name is fresh, each once, whichever way finds them."""

import itertools
import random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from lookalike.kernel import (
    EncodedNames,
    Threshold,
    Work,
    encode_names,
    freshlots,
    join,
    screen,
    similar_pairs,
    similar_pairs_of_groups,
)
from tests.examples import examples

from .reference import Pairs, all_similar_pairs, collected, found_pairs, with_fresh
from .test_join import ALPHABETS, THRESHOLDS, families, names_of_any_kind

# Of each way one that nothing but it is taken wherever it is possible: (_SMALL_INDEX, _SCREENED, _FEW).
WAYS = {
    "as-measured": (join._SMALL_INDEX, freshlots._SCREENED, freshlots._FEW),
    "directly": (10**9, 0.0, 1),
    "filtered": (0, np.inf, 0),
    "unfiltered": (0, np.inf, 10**9),
}
shares = st.sampled_from([0.0, 0.01, 0.1, 0.5, 0.9, 1.0])


def take_way(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    small_index, screened, few = WAYS[way]
    monkeypatch.setattr(join, "_SMALL_INDEX", small_index)
    monkeypatch.setattr(freshlots, "_SCREENED", screened)
    monkeypatch.setattr(freshlots, "_FEW", few)


def some_fresh(seed: int, count: int, share: float) -> npt.NDArray[np.bool_]:
    return np.random.default_rng(seed).random(count) < share


def found_fresh(
    names: list[str] | EncodedNames,
    threshold: Threshold,
    fresh: npt.NDArray[np.bool_],
    begin: int = 0,
    end: int | None = None,
) -> Pairs:
    encoded = encode_names(names) if isinstance(names, list) else names
    return collected(list(similar_pairs(encoded, threshold, fresh=fresh, begin=begin, end=end)))


def fresh_of_one_group(names: list[str], threshold: Threshold, fresh: npt.NDArray[np.bool_]) -> Pairs:
    members = np.arange(len(names), dtype=np.uint32)
    starts = np.array([0, len(names)])
    return collected(list(similar_pairs_of_groups(encode_names(names), threshold, members, starts, fresh=fresh)))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda t: f"{t.numerator}/{t.denominator}")
@examples(6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=names_of_any_kind, data=st.data())
def test_any_names_of_which_any_are_fresh_give_what_brute_force_gives(
    threshold: Threshold, way: str, names: list[str], data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_way(monkeypatch, way)
    mask = data.draw(st.lists(st.booleans(), min_size=len(names), max_size=len(names)))
    expected = with_fresh(all_similar_pairs(names, threshold), mask)
    assert found_fresh(names, threshold, np.array(mask, np.bool_)) == expected
    assert fresh_of_one_group(names, threshold, np.array(mask, np.bool_)) == expected


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda t: f"{t.numerator}/{t.denominator}")
@examples(3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**9),
    alphabet=st.sampled_from(ALPHABETS),
    lengths=st.sampled_from([(0, 24), (8, 12), (60, 70)]),
    share=shares,
    at_once=st.sampled_from([2, 7, 50, 1000]),
    probes=st.sampled_from([1, 20, 1000]),
)
def test_families_in_small_lots_give_what_brute_force_gives(
    threshold: Threshold,
    way: str,
    seed: int,
    alphabet: str,
    lengths: tuple[int, int],
    share: float,
    at_once: int,
    probes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_way(monkeypatch, way)
    monkeypatch.setattr(join, "_INDEXED_AT_ONCE", at_once)
    monkeypatch.setattr(join, "_PROBES", probes)
    names = families(seed, 120, alphabet, lengths)
    fresh = some_fresh(seed, 120, share)
    everything = all_similar_pairs(names, threshold)
    found = found_fresh(names, threshold, fresh)
    assert found == with_fresh(everything, fresh.tolist())
    stale = np.flatnonzero(~fresh).astype(np.uint32)
    others = collected(list(similar_pairs(encode_names(names), threshold, stale)))
    assert not found.keys() & others.keys()
    assert found | others == everything


@pytest.mark.parametrize("way", WAYS)
@examples(10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**9),
    share=shares,
    chosen=st.integers(1, 400),
    cuts=st.lists(st.integers(0, 400), max_size=5),
)
def test_ranges_that_partition_a_group_partition_its_pairs(
    way: str, seed: int, share: float, chosen: int, cuts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_way(monkeypatch, way)
    names = families(seed, 400, ALPHABETS[2], (5, 9))
    encoded = encode_names(names)
    members = np.array(sorted(random.Random(seed).sample(range(400), chosen)), np.uint32)
    fresh = some_fresh(seed, chosen, share)
    by_name = dict(zip(members.tolist(), fresh.tolist(), strict=True))
    edges = [0, *sorted(min(cut, chosen) for cut in cuts), chosen]
    parts = [
        collected(list(similar_pairs(encoded, Threshold(4, 5), members, fresh=fresh, begin=a, end=b)))
        for a, b in itertools.pairwise(edges)
    ]
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert {pair: d for part in parts for pair, d in part.items()} == {
        pair: d
        for pair, d in all_similar_pairs(names, Threshold(4, 5)).items()
        if by_name.keys() >= set(pair) and (by_name[pair[0]] or by_name[pair[1]])
    }


def test_a_pair_belongs_to_the_range_of_the_longer_name_and_among_equals_of_the_fresh_one() -> None:
    names = encode_names(["abcde", "abcdx", "abcdef"])
    fresh = np.array([True, False, False])
    ranges = [found_fresh(names, Threshold(4, 5), fresh, place, place + 1) for place in range(3)]
    assert ranges == [{}, {(0, 1): 1}, {(0, 2): 1}]  # in order: abcdx, abcde, abcdef


@examples(15)
@given(
    seed=st.integers(0, 10**9),
    sizes=st.lists(st.integers(0, 60), max_size=12),
    share=shares,
    threshold=st.sampled_from(THRESHOLDS),
)
def test_groups_are_compared_each_by_itself(seed: int, sizes: list[int], share: float, threshold: Threshold) -> None:
    rng = random.Random(seed)
    names = families(seed, 60, ALPHABETS[1], (0, 9))
    groups = [sorted(rng.sample(range(60), size)) for size in sizes]
    members = np.array([member for group in groups for member in group], np.uint32)
    starts = np.cumsum([0, *sizes])
    fresh = some_fresh(seed, len(members), share)  # a name may be fresh in one group and stale in another
    everything = all_similar_pairs(names, threshold)
    expected = {}
    for number, group in enumerate(groups):
        is_fresh = dict(zip(group, fresh[starts[number] : starts[number + 1]].tolist(), strict=True))
        for left, right in itertools.combinations(group, 2):
            if (left, right) in everything and (is_fresh[left] or is_fresh[right]):
                expected[number, left, right] = everything[left, right]
    found = [
        (group, left, right, distance)
        for batch in similar_pairs_of_groups(encode_names(names), threshold, members, starts, fresh=fresh)
        for group, left, right, distance in zip(
            batch.group.tolist(), batch.left.tolist(), batch.right.tolist(), batch.distance.tolist(), strict=True
        )
    ]
    assert {found_pair[:3]: found_pair[3] for found_pair in found} == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("share", [0.002, 0.05, 0.6])
@pytest.mark.parametrize("size", [screen.CHUNK + 1, 3 * screen.CHUNK])
def test_more_names_than_the_screen_takes_at_once_give_the_pairs_with_a_fresh_side(size: int, share: float) -> None:
    rng = random.Random(size)
    names = ["".join(rng.choices("abcdefgh", k=rng.randint(6, 8))) + "xy" for _ in range(size)]
    fresh = some_fresh(size, size, share)
    expected = with_fresh(found_pairs(names, Threshold(4, 5)), fresh.tolist())
    assert found_fresh(names, Threshold(4, 5), fresh) == expected
    assert fresh_of_one_group(names, Threshold(4, 5), fresh) == expected


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_that_is_full_is_handed_over_and_the_rest_follows(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take_way(monkeypatch, way)
    monkeypatch.setattr(join, "_BATCH", screen.CHUNK)
    monkeypatch.setattr(join, "_INDEXED_AT_ONCE", screen.CHUNK)
    names = ["look_alike"] * 300 + ["look_alik3"] * 50 + ["look_alike_"] * 300
    fresh = some_fresh(5, len(names), 0.1)
    expected = with_fresh(all_similar_pairs(names, Threshold(4, 5)), fresh.tolist())
    batches = list(similar_pairs(encode_names(names), Threshold(4, 5), fresh=fresh))
    assert max(map(len, batches)) <= screen.CHUNK
    assert len(batches) > len(expected) // screen.CHUNK
    assert collected(batches) == expected
    assert fresh_of_one_group(names, Threshold(4, 5), fresh) == expected


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_groups_without_a_fresh_member_are_no_work_and_those_of_fresh_ones_are_as_without(share: float) -> None:
    names = encode_names(families(7, 500, ALPHABETS[2], (5, 12)))
    members, starts = np.arange(500, dtype=np.uint32), np.array([0, 120, 120, 121, 500])
    done = {}
    for kind, fresh in (("all", None), ("fresh", some_fresh(7, 500, share))):
        work = Work()
        pairs = sum(
            map(len, similar_pairs_of_groups(names, Threshold(4, 5), members, starts, fresh=fresh, work=work))
        )
        done[kind] = (pairs, work)
    assert done["fresh"] == (done["all"] if share else (0, Work()))


def test_a_batch_that_few_fresh_names_fill_is_handed_over_and_the_rest_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(join, "_BATCH", screen.CHUNK)
    names = ["look_alike"] * 3000 + ["look_alik3"] * 3000
    fresh = np.isin(np.arange(6000), [17, 2999, 4000])
    found = fresh_of_one_group(names, Threshold(4, 5), fresh)
    assert found == {
        (min(x, y), max(x, y)): int((x < 3000) != (y < 3000)) for y in (17, 2999, 4000) for x in range(6000) if x != y
    }
