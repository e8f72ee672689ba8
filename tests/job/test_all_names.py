"""Accounts compared by all names that they had."""

import random
from pathlib import Path

import pytest

from jobs.pipeline import verification
from lookalike.errors import VerificationError
from tests.examples import seeds

from .reference import expected_result
from .running import Job

POSTS = "id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
ACCOUNTS = "id\tcreated_at\tscreen_name\n"


def made(folder: Path, seed: int) -> tuple[Path, Path]:
    """Posts, and accounts of which many have several near names."""
    chance = random.Random(seed)
    names = [f"maga_eagle_{i:02}" for i in range(12)] + ["quiet_reader", "quiet_reader2", "old_harbour"]
    accounts = [
        f"u{i}\t2020-01-01\t{chance.choice(names)}{chance.choice(['', '', '_', 'x'])}"
        for i in range(25)
        for _ in range(chance.choice([1, 1, 2, 4]))
    ]
    posts = [
        f"p{i}\t2021-01-01\tu{chance.randrange(25)}\tfalse\tx\t{chance.choice(['Vote', 'Vote|Now', 'Now', 'News'])}"
        for i in range(60)
    ]
    (folder / "posts.tsv").write_text(POSTS + "\n".join(posts) + "\n")
    (folder / "accounts.tsv").write_text(ACCOUNTS + "\n".join(accounts) + "\n")
    return folder / "posts.tsv", folder / "accounts.tsv"


@seeds(4)
def test_accounts_are_a_pair_by_any_of_their_names(quick_job: Job, tmp_path: Path, seed: int) -> None:
    posts, accounts = made(tmp_path, seed)
    block_size = random.Random(seed).choice([3, 100])
    result = quick_job(posts, accounts, all_names=True, block_size=block_size, cores=2, verify=10)
    result.check(expected_result([posts], [accounts], all_names=True))
    latest = quick_job(posts, accounts)
    assert len(result.pairs) > len(latest.pairs)
    assert not [pair for pair in result.pairs if pair[1] == pair[2]]


def test_brute_force_finds_a_pair_by_earlier_names_that_is_lost(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts, accounts = made(tmp_path, 1)
    monkeypatch.setattr("jobs.stages.group.grouping.with_earlier_names", lambda groups, *_: groups)
    monkeypatch.setattr(verification, "_MEMBERS", 100)
    with pytest.raises(VerificationError, match=r"the pair .* is stored with distance 1, but its distance is 0"):
        quick_job(posts, accounts, all_names=True, verify=10)


def test_a_run_over_more_posts_reads_all(quick_job: Job, tmp_path: Path) -> None:
    posts, accounts = made(tmp_path, 2)
    quick_job(posts, accounts, all_names=True, output=tmp_path / "out")
    result = quick_job(posts, accounts, all_names=True, output=tmp_path / "out")
    assert (result.manifest.mode.name, result.manifest.mode.reason) == (
        "full",
        "all names of an account are compared",
    )
