"""The same posts, written by many programs in many forms, are read as the same posts."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.exchange.reports import Border
from jobs.inputs.files import find_files, plan_splits
from jobs.inputs.reading import ALL_AUTO, Reading
from jobs.inputs.rows import fetch_rows, read_rows
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.tables import POSTS, InputFile, Part, RowBatch
from jobs.stages.scan.borders import CountQuotes, broken_files, in_one_piece, with_parity
from jobs.stages.scan.explode import Spellings
from lookalike.hashtags import normalise, spelling
from tests.examples import examples
from tests.writers import DELIMITED, JSON_LINES, LISTED, PACKED, TABLES, Lines, Row, write_parquet

HASHTAGS = POSTS.columns.index("hashtags")
DELIMITERS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}
# A row that tells how its file is written: a quote inside of a text, and several hashtags.
TELLING = ("p", "2023-01-01", "u", "False", 'a "word" in quotes', ("one", "two", "three"))


class Post(NamedTuple):
    """Values of a row as a reader must give them, but for what the form cannot hold."""

    id: str
    created_at: str
    author_id: str
    is_repost: str
    text: str
    hashtags: Sequence[str]


# Of a hashtag: any character, but for what may stand between two or around one.
LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z"), exclude_characters="|,;[]{}'\"\\")
WORDS = st.text(LETTERS, max_size=6)
TEXTS = st.text(st.sampled_from("ab \t\n\r\"\\',;|#[{é😀語"), max_size=30) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=10
)
POST = st.builds(
    Post,
    id=st.text("ab01é😀", min_size=1, max_size=4),
    created_at=st.sampled_from(["2023-01-01 10:00:00+00:00", "2017-09-07T19:52:00Z", "", "not a date"]),
    author_id=st.text("uv01", max_size=3),
    is_repost=st.sampled_from(["True", "False", "", "maybe"]),
    text=TEXTS,
    hashtags=st.lists(WORDS, max_size=4),
)
POSTS_OF_A_FILE = st.lists(POST, max_size=8).flatmap(
    lambda posts: st.permutations([*posts, Post(*TELLING)])  # somewhere among them
)
PARTS = st.sampled_from([1, 7, 40, 300, 1 << 20])


class Found(NamedTuple):
    posts: list[Post]
    malformed: list[bytes]
    places: list[int]
    raw: list[bytes]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows") / "posts"


def distinct(hashtags: Sequence[str]) -> list[str]:
    """The spellings of a post's hashtags, the first of each key."""
    first: dict[str, str] = {}
    for hashtag in hashtags:
        first.setdefault(normalise(hashtag), spelling(hashtag))
    return [shown for key, shown in first.items() if key]


def posts_in(batch: RowBatch, file: InputFile) -> Iterator[Post]:
    """The posts of a batch, their hashtags taken apart as the job does it."""
    spellings = Spellings(buckets=1, seed=1)
    assert file.separator is not None
    found = spellings.explode(batch["hashtags"], SEPARATORS[file.separator])
    rows = spellings.dictionary().to_pylist()
    shown = {row["hash"]: row["spelling"] for row in rows}
    for i, (start, end) in enumerate(itertools.pairwise(found.offsets.tolist())):
        values = [column.value(i).decode() for column in batch.columns[:HASHTAGS]]
        yield Post._make([*values, [shown[one] for one in found.spelling[start:end].tolist()]])


def read(path: Path, reading: Reading, split_bytes: int, chunk_bytes: int) -> Found:
    """Everything in a file, read as the tasks of a run do."""
    files = find_files(POSTS, [str(path)], reading)
    splits = plan_splits(files, split_bytes)
    splits = with_parity(splits, CountQuotes(files, splits)(range(len(splits))))
    found, borders = _read(files[0], splits, chunk_bytes)
    broken = broken_files(splits, borders)
    if broken:
        found, _ = _read(files[0], in_one_piece(splits, broken), chunk_bytes)
    again = fetch_rows(files[0], np.array(found.places, np.int64), POSTS)
    assert [row.raw for row in again] == found.raw
    return found


def _read(file: InputFile, splits: Sequence[Any], chunk_bytes: int) -> tuple[Found, list[Border]]:
    found, borders = Found([], [], [], []), []
    for number, split in enumerate(splits):
        seen: list[int] = []
        for batch in read_rows(file, POSTS, Part(split.start, split.end, chunk_bytes, split.inside, seen)):
            found.posts.extend(posts_in(batch, file))
            found.places.extend(batch.place.tolist())
            found.raw.extend(map(batch.raw, range(len(batch))))
            found.malformed.extend(raw for _, raw in batch.malformed)
        if seen:
            borders.append(Border(number, *seen))
    return found, borders


def expected(posts: Sequence[Post], change: Callable[[str], str] = str) -> list[Post]:
    return [post._replace(text=change(post.text), hashtags=distinct(post.hashtags)) for post in posts]


