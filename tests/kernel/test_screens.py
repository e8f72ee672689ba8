"""Neither screen may turn a pair away that is within the bound: distances by rapidfuzz."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from lookalike.kernel import encode_names
from lookalike.kernel.diagonals import SHORT, byte_row, count_unequal, set_diagonals
from lookalike.kernel.screen import CHUNK, new_screen_room, screen, signature

ALPHABETS = ["ab", "abcdefghij", "".join(map(chr, range(0x100, 0x180))), "".join(map(chr, range(0x4E00, 0x4F40)))]


@st.composite
def near_names(draw: st.DrawFn, longest: int) -> tuple[str, str]:
    """A name and what a few edits make of it, the longer one first."""
    alphabet = draw(st.sampled_from(ALPHABETS))
    name = draw(st.text(st.sampled_from(alphabet), max_size=longest))
    other = list(name)
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(other)))
        other[place : place + draw(st.integers(0, 1))] = draw(st.text(st.sampled_from(alphabet), max_size=1))
    changed = "".join(other)[:longest]
    return (name, changed) if len(name) >= len(changed) else (changed, name)


@given(near_names(longest=60))
def test_k_edits_change_at_most_2k_bits_of_a_signature_less_the_gap(pair: tuple[str, str]) -> None:
    x, y = pair
    names = encode_names([x, y])
    one, other = (signature(names.once[i], names.twice[i]) for i in range(2))
    assert int(one ^ other).bit_count() <= 2 * Levenshtein.distance(x, y) - (len(x) - len(y))


@given(near_names(longest=SHORT))
def test_within_k_edits_at_most_k_characters_have_no_equal_on_the_diagonals(pair: tuple[str, str]) -> None:
    x, y = pair
    names = encode_names([x, y, "".join(ALPHABETS[2])])  # codes up to 127 at least
    if not x or names.codes.dtype != np.uint8:
        return
    gap = len(x) - len(y)
    for bound in range(Levenshtein.distance(x, y), SHORT // 2):
        shifted = np.zeros(2 * SHORT, np.uint64)
        diagonals = set_diagonals(names.codes, len(x), len(y), gap, bound, shifted)
        reachable = [d for d in range(-bound, bound + 1) if abs(d) + abs(d + gap) <= bound]
        without = sum(all(y[i + d : i + d + 1] != x[i] or i + d < 0 for d in reachable) for i in range(len(x)))
        low, high = map(np.uint64, byte_row(names.codes, 0, len(x)))
        assert count_unequal(low, high, len(x), shifted, diagonals) == without
        assert without <= bound


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 24, 31, 100, CHUNK])
def test_the_screen_finds_every_signature_that_is_near_enough_and_no_other(count: int) -> None:
    rng = random.Random(count)
    wanted = rng.getrandbits(64)
    differences = [sum(1 << bit for bit in rng.sample(range(64), rng.randint(0, 8))) for _ in range(count + 9)]
    others = np.array([wanted ^ difference for difference in differences], np.uint64)
    room = new_screen_room()
    for most in (-1, 0, 4):
        found = screen(np.uint64(wanted), others, 3, 3 + count, most, *room)
        expected = [at for at in range(3, 3 + count) if differences[at].bit_count() <= max(most, 0)]
        assert room.hits[:found].tolist() == expected
