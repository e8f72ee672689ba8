from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.kernel import Threshold


@pytest.mark.parametrize(
    ("text", "p", "q"),
    [("0.8", 4, 5), ("1", 1, 1), ("1.000", 1, 1), (".5", 1, 2), ("0.", 0, 1), ("0.123456789", 123456789, 10**9)],
)
def test_a_decimal_is_read_exactly(text: str, p: int, q: int) -> None:
    assert Threshold.parse(text) == Threshold(p, q)


@pytest.mark.parametrize(
    ("text", "shown"), [("0.80", "0.8"), ("1.000", "1"), (".5", "0.5"), ("0", "0"), ("0.000000001", "0.000000001")]
)
def test_it_is_shown_as_its_shortest_decimal(text: str, shown: str) -> None:
    assert str(Threshold.parse(text)) == shown


@pytest.mark.parametrize(
    "text", ["", " 0.8", "0,8", "1.1", "-0.5", "8e-1", "nan", "2/3", "0.1234567891", "0" * 41, "\u0660.\u0668"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Threshold.parse(text)


@pytest.mark.parametrize(
    ("text", "p", "q"),
    [("1e-05", 1, 10**5), ("8E-1", 4, 5), ("-0.0", 0, 1), ("0.9333333333333333", 9333333333333333, 10**16)],
)
def test_a_printed_similarity_may_have_an_exponent_and_more_decimals(text: str, p: int, q: int) -> None:
    threshold = Threshold.parse_printed(text)
    assert (threshold.numerator, threshold.denominator) == (p, q)


@pytest.mark.parametrize(
    "text", ["", " 0.8", "0,8", "1.1", "-0.5", "nan", "1e9999", "0." + 31 * "1", "\u0660.\u0668"]
)
def test_nothing_but_a_similarity_passes_for_a_printed_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Threshold.parse_printed(text)


@given(st.decimals(0, 1, places=30))
def test_the_kernel_gets_a_threshold_that_it_can_take_and_is_not_above(value: Decimal) -> None:
    exact = Threshold.parse_printed(f"{value:f}")
    coarse = exact.for_kernel()
    assert coarse.denominator <= 10**9
    assert not exact < coarse
    assert Fraction(value) - Fraction(coarse.numerator, coarse.denominator) < Fraction(1, 10**9)


@given(st.integers(0, 10**9), st.integers(0, 5000), st.integers(0, 5000))
def test_a_pair_is_similar_iff_its_exact_similarity_reaches_the_threshold(p: int, distance: int, longer: int) -> None:
    distance = min(distance, longer)
    threshold = Threshold(p, 10**9)
    exact = Fraction(longer - distance, longer) if longer else Fraction(1)
    assert threshold.is_met(distance, longer) == (exact >= Fraction(Decimal(p).scaleb(-9)))
    assert threshold.is_met(threshold.max_distance(longer), longer)
    assert not threshold.is_met(threshold.max_distance(longer) + 1, longer)


@pytest.mark.parametrize("longer", [5, 10, 15, 20, 25])
def test_four_fifths_allow_a_whole_fifth_of_the_length(longer: int) -> None:
    assert Threshold.parse("0.8").max_distance(longer) == longer // 5
