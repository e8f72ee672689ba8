import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from lookalike.kernel import encode_names
from lookalike.kernel.levenshtein import WORD, clear_pattern, distance_of_long, distance_to_pattern, set_pattern

short = st.text(st.sampled_from("ab"), max_size=WORD) | st.text(max_size=WORD)
long = st.text(st.sampled_from("abc"), max_size=300) | st.text(max_size=150)


@given(short, long, st.integers(0, 300))
def test_a_pattern_of_one_word_gives_the_distance_or_tells_that_it_exceeds_the_bound(
    a: str, b: str, bound: int
) -> None:
    names = encode_names([a, b])
    rows_of = np.zeros(max(1, names.alphabet), np.uint64)
    set_pattern(rows_of, names.codes, 0, len(a))
    found = distance_to_pattern(rows_of, len(a), names.codes, len(a), len(b), bound)
    clear_pattern(rows_of, names.codes, 0, len(a))
    exact = Levenshtein.distance(a, b)
    assert found == exact if exact <= bound else found > bound
    assert not rows_of.any()


@given(long, long)
def test_patterns_of_any_length_give_the_distance(a: str, b: str) -> None:
    names = encode_names([a, b])
    assert distance_of_long(names.codes, 0, len(a), len(a), len(b)) == Levenshtein.distance(a, b)


def test_lengths_around_whole_words_give_the_distance() -> None:
    for length in (WORD - 1, WORD, WORD + 1, 2 * WORD - 1, 2 * WORD, 2 * WORD + 1):
        a = "".join("abcdefg"[i * i % 7] for i in range(length))
        b = a[:3] + "x" + a[3 : length // 2] + a[length // 2 + 2 :] + "yz"
        names = encode_names([a, b])
        assert distance_of_long(names.codes, 0, len(a), len(a), len(b)) == Levenshtein.distance(a, b)