def rows_of(posts: Sequence[Post], order: Sequence[int], separator: str | None) -> list[Row]:
    """The values of each post in some order; hashtags as a list where nothing is between them."""
    rows = []
    for post in posts:
        hashtags = list(post.hashtags) if separator is None else LISTED[separator](post.hashtags)
        values: Row = (post.id, post.created_at, post.author_id, post.is_repost, post.text, hashtags)
        rows.append(tuple(values[place] for place in order))
    return rows


def without(text: str, characters: str) -> str:
    return text.translate(dict.fromkeys(map(ord, characters), "_"))


def one_line_feed(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("writer", DELIMITED)
@examples(12, deadline=None)
@given(data=st.data(), posts=POSTS_OF_A_FILE, order=st.permutations(range(6)), split=PARTS, chunk=PARTS)
def test_delimited_text_is_read_as_it_was_meant(
    path: Path, writer: str, data: st.DataObject, posts: list[Post], order: list[int], split: int, chunk: int
) -> None:
    program = DELIMITED[writer]
    delimiter = data.draw(st.sampled_from(sorted(DELIMITERS)))
    line_end = data.draw(st.sampled_from(sorted(program.line_ends)))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    separators = [one for one in LISTED if program.quoting != "none" or delimiter not in LISTED[one](["a", "b"])]
    separator = data.draw(st.sampled_from(separators))
    options: dict[str, Any] = {"encoding": "cp1252"} if encoding == "cp1252" else {}
    is_named = data.draw(st.booleans())
    if is_named:
        options |= {"delimiter": DELIMITERS[delimiter], "quoting": program.quoting, "separator": separator}
    if encoding == "cp1252":
        posts = [Post(*(_western(value) for value in post)) for post in posts]
    cannot = program.line_ends[line_end] + (delimiter if program.quoting == "none" else "")
    posts = [post._replace(text=without(post.text, cannot)) for post in posts]
    if program.quoting == "none" and not is_named:  # such a text may as well be quoted
        posts = [post._replace(text=post.text.lstrip('"')) for post in posts]
    bad = data.draw(st.lists(st.sampled_from(["bad", f"bad{delimiter}row", f"x{delimiter}" * 7]), max_size=2))
    cut = data.draw(st.integers(0, len(posts)))

    names = [POSTS.columns[place] for place in order]
    rows = rows_of(posts, order, separator)
    text = program.write(Lines(names, rows[:cut], delimiter, line_end, header=True))
    text += "".join(line + line_end for line in bad)
    text += program.write(Lines(names, rows[cut:], delimiter, line_end, header=False))
    packed = data.draw(st.sampled_from([*["not at all"] * 5, *PACKED]))
    path.write_bytes(PACKED[packed](text.encode(encoding)))

    found = read(path, Reading(**options), split, chunk)
    assert found.posts == expected(posts, one_line_feed if line_end == "\r" else str)
    assert found.malformed == [line.encode() for line in bad]
    if packed == "not at all" and encoding.startswith("utf-8") and line_end != "\r":
        content = path.read_bytes()
        assert [content[place:][: len(raw)] for place, raw in zip(found.places, found.raw, strict=True)] == found.raw


def _western(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("cp1252", "ignore").decode("cp1252")
    return [_western(one) for one in value]


@pytest.mark.parametrize("writer", JSON_LINES)
@examples(8, deadline=None)
@given(data=st.data(), posts=POSTS_OF_A_FILE, order=st.permutations(range(6)), split=PARTS, chunk=PARTS)
def test_json_lines_are_read_as_they_were_meant(
    path: Path, writer: str, data: st.DataObject, posts: list[Post], order: list[int], split: int, chunk: int
) -> None:
    separator = data.draw(st.sampled_from([None, *LISTED]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    packed = data.draw(st.sampled_from(["not at all", *PACKED]))
    bad = data.draw(st.lists(st.sampled_from(["bad", "[1]", '{"id": "x', '"x"']), max_size=2))
    cut = data.draw(st.integers(1, len(posts)))
    names = [POSTS.columns[place] for place in order]
    rows = rows_of(posts, order, separator)
    text = JSON_LINES[writer](names, rows[:cut]) + "".join(line + "\n" for line in bad)
    text += JSON_LINES[writer](names, rows[cut:]) if rows[cut:] else ""
    path.write_bytes(PACKED[packed](text.encode(encoding)))
    found = read(path, ALL_AUTO, split, chunk)
    assert found.posts == expected(posts)
    assert found.malformed == [line.encode() for line in bad]


@pytest.mark.parametrize("kind", TABLES)
@examples(8, deadline=None)
@given(data=st.data(), posts=POSTS_OF_A_FILE, order=st.permutations(range(6)), split=PARTS, chunk=PARTS)
def test_parquet_is_read_as_it_was_meant(
    path: Path, kind: str, data: st.DataObject, posts: list[Post], order: list[int], split: int, chunk: int
) -> None:
    separator = data.draw(st.sampled_from([None, *LISTED]))
    table = TABLES[kind]([POSTS.columns[place] for place in order], rows_of(posts, order, separator))
    write_parquet(path, table, data.draw(st.integers(1, 4)))
    found = read(path, ALL_AUTO, split, chunk)
    assert found.posts == expected(posts)
    assert found.places == list(range(len(posts)))
