from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from serving.api import alignment

NAMES = st.text(st.sampled_from("abé𝄞"), max_size=12)


@given(NAMES, NAMES)
@example("", "")
@example("maga_eagle_01", "maqa_eagle_10")
@example("a" * 64 + "b", "b" + "a" * 64)
@example("ab" * 100, "ba" * 100)
def test_steps_spell_both_names_with_as_many_edits_as_the_distance(a: str, b: str) -> None:
    steps = alignment.align(a, b)
    assert steps is not None
    assert "".join(step.a or "" for step in steps) == a
    assert "".join(step.b or "" for step in steps) == b
    edits = sum(step.operation != "equal" for step in steps)
    assert edits == alignment.distance(a, b) == Levenshtein.distance(a, b)


@given(NAMES, NAMES)
def test_an_operation_says_which_sides_have_a_character(a: str, b: str) -> None:
    for step in alignment.align(a, b) or ():
        sides = (step.a is not None, step.b is not None)
        assert sides == {"insert": (False, True), "delete": (True, False)}.get(step.operation, (True, True))
        assert (step.operation == "equal") == (step.a == step.b)


def test_very_long_names_have_a_distance_but_no_alignment() -> None:
    a, b = "ab" * 8200, "ba" * 8200
    assert alignment.align("x" + a + "y", "y" + b + "x") is None
    assert alignment.distance(a, b) == Levenshtein.distance(a, b)


def test_the_similarity_is_rounded_once() -> None:
    assert alignment.similarity(1, 15) == 14 / 15 == 0.9333333333333333
    assert alignment.similarity(0, 0) == 1.0
