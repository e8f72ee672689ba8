"""Kinds of files after public bug reports, with made-up data: what a user expects of each."""

import json
import uuid
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lookalike.errors import UsageError

from .given import NAMES, USUAL, Given, Warnings, pairs


def test_columns_that_nothing_needs_may_be_missing(given: Given, warnings: Warnings) -> None:
    posts = b"id\tauthor_id\thashtags\n" + b"".join(b"p%d\tu%d\tVote\n" % (i, i) for i in range(10))
    accounts = b"id\tscreen_name\n" + b"".join(b"u%d\t%s\n" % (i, name.encode()) for i, name in enumerate(NAMES))
    result = given.run_files(posts, accounts)
    assert pairs(result) == USUAL | {("vote", "u8", "u9")}
    assert {row["first_post"] for row in result.rows("members")} == {None}
    assert warnings() == []


@pytest.mark.parametrize(
    ("convert", "name"),
    [
        (lambda text: text.replace("\t", ","), "posts.csv"),
        (lambda text: text.replace("\t", ";"), "posts.csv"),
        (lambda text: text.replace("\t", "|"), "posts.txt"),
        (lambda text: text.encode("utf-16"), "posts.tsv"),
        (lambda text: text.replace("\n", "\r"), "posts.tsv"),
        (lambda text: text.replace("id\tcreated_at", "ID\tCreated_At", 1), "posts.tsv"),
        (lambda text: text.replace("id\tcreated_at", ' id \t"created_at"', 1), "posts.tsv"),
    ],
)
def test_files_that_are_not_tab_separated_utf_8_are_read(given: Given, convert: Any, name: str) -> None:
    content = convert(given.written(lineterminator="\n").decode())
    result = given.run_files(content if isinstance(content, bytes) else content.encode(), name=name)
    assert pairs(result) == USUAL


def test_json_lines_are_read(given: Given) -> None:
    lines = [json.dumps({**post, "hashtags": [post["hashtags"]]}) for post in given.posts]
    assert pairs(given.run_files("\n".join(lines).encode(), name="posts.jsonl")) == USUAL


@pytest.mark.parametrize("note", ["Exported 2024-01-01, by tool", "Exported today"])
def test_notes_above_the_header_are_named(given: Given, note: str) -> None:
    content = note.encode() + b"\n\n" + given.written(lineterminator="\n")
    with pytest.raises(UsageError) as raised:
        given.run_files(content)
    assert str(raised.value) == (
        f"{given.folder}/posts.tsv: no column 'id'; found: {note}; there is one column alone; the header may be in "
        "line 3: --skip-lines 2"
    )
    assert pairs(given.run_files(content, skip_lines=2)) == USUAL


def test_a_workbook_is_named(given: Given) -> None:
    book = given.folder / "book"
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(UsageError) as raised:
        given.run_files(book.read_bytes(), name="book.xlsx")
    assert str(raised.value) == (
        f"{given.folder}/book.xlsx: is an Excel workbook; save it as CSV or tab-separated text"
    )


def _decimals(values: Sequence[int]) -> pa.Array:
    return pa.array([Decimal(value) for value in values], pa.decimal128(38, 0))


def _uuids(values: Sequence[int]) -> pa.Array:
    return pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([uuid.UUID(int=value).bytes for value in values], pa.binary(16))
    )


def _structs(tags: Sequence[str]) -> pa.Array:
    return pa.array([[{"text": tag, "indices": [0, 4]}] if tag else [] for tag in tags])


def _json(tags: Sequence[str]) -> pa.Array:
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array([json.dumps([tag] if tag else []) for tag in tags]))


@pytest.mark.parametrize("ids", [_decimals, _uuids, lambda values: pa.array(values, pa.float64()), pa.array])
@pytest.mark.parametrize(
    ("tags", "dates"),
    [
        (_structs, lambda seconds: pa.array(seconds, pa.int32())),
        (_json, lambda seconds: pa.array(seconds, pa.timestamp("s"))),
        (lambda tags: pa.array(tags).dictionary_encode(), pa.array),
    ],
)
def test_types_of_parquet_are_understood(
    given: Given, warnings: Warnings, ids: Callable[..., Any], tags: Callable[..., Any], dates: Callable[..., Any]
) -> None:
    posts, accounts = given.folder / "posts.parquet", given.folder / "accounts.parquet"
    numbers, found = list(range(10)), [post["hashtags"] for post in given.posts]
    columns = {"id": ids(numbers), "author_id": ids(numbers), "created_at": dates([1539202764] * 10)}
    pq.write_table(pa.table(columns | {"hashtags": tags(found)}), posts)
    pq.write_table(pa.table({"id": ids(numbers), "screen_name": NAMES}), accounts)
    result = given.job(posts, accounts)
    zero, one = (str(uuid.UUID(int=i)) if ids is _uuids else str(i) for i in range(2))
    assert pairs(result) == {("vote", zero, one)}
    assert {str(row["first_post"])[:16] for row in result.rows("members")} == {"2018-10-10 20:19"}
    assert warnings() == []
