"""What a run prints when it has published: the numbers of its manifest, and pairs that it found."""

import re
from pathlib import Path

from .known import tiny
from .running import Job, Result


def numbers(result: Result) -> dict[str, int]:
    """The number that stands behind each name, of a table's rows in front of a colon behind the table's name."""
    found, table = {}, ""
    for line in result.printed.splitlines():
        match = re.match(r"( *)(\S.*?) {2,}([\d,]+)( {2,}|$)", line)
        if match:
            table = "" if not match[1] else table
            found[table + match[2]] = int(match[3].replace(",", ""))
            table = f"{match[2]}: " if match[2].startswith("rows of ") else table
    return found


def test_a_run_prints_the_numbers_of_its_manifest(quick_job: Job) -> None:
    known = tiny()
    result = quick_job(known.posts, known.accounts, max_reject_fraction=0.1, exclude_reposts=True)
    counts = result.manifest.counts
    expected = {
        "rows of accounts": counts.accounts.rows,
        "rows of accounts: used": counts.accounts.used,
        "rows of posts": counts.posts.rows,
        "rows of posts: used": counts.posts.used,
        "rows of posts: without hashtag": counts.posts.without_hashtag,
        "rows of posts: excluded reposts": counts.posts.excluded_reposts,
        "hashtags": counts.hashtags,
        "memberships": counts.memberships,
        "pairs that share a hashtag": counts.pairs_sharing,
        "candidates": counts.candidates,
        "verified": counts.verified,
        "similar pairs": counts.similar_pairs,
    }
    expected |= {f"rows of posts: rejected: {reason}": count for reason, count in counts.posts.rejected.items()}
    printed = numbers(result)
    assert {name: printed.get(name) for name in expected} == expected
    assert len(counts.posts.rejected) == 2
    assert counts.posts.excluded_reposts == 4


def test_a_run_prints_the_seconds_of_its_stages_in_their_order(quick_job: Job) -> None:
    known = tiny()
    result = quick_job(known.posts, known.accounts, max_reject_fraction=0.1)
    (line,) = [line for line in result.printed.splitlines() if line.startswith("seconds")]
    stages = [f"{stage} {seconds:.1f}" for stage, seconds in result.manifest.seconds.items()]
    assert re.split(r" {2,}", line)[1:] == stages
    assert list(result.manifest.seconds) == ["start", "accounts", "scan", "group", "compare", "write"]


def test_a_run_prints_the_hashtags_with_most_pairs_and_some_of_their_pairs(quick_job: Job) -> None:
    known = tiny()
    result = quick_job(known.posts, known.accounts, max_reject_fraction=0.1)
    printed = result.printed.splitlines()
    hashtags = result.rows("hashtags")
    top = sorted(hashtags, key=lambda row: (-row["pairs"], row["hashtag"]))[:5]
    for row in top:
        cells = [f"#{row['display']}", str(row["posts"]), str(row["members"]), str(row["pairs"])]
        assert cells in [line.split() for line in printed]
    name_of = {row["account_id"]: row["screen_name"] for row in result.rows("members")}
    display_of = {row["hashtag"]: row["display"] for row in hashtags}
    pairs = {
        (f"#{display_of[hashtag]}", name_of[a], name_of[b], str(distance), f"{similarity:.4f}")
        for hashtag, a, b, distance, similarity in result.pairs
    }
    start = next(place for place, line in enumerate(printed) if line.split()[:3] == ["hashtag", "screen", "name"])
    shown = [tuple(line.split()) for line in printed[start + 1 :] if "\u2026" not in line]  # cut names
    assert len(shown) > 5
    assert set(shown) <= pairs


def test_a_run_without_pairs_prints_none(quick_job: Job, tmp_path: Path) -> None:
    posts, accounts = tmp_path / "posts.tsv", tmp_path / "accounts.tsv"
    posts.write_text("id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n")
    accounts.write_text("id\tcreated_at\tscreen_name\n")
    result = quick_job(posts, accounts, force=True)
    assert (result.pairs, result.rows("accounts"), result.rows("hashtags")) == ([], [], [])
    assert numbers(result)["similar pairs"] == 0
    assert "screen name" not in result.printed
