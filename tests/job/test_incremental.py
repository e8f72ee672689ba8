"""Runs over what is new, told: what they read, what they write, and when they read all."""

from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import QualityGateError, TooManyCandidatesError

from .running import Job
from .story import Story, mode_of, paths


def test_the_first_run_reads_all(story: Story) -> None:
    assert mode_of(story.run()) == ("full", "there is no live snapshot to build on")


def test_a_run_with_nothing_new_names_the_files_of_the_last(story: Story) -> None:
    first, second = story.run(), story.run()
    assert mode_of(second) == ("incremental", f"0 new files of posts since {first.manifest.id}")
    assert second.manifest.mode is not None
    assert (second.manifest.mode.base, second.manifest.mode.bytes) == (first.manifest.id, 0)
    assert paths(second) - paths(first) == paths(second, "hashtags")  # this one is always written


def test_only_buckets_with_something_new_are_written(quick_job: Job, tmp_path: Path) -> None:
    story = Story(quick_job, tmp_path, buckets=50)
    first = story.run()
    story.post("two.tsv", "7 u6 #other")
    second = story.run()
    written = paths(second) - paths(first)
    by_table = {table: len({path for path in written if f"/{table}/" in path}) for table in ("members", "pairs")}
    assert by_table == {"members": 1, "pairs": 1}
    assert len({path for path in written if "/accounts/" in path}) == 3  # of u6 and those whom he looks like
    assert len(paths(second, "members") & paths(first)) == 1
    assert second.manifest.mode is not None
    assert second.manifest.mode.files == 1
    assert second.manifest.mode.bytes == story.posts[1].stat().st_size


def test_a_renamed_account_loses_its_pairs_and_gains_others(story: Story) -> None:
    first = story.run()
    assert ("maga", "u0", "u1") in {pair[:3] for pair in first.pairs}
    story.accounts["u1"] = ("2020-01-01", "nobody_like_it")
    second = story.run()
    assert mode_of(second)[0] == "incremental"
    assert not {pair for pair in second.pairs if "u1" in pair[1:3]}
    story.accounts["u1"] = ("2020-01-01", "maga_eagle_1")
    assert ("maga", "u0", "u1") in {pair[:3] for pair in story.run().pairs}


def test_posts_of_an_author_who_becomes_known_are_used(story: Story) -> None:
    story.post("two.tsv", "7 late #maga", "8 later #maga")
    first = story.run()
    assert first.manifest.counts.posts.rejected == {"unknown author": 2}
    story.accounts = {"late": ("2020-01-01", "maga_eagle_99")} | story.accounts
    second = story.run()
    assert mode_of(second) == ("incremental", f"0 new files of posts since {first.manifest.id}")
    assert second.manifest.counts.posts.rejected == {"unknown author": 1}
    assert [row["row"].split("\t")[0] for row in second.rows("rejects")] == ["8"]
    story.accounts["later"] = ("2020-01-01", "x")
    assert story.run().rows("rejects") == []


def test_a_post_seen_again_counts_once(story: Story) -> None:
    story.run()
    story.post("two.tsv", "1 u0 #Maga", "7 u0 #maga")
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert result.manifest.counts.posts.duplicates == 1


def test_an_older_version_of_a_post_is_rejected(story: Story) -> None:
    story.run()
    story.post("two.tsv", "1 u0 #new", day="2022-01-01")
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert result.manifest.counts.posts.rejected == {"conflicting duplicate": 1}


def test_a_newer_version_of_a_post_makes_the_run_read_all(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    story.run()
    story.post("two.tsv", "1 u0 #new", day="2024-01-01")
    name, reason = mode_of(story.run())
    assert (name, reason) == ("full", "1 post comes again with other content that must be used instead")
    assert f"warning: the job reads all posts: {reason}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"min_similarity": "0.9"}, "min_similarity of the live snapshot is 0.8"),
        ({"buckets": 4}, "buckets of the live snapshot is 3"),
        ({"fold": "case"}, "fold of the live snapshot is none"),
        ({"exclude_reposts": True}, "exclude_reposts of the live snapshot is False"),
        ({"mode": "full"}, "asked for"),
    ],
)
def test_other_options_make_a_run_read_all(story: Story, options: dict[str, Any], reason: str) -> None:
    story.run()
    assert mode_of(story.run(**options)) == ("full", reason)


def test_a_threshold_that_is_only_written_in_another_way_is_the_same(story: Story) -> None:
    story.run()
    assert mode_of(story.run(min_similarity="0.80"))[0] == "incremental"


def test_other_ignored_hashtags_make_a_run_read_all(quick_job: Job, story: Story, tmp_path: Path) -> None:
    story.run()
    ignored = tmp_path / "ignored.txt"
    ignored.write_text("other\n")
    options: dict[str, Any] = {"buckets": 3, "mode": "incremental", "quoting": "none", "ignore_hashtags": ignored}
    second = quick_job(story.posts, story.write_accounts(), output=tmp_path / "out", **options)
    assert mode_of(second) == ("full", "the list of ignored hashtags has changed")
    moved = ignored.rename(tmp_path / "moved.txt")
    third = quick_job(
        story.posts, story.write_accounts(), output=tmp_path / "out", **options | {"ignore_hashtags": moved}
    )
    assert mode_of(third)[0] == "incremental"


