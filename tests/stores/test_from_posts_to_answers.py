"""The commands that people type, from posts to an answer, with nothing but a bucket in between."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.outputs.urls import StoreUrl
from tests.job.command import submit, submit_alone
from tests.job.known import tiny
from tests.serving.running import ROOT, service_process

from .running import Bucket


@pytest.mark.thorough
def test_posts_to_answers_over_a_bucket(url: StoreUrl, tmp_path: Path) -> None:
    known = tiny()
    options: tuple[str | Path, ...] = (
        "--posts",
        known.posts,
        "--accounts",
        known.accounts,
        "--output",
        url,
        "--buckets",
        "1",
    )
    options += ("--max-reject-fraction", "0.1", "--min-similarity", "0.5", "--verify", "5")
    for run in (submit_alone, submit):  # the second, the real one, compares with what it finds
        ran = run(*options)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.startswith(f"Published snapshot {Bucket(url).live()} in {url}\n")
    found = [tuple(row.values()) for row in Bucket(url).tables()["pairs"]]
    assert found == known.pairs("0.5")

    hashtag = found[0][0]
    command = [sys.executable, "-m", "jobs.snapshots", "pairs", url, hashtag, "--limit", "1"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pairs = sum(pair[0] == hashtag for pair in found)
    assert f" {pairs:,} similar pair{'s' if pairs != 1 else ''}\n" in shown
    with service_process(url, tmp_path) as service:
        expected = [[*pair[1:3], pair[4]] for pair in found if pair[0] == hashtag]
        assert service.client.pairs(hashtag, "0.5") == expected
