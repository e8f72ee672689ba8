"""New rows come in files of their own until there are too many of them; every result is checked row by row."""

from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot

from .running import KEYS, Result
from .story import Story, mode_of, paths

ONE: dict[str, Any] = {"buckets": 1, "force": True}


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """New rows are merged by the number of generations only: the input of a test is small."""
    monkeypatch.setattr("jobs.incremental.patch._MOST_NEWER", 100)


def rows_of(result: Result, table: str = "members") -> dict[int, int]:
    """Rows by generation."""
    found: dict[int, int] = {}
    for entry in result.manifest.files:
        if entry.table == table:
            found[entry.generation] = found.get(entry.generation, 0) + entry.rows
    return found


@pytest.mark.usefixtures("keep")
def test_new_rows_come_in_a_file_beside_those_that_were_there(story: Story) -> None:
    first = story.run(**ONE)
    story.post("two.tsv", "7 u6 #maga", "8 u0 #maga", "9 u0 #new")
    second = story.run(**ONE)
    assert paths(first, *KEYS) < paths(second, *KEYS)
    assert second.manifest.generation == 1
    for table in KEYS:
        assert rows_of(second, table) == {0: len(first.rows(table)), 1: 3}
    assert sum(entry.replaces for entry in second.manifest.files) == 2  # what u0 did with #maga, in both


@pytest.mark.usefixtures("keep")
def test_where_nothing_is_new_all_generations_are_named(story: Story) -> None:
    story.run(**ONE)
    story.post("two.tsv", "7 u6 #maga")
    second, third = story.run(**ONE), story.run(**ONE)
    assert paths(third) - paths(second) == paths(third, "hashtags")
    assert third.manifest.generation == 2


@pytest.mark.usefixtures("keep")
def test_a_renamed_account_has_new_rows_of_all_that_it_used(story: Story) -> None:
    first = story.run(**ONE)
    used = sum(row["account_id"] == "u4" for row in first.rows("members"))
    story.accounts["u4"] = ("2020-01-01", "another")
    story.post("two.tsv", "7 u6")
    second = story.run(**ONE)
    assert rows_of(second) == {0: len(first.rows("members")), 1: used}
    assert rows_of(second, "account_hashtags") == {0: len(first.rows("members"))}


@pytest.mark.usefixtures("keep")
def test_more_generations_than_there_may_be_become_one(story: Story) -> None:
    story.run(**ONE)
    for day in range(1, 5):
        story.post(f"{day}.tsv", f"{day + 10} u{day} #maga|#day{day}")
        result = story.run(**ONE | {"max_generations": 3})
        expected = {1: {0, 1}, 2: {2}, 3: {2, 3}, 4: {4}}[day]  # bucket 0 has a little more than half of them
        assert set(rows_of(result)) == set(rows_of(result, "account_hashtags")) == expected
    assert mode_of(result)[0] == "incremental"


def test_more_new_rows_than_an_eighth_make_one_generation_at_once(story: Story) -> None:
    first = story.run(**ONE)
    story.post("two.tsv", *(f"{number + 10} u{number % 9} #a{number}" for number in range(60)))
    second = story.run(**ONE)
    assert rows_of(second) == {1: len(first.rows("members")) + 60}
    assert not paths(second, *KEYS) & paths(first, *KEYS)


@pytest.mark.usefixtures("keep")
def test_a_table_of_one_generation_is_plain(story: Story) -> None:
    story.run(**ONE)
    story.post("two.tsv", "7 u6 #maga")
    story.run(**ONE)
    story.post("three.tsv", "8 u7 #maga")
    third = story.run(**ONE | {"max_generations": 1})
    for table in KEYS:
        assert rows_of(third, table) == {2: len(third.rows(table))}


@pytest.mark.usefixtures("keep")
def test_where_one_generation_is_asked_for_there_is_one_even_if_nothing_is_new(story: Story) -> None:
    story.run(**ONE)
    story.post("two.tsv", "7 u6 #maga", "8 u0 #maga")
    second = story.run(**ONE)
    assert set(rows_of(second)) == set(rows_of(second, "account_hashtags")) == {0, 1}
    third = story.run(**ONE | {"max_generations": 1})
    assert mode_of(third)[0] == "incremental"
    for table in KEYS:
        assert rows_of(third, table) == {2: len(third.rows(table))}
    fourth = story.run(**ONE | {"max_generations": 1})
    assert paths(fourth, *KEYS) == paths(third, *KEYS)


@pytest.mark.usefixtures("keep")
def test_a_look_up_finds_the_newest_rows_in_order(story: Story) -> None:
    story.run(**ONE)
    story.post("two.tsv", "7 u6 #maga", "8 u0 #maga|#zebra")
    result = story.run(**ONE)
    snapshot = Snapshot.open(FolderOutput(result.output))
    members = snapshot.members("maga").drop_columns(["generation", "account_number"]).to_pylist()
    assert members == [row for row in result.rows("members") if row["hashtag"] == "maga"]
    assert snapshot.members("maga")["account_id"].to_pylist() == ["u0", "u1", "u2", "u4", "u6"]
    assert snapshot.members("maga")["generation"].to_pylist() == [1, 0, 0, 0, 1]
    assert snapshot.account_hashtags("u0")["posts"].to_pylist() == [2, 1]
