import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.accounts.names import cleaned_names, count_undecoded

from .reading import column_of


def cleaned(*names: str | bytes, endings: tuple[str, ...] = ()) -> list[str]:
    column = column_of([name if isinstance(name, bytes) else name.encode() for name in names])
    found = cleaned_names(column, endings)
    return [found.value(i).decode() for i in range(len(names))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eagle", "eagle"),
        (" eagle\t", "eagle"),
        ("@eagle", "eagle"),
        (" @ eagle ", "eagle"),
        ("@@eagle", "@eagle"),
        ("ea@gle", "ea@gle"),
        ("cafe\u0301", "café"),
        ("\u00a0café", "café"),
        (b"M\xfcller", "M\uf7fcller"),
        ("", ""),
        (" @ ", ""),
    ],
)
def test_names_are_compared_without_what_does_not_belong_to_them(name: str | bytes, expected: str) -> None:
    assert cleaned("other", name, "last") == ["other", expected, "last"]


def test_bytes_that_are_not_utf_8_are_one_character_each_and_counted() -> None:
    column = column_of([b"M\xfcller", b"M\xf6ller", "Müller".encode(), b"ann"])
    found = cleaned_names(column)
    names = [found.value(i).decode() for i in range(4)]
    assert [len(name) for name in names] == [6, 6, 6, 3]
    assert len(set(names)) == 4
    assert count_undecoded(found) == 2


@pytest.mark.parametrize(
    ("name", "endings", "expected"),
    [
        ("abe.bsky.social", (".bsky.social",), "abe"),
        ("abe.BSKY.social", (".bsky.social",), "abe"),
        ("abe.bsky.social", (), "abe.bsky.social"),
        (".bsky.social", (".bsky.social",), ".bsky.social"),
        ("zoe@mastodon.social", ("@",), "zoe"),
        ("@zoe@mastodon.social", (".bsky.social", "@"), "zoe"),
        ("zoe", ("@",), "zoe"),
    ],
)
def test_endings_are_dropped(name: str, endings: tuple[str, ...], expected: str) -> None:
    assert cleaned(name, endings=endings) == [expected]


@given(st.lists(st.text(max_size=8)))
def test_cleaned_names_stay_as_they_are(names: list[str]) -> None:
    once = cleaned(*names)
    assert all(unicodedata.is_normalized("NFC", name) for name in once)
    assert cleaned(*once) == [name.strip().removeprefix("@").strip() for name in once]
