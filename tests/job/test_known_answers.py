"""The whole job on data whose pairs are known."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from .known import Known, ira, medium, tiny
from .reference import Pair, expected_result
from .running import Job, Result

DAMAGED = 0.1  # share of damaged rows that tiny has on purpose, and more


def by_hashtag(result: Result) -> list[Pair]:
    return sorted(result.pairs, key=lambda pair: (pair[0], -pair[4], pair[1], pair[2]))


def unpacked(known: Known, folder: Path) -> tuple[Path, Path]:
    """The files without compression, so that they can be split."""
    posts, accounts = folder / "posts.tsv", folder / "accounts.tsv"
    posts.write_bytes(gzip.decompress(known.posts.read_bytes()))
    accounts.write_bytes(gzip.decompress(known.accounts.read_bytes()))
    return posts, accounts


@pytest.mark.parametrize("min_similarity", ["0.5", "0.6", "0.7", "0.75", "0.8", "0.9", "0.95", "1"])
def test_tiny_gives_the_known_pairs(quick_job: Job, min_similarity: str) -> None:
    known = tiny()
    result = quick_job(known.posts, known.accounts, min_similarity=min_similarity, max_reject_fraction=DAMAGED)
    assert by_hashtag(result) == known.pairs(min_similarity)


@pytest.mark.parametrize("split_bytes", [1 << 26, 500])
def test_on_spark_tiny_gives_the_known_pairs_in_one_task_or_in_many(job: Job, split_bytes: int) -> None:
    known = tiny()
    job.cut_finely(split_bytes)
    result = job(known.posts, known.accounts, min_similarity="0.5", max_reject_fraction=DAMAGED)
    assert by_hashtag(result) == known.pairs("0.5")


@pytest.mark.parametrize("min_similarity", ["0.7", "0.85", "1"])
def test_medium_gives_the_known_pairs(quick_job: Job, min_similarity: str) -> None:
    known = medium()
    result = quick_job(known.posts, known.accounts, min_similarity=min_similarity, buckets=7)
    assert by_hashtag(result) == known.pairs(min_similarity)


@pytest.mark.parametrize("block_size", [50, 1])
def test_hashtags_that_many_tasks_share_lose_and_repeat_no_pair(quick_job: Job, block_size: int) -> None:
    known = medium()
    result = quick_job(known.posts, known.accounts, cores=5, block_size=block_size, min_similarity="0.7", buckets=1)
    assert max(row["members"] for row in result.rows("hashtags")) > 50
    assert result.pairs == known.pairs("0.7")


@pytest.mark.parametrize(
    "options",
    [
        {"block_size": 50, "buckets": 64},
        pytest.param({"block_size": 1, "buckets": 1}, marks=pytest.mark.thorough),
    ],
)
def test_on_spark_medium_gives_the_known_pairs(job: Job, tmp_path: Path, options: dict[str, Any]) -> None:
    known = medium()
    job.cut_finely(500_000)
    result = job(*unpacked(known, tmp_path), min_similarity="0.7", **options)
    assert by_hashtag(result) == known.pairs("0.7")


def test_on_spark_real_posts_give_the_known_pairs(job: Job) -> None:
    known = ira()
    result = job(known.posts, known.accounts, min_similarity="0.7")
    assert by_hashtag(result) == known.pairs("0.7")
    assert result.manifest.counts.posts.rows == 901_656


@pytest.mark.parametrize("buckets", [1, 7, 64])
@pytest.mark.parametrize(
    "options", [{}, {"fold": "case"}, {"exclude_reposts": True}, {"min_similarity": "1"}, {"min_similarity": "0.3"}]
)
def test_tiny_gives_what_the_definitions_say_in_any_number_of_buckets(
    quick_job: Job, buckets: int, options: dict[str, Any]
) -> None:
    known = tiny()
    expected = expected_result([known.posts], [known.accounts], **options)
    result = quick_job(known.posts, known.accounts, buckets=buckets, max_reject_fraction=DAMAGED, **options)
    result.check(expected)
    assert result.manifest.buckets == buckets


@pytest.mark.parametrize(
    ("prefix_length", "block_size"), [(3, 20), pytest.param(1, 100_000, marks=pytest.mark.thorough)]
)
def test_prefix_blocking_finds_the_pairs_that_begin_alike_and_tells_how_many_it_loses(
    quick_job: Job, tmp_path: Path, prefix_length: int, block_size: int
) -> None:
    posts, accounts = unpacked(medium(), tmp_path)
    expected = expected_result([posts], [accounts], min_similarity="0.7", prefix_length=prefix_length)
    quick_job.sample(hashtags=300)
    options: dict[str, Any] = {"min_similarity": "0.7", "blocking": "prefix", "prefix_length": prefix_length}
    result = quick_job(posts, accounts, block_size=block_size, buckets=1, **options)
    result.check(expected)
    recall = result.manifest.recall
    assert recall is not None
    assert recall.pairs > recall.found
    share = f"{recall.found / recall.pairs:.1%} of the {recall.pairs} pairs of {recall.hashtags} sampled hashtags"
    assert f"prefix blocking loses pairs: it found {share}\n" in result.printed
