from __future__ import annotations

import contextlib
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookalike.threshold import Threshold
from serving.lookup.question import parse_question
from serving.problems.kinds import InvalidParameter

LENGTHS = st.integers(1, 2000)


def lowest(threshold: Decimal) -> float:
    numerator, denominator = threshold.as_integer_ratio()
    long = denominator > 10**9
    return Threshold(numerator, denominator, printed=long).lowest_similarity


@st.composite
def similarities(draw: st.DrawFn) -> tuple[int, int]:
    """d and m of a pair."""
    longer = draw(LENGTHS)
    return draw(st.integers(0, longer)), longer


@given(similarities())
@example((1, 6))  # printed as 0.8333333333333334, which is more than it is
@example((1, 3))  # printed as 0.6666666666666666, which is less
def test_a_printed_similarity_keeps_its_pair_and_no_less_similar_one(pair: tuple[int, int]) -> None:
    distance, longer = pair
    similarity = (longer - distance) / longer
    assert Threshold.parse_printed(repr(similarity)).lowest_similarity == similarity


@given(st.decimals(0, 1, places=9), similarities())
@example(Decimal("0.8"), (1, 5))
@example(Decimal("0.8"), (2, 10))
@example(Decimal("0.800000001"), (1, 5))
def test_a_short_threshold_is_compared_exactly(threshold: Decimal, pair: tuple[int, int]) -> None:
    distance, longer = pair
    is_similar = Fraction(longer - distance, longer) >= Fraction(threshold)
    assert ((longer - distance) / longer >= lowest(threshold)) == is_similar


@given(st.decimals(0, 1, allow_nan=False), st.floats(0, 1))
def test_what_is_kept_is_at_least_the_threshold_as_printed(threshold: Decimal, similarity: float) -> None:
    assert (similarity >= lowest(threshold)) == (Decimal(repr(abs(similarity))) >= threshold)


def test_minus_zero_is_zero() -> None:
    question = parse_question(b"hashtag=a&min_similarity=-0.0", 100)
    assert math.copysign(1, question.lowest) == 1


@given(st.binary(max_size=200))
def test_any_query_string_is_read_or_refused(query: bytes) -> None:
    with contextlib.suppress(InvalidParameter):
        question = parse_question(b"hashtag=%23" + query, 50)
        assert question.key
        assert 0 <= question.lowest <= 1


def test_a_parameter_may_have_its_length_in_bytes_after_unquoting() -> None:
    assert parse_question(b"hashtag=%C3%A9%C3%A9", 4).key == "éé"
    with pytest.raises(InvalidParameter, match="longer than 4 bytes"):
        parse_question(b"hashtag=%C3%A9%C3%A9a", 4)
