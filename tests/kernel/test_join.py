import itertools
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from lookalike.kernel import (
    SMALL_GROUP,
    Threshold,
    Work,
    encode_names,
    join,
    screen,
    similar_pairs,
    similar_pairs_of_groups,
)
from tests.examples import examples

from .reference import Pairs, all_similar_pairs, collected, found_pairs

THRESHOLDS = [
    Threshold(1, 1), Threshold(19, 20), Threshold(9, 10), Threshold(4, 5), Threshold(3, 4), Threshold(2, 3),
    Threshold(1, 2), Threshold(3, 10),
]  # fmt: skip
ALPHABETS = [
    "ab",
    "abcde",
    "abcdefghijklmnopqrstuvwxyz0123456789_",
    "äöüabc",
    "".join(map(chr, range(0x4E00, 0x5000))),
]


def edited(random: random.Random, name: str, alphabet: str, edits: int) -> str:
    """The name after some edits at random places."""
    characters = list(name)
    for _ in range(edits):
        place = random.randrange(len(characters) + 1)
        action = random.randrange(3)
        if action == 0 or not characters:
            characters.insert(place, random.choice(alphabet))
        elif action == 1:
            characters.pop(place % len(characters))
        else:
            characters[place % len(characters)] = random.choice(alphabet)
    return "".join(characters)


def families(seed: int, count: int, alphabet: str, lengths: tuple[int, int], prefix: str = "") -> list[str]:
    """Names of which most are a few edits away from another one."""
    rng = random.Random(seed)
    names: list[str] = []
    while len(names) < count:
        if not names or rng.random() < 0.3:
            name = prefix + "".join(rng.choices(alphabet, k=rng.randint(*lengths)))
        else:
            name = edited(rng, rng.choice(names), alphabet, rng.randint(0, 4))
        names.append(name)
    return names


def in_one_group(names: list[str], threshold: Threshold) -> Pairs:
    encoded = encode_names(names)
    members = np.arange(len(names), dtype=np.uint32)
    return collected(list(similar_pairs_of_groups(encoded, threshold, members, np.array([0, len(names)]))))


names_of_any_kind = st.one_of(
    *(st.lists(st.text(st.sampled_from(alphabet[:200]), max_size=12), max_size=30) for alphabet in ALPHABETS),
    st.lists(st.text(max_size=8), max_size=20),
    st.lists(st.text(st.sampled_from("ab"), min_size=55, max_size=75), max_size=10),
    st.lists(st.text(st.sampled_from("abc"), max_size=300), max_size=8),
)


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda t: f"{t.numerator}/{t.denominator}")
@examples(8)
@given(names=names_of_any_kind)
def test_small_groups_of_any_names_give_what_brute_force_gives(threshold: Threshold, names: list[str]) -> None:
    expected = all_similar_pairs(names, threshold)
    assert found_pairs(names, threshold) == expected
    assert in_one_group(names, threshold) == expected


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda t: f"{t.numerator}/{t.denominator}")
@examples(6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**9),
    alphabet=st.sampled_from(ALPHABETS),
    at_once=st.sampled_from([2, 7, 50, 1000]),
    probes=st.sampled_from([1, 20, 1000]),
)
def test_names_indexed_and_looked_up_in_small_lots_give_what_brute_force_gives(
    threshold: Threshold, seed: int, alphabet: str, at_once: int, probes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "_SMALL_INDEX", 0)
    monkeypatch.setattr(join, "_INDEXED_AT_ONCE", at_once)
    monkeypatch.setattr(join, "_PROBES", probes)
    names = families(seed, 120, alphabet, (0, 24))
    assert found_pairs(names, threshold) == all_similar_pairs(names, threshold)


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda t: f"{t.numerator}/{t.denominator}")
@pytest.mark.parametrize(
    ("alphabet", "lengths", "prefix"),
    [
        (ALPHABETS[2], (4, 15), ""),
        (ALPHABETS[2], (2, 8), "patriot_eagle_"),
        ("ab", (8, 16), ""),
        (ALPHABETS[4], (3, 12), ""),
    ],
    ids=["handles", "shared-prefix", "two-letters", "512-letters"],
)
def test_a_thousand_names_give_what_brute_force_gives(
    threshold: Threshold, alphabet: str, lengths: tuple[int, int], prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "_SMALL_INDEX", 50)
    names = families(1, 1000, alphabet, lengths, prefix)
    assert found_pairs(names, threshold) == all_similar_pairs(names, threshold)


@pytest.mark.parametrize("length", [8, 15, 16, 17, 63, 64, 65, 127, 128])
@pytest.mark.parametrize("alphabet", ["abcdef", ALPHABETS[4]], ids=["one-byte", "four-bytes"])
@pytest.mark.parametrize("small_index", [0, 1000], ids=["indexed", "directly"])
def test_names_of_any_length_give_what_brute_force_gives(
    length: int, alphabet: str, small_index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "_SMALL_INDEX", small_index)
    names = families(length, 60, alphabet, (length - 2, length + 2))
    for threshold in THRESHOLDS:
        assert found_pairs(names, threshold) == all_similar_pairs(names, threshold)


