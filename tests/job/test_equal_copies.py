"""Of equal rows in several files a reject names the first by path, whatever was read first."""

from __future__ import annotations

from .running import Result
from .story import Story, mode_of

OLD, NEW = "2022-01-01", "2023-01-01"


def rejected(result: Result) -> list[tuple[str, str]]:
    """The files and ids of the rejects, by the files' names."""
    return sorted((row["file"].rpartition("/")[2], row["row"].split("\t")[0]) for row in result.rows("rejects"))


def in_full(story: Story) -> list[tuple[str, str]]:
    return rejected(story.run(mode="full"))


def test_a_copy_of_a_rejected_post_in_a_later_file_changes_nothing(story: Story) -> None:
    story.post("two.tsv", "1 u0 #old", day=OLD)
    story.run()
    story.post("zwei.tsv", "1 u0 #old", day=OLD)
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert rejected(result) == in_full(story) == [("two.tsv", "1")]


def test_a_copy_of_a_rejected_post_in_an_earlier_file_makes_a_run_read_all(story: Story) -> None:
    story.post("two.tsv", "1 u0 #old", "2 u1 #old", day=OLD)
    story.run()
    story.post("again.tsv", "1 u0 #old", "2 u1 #old", "3 u2 #old", day=OLD)
    result = story.run()
    reason = "2 rejected posts are also in a file that comes earlier, which a run over all input names"
    assert mode_of(result) == ("full", reason)
    assert rejected(result) == in_full(story) == [("again.tsv", "1"), ("again.tsv", "2"), ("again.tsv", "3")]


def test_copies_of_used_posts_are_read_incrementally_wherever_they_are(story: Story) -> None:
    story.post("two.tsv", "1 u0 #joined")  # a row that differs in its hashtags alone
    story.run()
    story.post("again.tsv", "1 u0 #joined", "1 u0 #Maga", "2 u1 #maga")
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert rejected(result) == in_full(story) == []


def test_of_new_copies_the_first_by_path_is_named(story: Story) -> None:
    story.run()
    story.post("zwei.tsv", "1 u0 #old", day=OLD)
    story.post("again.tsv", "1 u0 #old", day=OLD)
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert rejected(result) == in_full(story) == [("again.tsv", "1")]


def test_copies_of_posts_whose_author_becomes_known_are_named_by_path(story: Story) -> None:
    story.post("two.tsv", "7 late #old", "7 late2 #old", day=OLD)
    story.run()
    story.post("again.tsv", "7 late #old", "8 u8 #maga", day=OLD)
    story.run()
    story.post("zwei.tsv", "7 u0 #new", day=NEW)
    story.run()
    story.accounts |= {"late": ("2020-01-01", "x"), "late2": ("2020-01-01", "y")}
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert rejected(result) == in_full(story) == [("again.tsv", "7"), ("two.tsv", "7")]