def test_prefix_blocking_reads_all(quick_job: Job, story: Story, tmp_path: Path) -> None:
    story.run()
    options: dict[str, Any] = {"buckets": 3, "mode": "incremental", "quoting": "none", "blocking": "prefix"}
    result = quick_job(story.posts, story.write_accounts(), output=tmp_path / "out", **options)
    assert mode_of(result) == ("full", "prefix blocking loses pairs, and not the same ones in each run")


def test_a_file_that_has_changed_or_is_gone_makes_a_run_read_all(story: Story) -> None:
    story.post("two.tsv", "7 u6 #other")
    story.run()
    story.post("two.tsv", "7 u6 #others")
    name, reason = mode_of(story.run())
    assert (name, reason) == (
        "full",
        f"{story.posts[1]} has 81 bytes now, 80 before",
    )
    story.post("two.tsv", "7 u6 #otherz")
    assert mode_of(story.run()) == ("full", f"{story.posts[1]} has changed")
    gone = story.posts[1]
    del story.files["two.tsv"]
    assert mode_of(story.run()) == ("full", f"{gone} is not among the posts any more")


def test_an_account_that_is_gone_makes_a_run_read_all(story: Story) -> None:
    story.run()
    del story.accounts["u8"]
    assert mode_of(story.run()) == ("full", "the account 'u8' is not among the accounts any more")


def test_a_live_snapshot_that_lacks_a_file_is_not_built_on(story: Story) -> None:
    first = story.run()
    lost = sorted(paths(first, "account_hashtags"))[0]
    (first.output / lost).unlink()
    name, reason = mode_of(story.run())
    assert name == "full"
    assert reason.startswith("the live snapshot is damaged: ")
    assert lost in reason


@pytest.mark.parametrize("table", ["members", "account_hashtags", "pairs", "spellings"])
def test_a_live_snapshot_with_damage_inside_a_file_is_not_built_on(story: Story, table: str) -> None:
    """The size is right, so the damage is found by the task that reads the file."""
    first = story.run()
    for path in paths(first, table):
        whole = (first.output / path).read_bytes()
        (first.output / path).write_bytes(whole[:4] + bytes(byte ^ 0x5A for byte in whole[4:-500]) + whole[-500:])
    story.post("two.tsv", *(f"{number} u{number} #maga" for number in range(7, 9)))
    name, reason = mode_of(story.run())
    assert name == "full"
    assert reason.startswith("the live snapshot is damaged: ")
    assert f"/{table}/" in reason


@pytest.mark.parametrize("content", ["x", '{"schema_version": 3}'])
def test_a_live_snapshot_that_cannot_be_read_is_replaced_with_a_warning(
    story: Story, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = story.run()
    (first.output / "snapshots" / first.manifest.id / "manifest.json").write_text(content)
    name, reason = mode_of(story.run(mode="auto"))
    assert name == "full"
    assert reason.startswith("the live snapshot cannot be read: ")
    assert f"warning: {reason}. Counts are not compared with it.\n" in capsys.readouterr().err


def test_damage_is_measured_against_what_is_new_and_against_all(story: Story) -> None:
    story.post("large.tsv", *(f"{number} u6 #other" for number in range(100, 200)))
    story.run()
    story.post("two.tsv", "7 u6 #other", " u6 #other")  # no id: half of this file, but a hundredth of all
    with pytest.raises(QualityGateError, match="1 of 2 rows of posts cannot be used: 50\\.00%"):
        story.run(max_reject_fraction=0.1)
    story.run(max_reject_fraction=0.5)
    with pytest.raises(QualityGateError, match="1 of 108 rows of posts cannot be used: 0\\.93%"):
        story.run(max_reject_fraction=0.009)


def test_by_itself_a_run_reads_all_where_most_is_new(story: Story) -> None:
    story.post("two.tsv", *(f"{number} u6 #other" for number in range(7, 9)))
    story.run()
    story.post("three.tsv", "10 u7 #other")
    assert mode_of(story.run(mode="auto"))[0] == "incremental"
    story.post("four.tsv", *(f"{number} u8 #other" for number in range(11, 60)))
    name, reason = mode_of(story.run(mode="auto"))
    assert name == "full"
    assert reason.endswith("bytes of posts are new, more than half of all")


def test_more_candidates_than_allowed_are_left_to_the_estimate_of_a_full_run(story: Story) -> None:
    story.run()
    story.post("two.tsv", "7 u6 #maga")
    assert mode_of(story.run(max_candidates=4))[0] == "incremental"
    story.post("three.tsv", "8 u7 #maga")
    with pytest.raises(TooManyCandidatesError, match="16  estimated"):  # of all, where the new ones are 5
        story.run(max_candidates=4)
    assert mode_of(story.run(max_candidates=5))[0] == "incremental"
