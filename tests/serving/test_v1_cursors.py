import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.api.cursors import PATTERN, WrongCursor, decode_cursor, encode_cursor
from serving.problems.kinds import Gone, InvalidParameter

SNAPSHOT, OTHER = "20261123T150102Z-1a2b3c", "20261124T150102Z-1a2b3c"
REQUEST = ("pairs", "maga", "0.8")
NUMBERS = st.integers(0, 2**63 - 1)


@given(NUMBERS, NUMBERS)
def test_a_cursor_brings_back_what_it_was_made_from(first: int, second: int) -> None:
    cursor = encode_cursor(SNAPSHOT, REQUEST, first, second)
    assert re.search(PATTERN, cursor)
    assert decode_cursor(cursor, SNAPSHOT, REQUEST) == (first, second)


@given(st.text(max_size=80))
def test_what_was_never_a_cursor_is_an_invalid_parameter(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        decode_cursor(text, SNAPSHOT, REQUEST)
    assert caught.value.parameter == "cursor"


@given(st.binary(min_size=51, max_size=51))
def test_what_only_looks_like_a_cursor_was_not_given_out(data: bytes) -> None:
    with pytest.raises(WrongCursor, match="this service did not give it out"):
        decode_cursor(base64.urlsafe_b64encode(data).decode(), SNAPSHOT, REQUEST)


@given(st.integers(0, 67), st.sampled_from("ABab01_-"))
def test_a_changed_cursor_is_noticed(place: int, character: str) -> None:
    cursor = encode_cursor(SNAPSHOT, REQUEST, 7, 8)
    changed = cursor[:place] + character + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(WrongCursor):
            decode_cursor(changed, SNAPSHOT, REQUEST)


@pytest.mark.parametrize("numbers", [(-1, 0), (0, -1), (-(2**63), -(2**63))])
def test_a_place_before_the_first_was_not_given_out(numbers: tuple[int, int]) -> None:
    """Anyone can make such a cursor. Going on from there would read rows that are not there, or never end."""
    with pytest.raises(WrongCursor, match="this service did not give it out"):
        decode_cursor(encode_cursor(SNAPSHOT, REQUEST, *numbers), SNAPSHOT, REQUEST)


def test_a_cursor_of_another_snapshot_says_so() -> None:
    with pytest.raises(Gone, match=f"belongs to snapshot {OTHER}; {SNAPSHOT} is served now"):
        decode_cursor(encode_cursor(OTHER, REQUEST, 7, 8), SNAPSHOT, REQUEST)


@pytest.mark.parametrize("other", [("pairs", "maga", "0.9"), ("pairs", "mag", "a", "0.8"), ("pairs", "maga")])
def test_a_cursor_does_not_go_on_with_another_request(other: tuple[str, ...]) -> None:
    with pytest.raises(WrongCursor, match="other parameters"):
        decode_cursor(encode_cursor(SNAPSHOT, other, 7, 8), SNAPSHOT, REQUEST)
