"""New rows are laid over a table's files until there are too many of them; every result is checked row by row."""

from typing import Any

import pytest

from jobs.incremental import strategy
from lookalike.snapshots.reader import Snapshot
from lookalike.tables.schemas import OVERLAYS

from .running import Result
from .story import Story, mode_of, paths

LARGE: dict[str, Any] = {"buckets": 1, "max_overlay_fraction": 1.0}


@pytest.fixture
def story(story: Story, monkeypatch: pytest.MonkeyPatch) -> Story:
    """The story, whose runs take max_overlay_fraction."""
    run = story.run

    def run_with(*, max_overlay_fraction: float, **options: Any) -> Result:
        monkeypatch.setattr(strategy, "_MAX_OVERLAY_FRACTION", max_overlay_fraction)
        return run(**options)

    monkeypatch.setattr(story, "run", run_with)
    return story


def overlays(result: Result) -> dict[str, int]:
    """Rows laid over each table."""
    found = dict.fromkeys(OVERLAYS, 0)
    for entry in result.manifest.files:
        for table, overlay in OVERLAYS.items():
            found[table] += entry.rows if entry.table == overlay else 0
    return found


def test_new_rows_lie_over_the_files_that_were_there(story: Story) -> None:
    first = story.run(**LARGE)
    assert overlays(first) == {"members": 0, "account_hashtags": 0}
    story.post("two.tsv", "7 u6 #maga", "8 u0 #maga", "9 u0 #new")
    second = story.run(**LARGE)
    assert paths(second, *OVERLAYS) == paths(first, *OVERLAYS)
    assert overlays(second) == {"members": 3, "account_hashtags": 3}
    assert sum(entry.replaces for entry in second.manifest.files) == 2  # what u0 did with #maga, in both


def test_an_overlay_takes_the_place_of_the_one_before(story: Story) -> None:
    first = story.run(**LARGE)
    story.post("two.tsv", "7 u6 #maga")
    story.run(**LARGE)
    story.post("three.tsv", "8 u6 #maga", "9 u7 #maga")
    third = story.run(**LARGE)
    assert paths(third, *OVERLAYS) == paths(first, *OVERLAYS)
    assert overlays(third) == {"members": 2, "account_hashtags": 2}
    assert len(paths(third, *OVERLAYS.values())) == 2
    story.accounts["u6"] = ("2020-01-01", "another")
    assert overlays(story.run(**LARGE)) == {"members": 2, "account_hashtags": 2}


def test_an_overlay_that_nothing_changes_in_is_named(story: Story) -> None:
    story.run(**LARGE)
    story.post("two.tsv", "7 u6 #maga")
    second, third = story.run(**LARGE), story.run(**LARGE)
    assert paths(third) - paths(second) == paths(third, "hashtags")


def test_an_overlay_that_has_grown_too_large_is_worked_into_the_files(story: Story) -> None:
    first = story.run(**LARGE)
    rows = len(first.rows("members"))
    share = {"buckets": 1, "max_overlay_fraction": 2.5 / rows * 15 / 8}  # of bucket 0: two rows
    for day in range(2):
        story.post(f"{day}.tsv", f"{day + 10} u{day + 6} #maga")
        assert overlays(story.run(**share))["members"] == day + 1
    story.post("last.tsv", "20 u5 #maga")
    last = story.run(**share)
    assert overlays(last)["members"] == 0
    assert paths(last, "members") != paths(first, "members")
    assert len(last.rows("members")) == rows + 3


def test_more_new_rows_than_an_overlay_may_have_go_into_the_files_at_once(story: Story) -> None:
    first = story.run(**LARGE)
    story.post("two.tsv", *(f"{number + 10} u{number % 9} #a{number}" for number in range(60)))
    second = story.run(**LARGE)
    assert overlays(second) == {"members": 0, "account_hashtags": 0}
    assert not paths(second, *OVERLAYS) & paths(first, *OVERLAYS)


@pytest.mark.parametrize("fraction", [0, 0.0])
def test_without_overlays_the_tables_are_plain_again(story: Story, fraction: float) -> None:
    story.run(**LARGE)
    story.post("two.tsv", "7 u6 #maga")
    story.run(**LARGE)
    story.post("three.tsv", "8 u7 #maga")
    third = story.run(**LARGE | {"max_overlay_fraction": fraction})
    assert mode_of(third)[0] == "incremental"
    assert overlays(third) == {"members": 0, "account_hashtags": 0}


def test_an_overlay_is_worked_in_where_nothing_is_new_if_there_are_to_be_none(story: Story) -> None:
    story.run(**LARGE)
    story.post("two.tsv", "7 u6 #maga")
    assert overlays(story.run(**LARGE))["members"] == 1
    assert overlays(story.run(**LARGE | {"max_overlay_fraction": 0})) == {"members": 0, "account_hashtags": 0}


def test_a_look_up_finds_rows_of_both(story: Story) -> None:
    story.run(**LARGE)
    story.post("two.tsv", "7 u6 #maga", "8 u0 #maga #zebra")
    result = story.run(**LARGE)
    snapshot = Snapshot.open(result.output)
    assert snapshot.members("maga").to_pylist() == [row for row in result.rows("members") if row["hashtag"] == "maga"]
    assert snapshot.members("maga")["account_id"].to_pylist() == ["u0", "u1", "u2", "u4", "u6"]
    assert snapshot.account_hashtags("u0")["posts"].to_pylist() == [2]
