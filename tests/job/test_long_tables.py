"""Posts with a row for each of their hashtags."""

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from jobs.stages.scan.posts import Posts
from jobs.stages.scan.scan import ScanSplits
from lookalike.strings.values import first_half_of
from tests.examples import seeds

from .running import Job

HEADER = "id\tcreated_at\tauthor_id\ttext\thashtags\n"
ACCOUNTS = "id\tscreen_name\n" + "".join(f"u{i}\tmaga_eagle_{i:02}\n" for i in range(12))
TAGS = ["Vote", "#vote", "VOTE", "Now", "\u00e9t\u00e9", "News", ""]


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.tsv"
    path.write_text(ACCOUNTS, encoding="utf-8")
    return path


def put(folder: Path, name: str, rows: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(HEADER + "".join(row + "\n" for row in rows), encoding="utf-8")
    return path


@seeds(3)
def test_a_row_a_hashtag_gives_what_a_row_a_post_gives(
    quick_job: Job, tmp_path: Path, accounts: Path, seed: int
) -> None:
    chance = random.Random(seed)
    wide, long = [], []
    for number in range(80):
        post = f"p{number}\t2021-01-{chance.randrange(1, 29):02}\tu{chance.randrange(12)}\ttext"
        tags = list(dict.fromkeys(chance.choices(TAGS, k=chance.randrange(1, 5))))
        wide.append(f"{post}\t{'|'.join(tags)}")
        long += [f"{post}\t{tag}" for tag in tags]
    expected = quick_job(put(tmp_path, "wide.tsv", wide), accounts)
    quick_job.cut_finely(chance.choice([200, 1000]))
    first, second = (put(tmp_path / "long", name, part) for name, part in _dealt(chance, long))
    result = quick_job([first, second], accounts, cores=chance.choice([1, 3]))
    for table in ("pairs", "members", "accounts", "account_hashtags", "lookalikes"):
        assert result.rows(table) == expected.rows(table), table
    sizes = [
        [(row["hashtag"], row["posts"], row["members"], row["pairs"]) for row in one.rows("hashtags")]
        for one in (result, expected)
    ]
    assert sizes[0] == sizes[1]
    counts = result.manifest.counts.posts
    assert (counts.rows, counts.joined) == (len(long), len(long) - 80)
    assert (counts.duplicates, counts.rejected) == (0, {})


def test_rows_whose_hashes_of_hashtags_collide_stay_apart(
    quick_job: Job, tmp_path: Path, accounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned: Any = ScanSplits._posts

    def colliding(*arguments: Any) -> Posts:
        posts = scanned(*arguments)
        return dataclasses.replace(posts, row_hash=first_half_of(posts.row_hash))

    monkeypatch.setattr(ScanSplits, "_posts", colliding)
    rows = [f"p1\t2021-01-01\tu1\tone\t{tag}" for tag in ("Vote", "Now", "Vote", "News")]
    result = quick_job(put(tmp_path, "posts.tsv", rows), accounts)
    assert [row["hashtag"] for row in sorted(result.rows("hashtags"), key=lambda row: row["hashtag"])] == [
        "news",
        "now",
        "vote",
    ]
    assert (result.manifest.counts.posts.joined, result.manifest.counts.posts.duplicates) == (2, 1)


def _dealt(chance: random.Random, rows: list[str]) -> list[tuple[str, list[str]]]:
    """The rows in two files, in any order."""
    chance.shuffle(rows)
    cut = chance.randrange(len(rows))
    return [("a.tsv", rows[:cut]), ("b.tsv", rows[cut:])]


def test_rows_that_differ_in_more_than_hashtags_conflict(quick_job: Job, tmp_path: Path, accounts: Path) -> None:
    rows = [
        "p1\t2021-01-01\tu1\tone\tVote",
        "p1\t2021-01-01\tu1\tone\tNow",
        "p1\t2021-01-02\tu1\tone\tNews",
        "p1\t2021-01-02\tu1\tone\tVote",
        "p1\t2021-01-02\tu1\tone\tVote",
        "p2\t2021-01-02\tu2\tone\tVote",
    ]
    result = quick_job(put(tmp_path, "posts.tsv", rows), accounts, max_reject_fraction=1.0)
    assert sorted(row["row"] for row in result.rows("rejects")) == sorted(rows[:2])
    counts = result.manifest.counts.posts
    assert (counts.used, counts.joined, counts.duplicates) == (2, 1, 1)
    used = sorted((row["hashtag"], row["account_id"]) for row in result.rows("members"))
    assert used == [("news", "u1"), ("vote", "u1"), ("vote", "u2")]


def test_a_later_file_with_more_hashtags_of_a_post_makes_a_run_read_all(
    quick_job: Job, tmp_path: Path, accounts: Path
) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    put(folder, "1.tsv", [f"p{i}\t2021-01-01\tu{i}\tx\tVote" for i in range(9)])
    quick_job(folder, accounts, output=output)
    put(folder, "2.tsv", ["p1\t2021-01-01\tu1\tx\tNow", "p2\t2021-01-01\tu2\tx\tVote"])
    result = quick_job(folder, accounts, output=output)
    assert result.manifest.mode.name == "full"
    assert result.manifest.mode.reason == "1 post comes again with other content that must be used instead"
    assert [row["account_id"] for row in result.rows("members") if row["hashtag"] == "now"] == ["u1"]
    assert (result.manifest.counts.posts.joined, result.manifest.counts.posts.duplicates) == (1, 1)