@pytest.mark.parametrize("letters", [255, 256, 257])
def test_alphabets_that_just_fit_a_byte_give_what_brute_force_gives(
    letters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "_SMALL_INDEX", 0)
    alphabet = "".join(map(chr, range(0x4E00, 0x4E00 + letters)))
    names = [*families(letters, 300, alphabet, (4, 16)), *(alphabet[i : i + 9] for i in range(0, letters, 3))]
    for threshold in THRESHOLDS:
        assert found_pairs(names, threshold) == all_similar_pairs(names, threshold)


@pytest.mark.parametrize(
    "size", [0, 1, 2, join._SMALL_INDEX - 1, join._SMALL_INDEX, join._SMALL_INDEX + 1, SMALL_GROUP, SMALL_GROUP + 1]
)
def test_both_sides_of_every_size_give_what_brute_force_gives(size: int) -> None:
    rng = random.Random(size)
    names = ["".join(rng.choices("abc0123", k=10)) for _ in range(size)]  # one length: one index or none
    for threshold in (Threshold(9, 10), Threshold(4, 5), Threshold(2, 3)):  # below, almost all pairs are similar
        expected = all_similar_pairs(names, threshold)
        assert found_pairs(names, threshold) == expected
        assert in_one_group(names, threshold) == expected


@pytest.mark.parametrize("size", [screen.CHUNK, screen.CHUNK + 1])
def test_more_names_than_the_screen_takes_at_once_give_what_brute_force_gives(size: int) -> None:
    rng = random.Random(size)
    names = ["".join(rng.choices("abcdefgh", k=4)) + "xy" for _ in range(size)]
    expected = sum(len(batch) for batch in similar_pairs(encode_names(names), Threshold(1, 1)))
    same = [len(list(group)) for _, group in itertools.groupby(sorted(names))]
    assert expected == sum(count * (count - 1) // 2 for count in same)
    work = Work()
    found = in_one_group(names, Threshold(4, 5))
    assert found == all_similar_pairs(names, Threshold(4, 5))
    list(similar_pairs_of_groups(
        encode_names(names), Threshold(4, 5), np.arange(size, dtype=np.uint32), np.array([0, size]), work=work
    ))  # fmt: skip
    assert work.candidates == size * (size - 1) // 2


@pytest.mark.parametrize("at_once", [1, 64, 4096])
def test_a_batch_that_is_full_is_handed_over_and_the_rest_follows(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "_BATCH", screen.CHUNK)
    monkeypatch.setattr(join, "_INDEXED_AT_ONCE", at_once)
    monkeypatch.setattr(join, "_SMALL_INDEX", 100)
    names = ["look_alike"] * 300 + ["look_alik3"] * 50
    expected = all_similar_pairs(names, Threshold(4, 5))
    encoded = encode_names(names)
    batches = list(similar_pairs(encoded, Threshold(4, 5)))
    assert max(map(len, batches)) <= screen.CHUNK
    assert len(batches) > len(expected) // screen.CHUNK
    assert collected(batches) == expected
    assert in_one_group(names, Threshold(4, 5)) == expected


@pytest.mark.parametrize("small_index", [0, 30, 1000])
@examples(8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_ranges_that_partition_a_group_partition_its_pairs(
    small_index: int, seed: int, cuts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "_SMALL_INDEX", small_index)
    names = families(seed, 400, ALPHABETS[2], (5, 9))
    encoded = encode_names(names)
    edges = [0, *sorted(cuts), 400]
    parts = [found_pairs(encoded, Threshold(4, 5), begin=a, end=b) for a, b in itertools.pairwise(edges)]
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert {pair: d for part in parts for pair, d in part.items()} == all_similar_pairs(names, Threshold(4, 5))


@examples(10)
@given(seed=st.integers(0, 10**9), sizes=st.lists(st.integers(0, 60), max_size=12))
def test_groups_are_compared_each_by_itself(seed: int, sizes: list[int]) -> None:
    rng = random.Random(seed)
    names = families(seed, 60, ALPHABETS[1], (0, 9))
    encoded = encode_names(names)
    groups = [sorted(rng.sample(range(60), size)) for size in sizes]
    members = np.array([member for group in groups for member in group], np.uint32)
    starts = np.cumsum([0, *sizes])
    everything = all_similar_pairs(names, Threshold(3, 4))
    expected = {
        (number, left, right): everything[left, right]
        for number, group in enumerate(groups)
        for left, right in itertools.combinations(group, 2)
        if (left, right) in everything
    }
    found = [
        (group, left, right, distance)
        for batch in similar_pairs_of_groups(encoded, Threshold(3, 4), members, starts)
        for group, left, right, distance in zip(
            batch.group.tolist(), batch.left.tolist(), batch.right.tolist(), batch.distance.tolist(), strict=True
        )
    ]
    assert {found_pair[:3]: found_pair[3] for found_pair in found} == expected
    assert len(found) == len(expected)


def test_only_the_chosen_members_are_compared() -> None:
    names = encode_names(["abcde", "abcdx", "other", "abcdy"])
    pairs = collected(list(similar_pairs(names, Threshold(4, 5), np.array([0, 2, 3], np.uint32))))
    assert pairs == {(0, 3): 1}


def test_work_counts_what_was_let_through_and_what_was_computed() -> None:
    work = Work()
    names = encode_names(["abcde", "abcdx", "vwxyz", "abcdefghijkl"])
    list(similar_pairs(names, Threshold(4, 5), work=work))
    assert (work.candidates, work.verified) == (3, 1)  # the long name is out of reach; screening leaves one pair
