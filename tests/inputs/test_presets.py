"""Each preset on the rows of its export, and what tells the exports apart."""

from pathlib import Path
from typing import Any

import pytest

from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.files import find_files
from jobs.inputs.formats.jsonpaths import JsonPath
from jobs.inputs.presets.registry import PRESETS, told
from jobs.inputs.reading import Reading
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.tables import ACCOUNTS, POSTS
from jobs.stages.scan.explode import Spellings
from lookalike.errors import UsageError
from lookalike.strings.values import parse_flags

from .exports import ALSO, DAY, EXAMPLES, EXPECTED, NO_REPOSTS, as_csv, as_lines
from .reading import read_columns


def test_every_preset_has_an_example() -> None:
    assert set(EXAMPLES) == set(PRESETS)


@pytest.mark.parametrize("asked", ["auto", "by name"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_export_is_known_and_read(tmp_path: Path, name: str, asked: str) -> None:
    preset = PRESETS[name]
    path = tmp_path / f"export.{preset.format}"
    (as_lines if preset.format == "jsonl" else as_csv)(path, EXAMPLES[name])
    reading = Reading(preset=name if asked == "by name" else "auto")
    (posts,) = find_files(POSTS, [str(path)], reading)
    (accounts,) = find_files(ACCOUNTS, [str(path)], reading)
    assert (posts.preset, accounts.preset) == (name, name)
    rows, owners = read_columns(posts, POSTS), read_columns(accounts, ACCOUNTS)
    texts = [value.decode() for value in map(owners["screen_name"].value, range(2))]
    assert texts == EXPECTED["author"]
    assert [owners["id"].value(i) for i in range(2)] == [rows["author_id"].value(i) for i in range(2)]
    days = parse_timestamps(*rows["created_at"]).astype("datetime64[us]").astype("datetime64[D]")
    assert [str(day) for day in days] == [DAY] * 2
    if name not in NO_REPOSTS:
        assert parse_flags(*rows["is_repost"]).tolist() == EXPECTED["repost"]
    spellings = Spellings(buckets=1, seed=1)
    assert posts.separator is not None
    spellings.explode(rows["hashtags"], SEPARATORS[posts.separator])
    assert sorted(spellings.dictionary()["key"].to_pylist()) == ["one", "two"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_tells_an_export_tells_no_other(name: str) -> None:
    rows, kind = EXAMPLES[name], PRESETS[name].format
    columns = {*rows[0], *ALSO.get(name, "").split()}

    def has(wanted: str) -> bool:
        if kind == "text":
            return wanted in columns
        return any(JsonPath.parse(wanted).find(row) is not None for row in rows)

    assert [one.name for one in told(kind, has)] == [name]


@pytest.mark.parametrize("name", ALSO)
def test_other_columns_of_an_export_make_no_difference(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export.csv"
    as_csv(path, [row | dict.fromkeys(ALSO[name].split(), "7") for row in EXAMPLES[name]])
    (file,) = find_files(POSTS, [str(path)])
    assert file.preset == name
    assert [file.has(POSTS, column) for column in PRESETS[name].posts] == [True] * len(PRESETS[name].posts)


@pytest.mark.parametrize(
    "page",
    [
        {"data": [{"id": "1", "author_id": "11"}], "includes": {"users": [{"id": "11", "username": "ann"}]}},
        {"data": [{"id": "1", "author_id": "11"}], "meta": {}},
        {"data": {"id": "1", "author_id": "11"}, "includes": {"users": [{"id": "11", "username": "ann"}]}},
    ],
)
def test_pages_of_api_v2_are_refused_with_the_command_for_them(tmp_path: Path, page: dict[str, Any]) -> None:
    path = tmp_path / "pages.jsonl"
    as_lines(path, [page, page])
    for table in (POSTS, ACCOUNTS):
        with pytest.raises(UsageError) as raised:
            find_files(table, [str(path)])
        assert str(raised.value) == (
            f"{path}: holds pages of Twitter's API v2, not a tweet a line; "
            f"make it one by twarc2 flatten {path} FLAT.jsonl"
        )


def test_one_page_longer_than_what_is_looked_at_is_refused_so_too(tmp_path: Path) -> None:
    path = tmp_path / "page.jsonl"
    as_lines(
        path, [{"data": [{"id": str(number), "author_id": "11", "text": "x" * 100} for number in range(10_000)]}]
    )
    with pytest.raises(UsageError, match=r"for pages of Twitter's API v2, twarc2 flatten$"):
        find_files(POSTS, [str(path)])


def test_the_archives_files_of_users_are_accounts_and_no_posts(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    columns = ("userid", "user_screen_name", "user_reported_location", "account_creation_date", "account_language")
    as_csv(path, [dict(zip(columns, ("11", "ann", "x", "2012-10-10", "en"), strict=True))])
    (file,) = find_files(ACCOUNTS, [str(path)])
    assert file.preset == "information-operations"
    assert read_columns(file, ACCOUNTS)["screen_name"].value(0) == b"ann"
    with pytest.raises(UsageError, match="no column 'tweetid'"):
        find_files(POSTS, [str(path)])


def test_messages_of_two_chats_have_different_ids(tmp_path: Path) -> None:
    path = tmp_path / "messages.ndjson"
    as_lines(path, EXAMPLES["4cat-telegram-items"])
    (file,) = find_files(POSTS, [str(path)])
    ids = read_columns(file, POSTS)["id"]
    assert [ids.value(i) for i in range(2)] == [b"101-7", b"102-7"]


def test_no_preset_is_taken_where_it_is_not_wanted(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    as_csv(path, EXAMPLES["4cat-twitter"])
    (file,) = find_files(POSTS, [str(path)], Reading(preset="none"))
    assert file.preset is None
    assert not file.has(POSTS, "created_at")


def test_names_that_the_options_give_count_before_those_of_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    as_csv(path, EXAMPLES["4cat-twitter"])
    (file,) = find_files(POSTS, [str(path)], Reading(columns={"created_at": "timestamp"}))
    assert read_columns(file, POSTS)["created_at"].value(0) == b"2018-10-10 20:19:24"
