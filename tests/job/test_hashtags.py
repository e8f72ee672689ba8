import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.tables import Column
from jobs.stages.scan.explode import Spellings
from lookalike.hashtags import MOST_BYTES, normalise, spelling
from lookalike.outputs.buckets import bucket_of

from .referencerows import normal_form

# What hashtags are made of, and what turns into a hash sign, a space or several letters on its way to a key.
PARTS = [
    "#",
    "\uff03",
    "\ufe5f",
    " ",
    "\u00a0",
    "\u3000",
    "\t",
    "\x1f",
    "a",
    "A",
    "\u00df",
    "\u1e9e",
    "\ufb01",
    "e",
    "\u0301",
]
BUCKETS = 13
HASHTAGS = st.lists(st.sampled_from([*PARTS, "\u0345", "\u0130", "\u03a3", "\u2126", "\ufdfa", "\u00b4"]), max_size=8)


def column(values: list[str | bytes]) -> Column:
    encoded = [value.encode() if isinstance(value, str) else value for value in values]
    ends = np.cumsum([0, *map(len, encoded)])
    return Column(np.frombuffer(b"".join(encoded) + b"\0", np.uint8), ends[:-1], ends[1:])


def exploded(spellings: Spellings, values: list[str | bytes]) -> list[list[str]]:
    """The spellings of the hashtags of each post."""
    found = spellings.explode(column(values))
    rows = spellings.dictionary().to_pylist()
    spelled = {row["hash"]: row["spelling"] for row in rows}
    buckets = {row["hash"]: bucket_of(row["key"], BUCKETS) for row in rows}
    assert all(row["key"] == normalise(row["spelling"]) for row in rows)
    assert [buckets[spelling] for spelling in found.spelling.tolist()] == found.bucket.tolist()
    hashtags = [spelled[spelling] for spelling in found.spelling.tolist()]
    return [hashtags[start:end] for start, end in zip(found.offsets[:-1], found.offsets[1:], strict=True)]


@pytest.mark.parametrize(
    ("written", "shown", "key"),
    [
        ("Covid", "Covid", "covid"),
        ("#Covid", "Covid", "covid"),
        (" ##Covid ", "Covid", "covid"),
        ("# #Covid", "Covid", "covid"),
        ("\uff03Covid", "Covid", "covid"),
        ("\u3000\ufe5f Covid\u00a0", "Covid", "covid"),
        ("\uff23\uff4fvid", "\uff23\uff4fvid", "covid"),
        ("Stra\u00dfe", "Stra\u00dfe", "strasse"),
        ("\ufb01nance", "\ufb01nance", "finance"),
        ("e\u0301t\u00e9", "e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("two words", "two words", "two words"),
        ("c#", "c#", "c#"),
        ("", "", ""),
        (" # \u00a0\uff03", "", ""),
    ],
)
def test_spellings_of_one_hashtag_meet_under_one_key(written: str, shown: str, key: str) -> None:
    assert (spelling(written), normalise(written)) == (shown, key)


@given(st.one_of(HASHTAGS.map("".join), st.text(max_size=12)))
def test_a_key_is_its_own_key_and_that_of_its_spelling(text: str) -> None:
    key = normalise(text)
    assert key == normal_form(text)
    assert normalise(key) == spelling(key) == key
    assert normalise(spelling(text)) == key
    assert spelling(spelling(text)) == spelling(text)


def test_a_post_has_each_hashtag_once_in_its_first_spelling() -> None:
    posts: list[str | bytes] = ["b|#B|a| A ", "", "| # |||\u00a0|", "A|\uff21|b"]
    assert exploded(Spellings(buckets=BUCKETS, seed=7), posts) == [["b", "a"], [], [], ["A", "b"]]


def test_bytes_that_are_not_utf8_are_escaped() -> None:
    assert exploded(Spellings(buckets=BUCKETS, seed=7), [b"\xff|\xc3\xa9|\xff\xfe"]) == [
        ["\\xff", "\u00e9", "\\xff\\xfe"]
    ]


@given(
    st.lists(
        st.lists(st.lists(HASHTAGS.map("".join), max_size=5).map("|".join), max_size=6),
        max_size=4,
    )
)
def test_batch_after_batch_gives_what_each_post_alone_gives(batches: list[list[str]]) -> None:
    spellings = Spellings(buckets=BUCKETS, seed=7)
    for batch in batches:
        expected = []
        for field in batch:
            hashtags: dict[str, str] = {}
            for written in field.split("|"):
                hashtags.setdefault(normal_form(written), spelling(written))
            hashtags.pop("", None)
            expected.append(list(hashtags.values()))
        assert exploded(spellings, list(batch)) == expected


def test_more_hashtags_than_the_table_had_room_for_are_all_found() -> None:
    spellings = Spellings(buckets=BUCKETS, seed=7)
    for start in (0, 700, 50_000):
        names = [f"tag{number}" for number in range(start, start + 3000)]
        posts: list[str | bytes] = [f"#{name}|{name.upper()}" for name in names]
        assert exploded(spellings, posts) == [[name] for name in names]


def test_ignored_hashtags_are_left_out_however_they_are_spelled() -> None:
    spellings = Spellings(buckets=BUCKETS, seed=7, ignored={"b", "\u00e9"})
    posts: list[str | bytes] = ["a|#B", "\u00c9|b", "bb| b |\u00e9\u00e9"]
    assert exploded(spellings, posts) == [["a"], [], ["bb", "\u00e9\u00e9"]]


@pytest.mark.parametrize(
    ("written", "most"),
    [
        ("x", MOST_BYTES),
        ("é", MOST_BYTES // 2),  # bytes count, not characters
        ("\u200b", MOST_BYTES // 3),  # so does what nobody sees in a spelling; no more of it leaves a key of none
        ("\ufdfa", MOST_BYTES // 33),  # its key has eleven times as many bytes
        (b"\xff", MOST_BYTES // 4),  # kept as \\xff
    ],
)
def test_posts_with_a_hashtag_that_nobody_could_ask_for_are_marked(written: str | bytes, most: int) -> None:
    spellings = Spellings(buckets=BUCKETS, seed=7)
    part = written if isinstance(written, bytes) else written.encode()
    fields = [b"#a| ##" + part * count + b"  |b" for count in (most, most + 1)]
    kept, left = exploded(spellings, [*fields, b"c"])[:2]
    assert spellings.explode(column([*fields, b"c"])).too_long.tolist() == [False, True, False]
    text = part.decode("utf-8", "backslashreplace") * most
    assert kept == [one for one in ("a", text, "b") if normalise(one)]
    assert left == ["a", "b"]
    assert len(spellings.dictionary()) == len(kept) + 1


def test_space_around_a_hashtag_does_not_count_for_its_length() -> None:
    spellings = Spellings(buckets=BUCKETS, seed=7)
    padding = b" " * 2 * MOST_BYTES
    found = spellings.explode(column([padding, b"a" + padding, padding + b"#a", "é".encode() + padding]))
    assert not found.too_long.any()
    assert found.offsets.tolist() == [0, 0, 1, 2, 3]
