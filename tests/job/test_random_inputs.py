"""The whole job against the plain reference, on inputs with every oddity mixed in."""

import dataclasses
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.stages.scan.posts import Posts
from jobs.stages.scan.scan import ScanSplits
from tests.examples import seeds, whole_runs

from .cases import Inputs, made_inputs
from .reference import expected_result
from .running import Job


def random_options(rng: random.Random) -> dict[str, Any]:
    options: dict[str, Any] = {
        "min_similarity": rng.choice(["0.8", "0.8", "1", "0.3", "0.5", "0.75", "0.6", "0.000000001"]),
        "buckets": rng.choice([1, 2, 7, 13]),
        "block_size": rng.choice([1, 2, 5, 50, 100_000]),
        "exclude_reposts": rng.random() < 0.3,
        "fold": rng.choice(["none", "none", "case"]),
    }
    if rng.random() < 0.2:
        options["all_names"] = True
    elif rng.random() < 0.3:
        options |= {"blocking": "prefix", "prefix_length": rng.choice([1, 2, 3, 10])}
    return options


def run_and_check(job: Job, rng: random.Random, inputs: Inputs, cores: int) -> None:
    options = random_options(rng)
    job.sample(hashtags=5)
    job.compare(names_once=rng.random() < 0.5)
    result = job(
        inputs.posts,
        inputs.accounts,
        cores=cores,
        quoting="none",
        encoding="utf-8",
        hashtag_separator="bar",
        max_reject_fraction=1.0,
        force=True,
        **options,
    )
    names = ("min_similarity", "exclude_reposts", "fold", "prefix_length", "all_names")
    result.check(expected_result(*inputs, **{name: options[name] for name in names if name in options}))


@whole_runs(10)
@given(rng=st.randoms(use_true_random=False))
def test_a_small_input_gives_what_the_definitions_say(quick_job: Job, tmp_path: Path, rng: random.Random) -> None:
    shutil.rmtree(tmp_path)
    quick_job.cut_finely(rng.choice([40, 300, 1 << 20]))
    inputs = made_inputs(rng, tmp_path, accounts=rng.randint(0, 8), posts=rng.randint(0, 12))
    run_and_check(quick_job, rng, inputs, rng.choice([1, 2, 5]))


@seeds(4)
def test_a_mixed_input_gives_what_the_definitions_say(quick_job: Job, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    quick_job.cut_finely(rng.choice([1000, 5000, 1 << 20]))
    inputs = made_inputs(rng, tmp_path / "in", accounts=rng.choice([30, 200]), posts=rng.choice([50, 1000]))
    run_and_check(quick_job, rng, inputs, rng.choice([1, 2, 5]))


@seeds(1)
def test_on_spark_a_mixed_input_gives_what_the_definitions_say(job: Job, tmp_path: Path, seed: int) -> None:
    rng = random.Random(100 + seed)
    job.cut_finely(rng.choice([20_000, 1 << 20]))
    inputs = made_inputs(rng, tmp_path / "in", accounts=rng.choice([100, 700]), posts=rng.choice([300, 2000]))
    run_and_check(job, rng, inputs, 2)


@seeds(3)
def test_ids_whose_hashes_collide_stay_apart(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    scanned: Any = ScanSplits._posts

    def colliding(*arguments: Any) -> Posts:
        """The posts, with one bit left of the hash that brings those of one id together."""
        posts = scanned(*arguments)
        return dataclasses.replace(posts, id_hash=posts.id_hash & np.uint64(1))

    monkeypatch.setattr(ScanSplits, "_posts", colliding)
    quick_job.cut_finely(500)
    rng = random.Random(2000 + seed)
    inputs = made_inputs(rng, tmp_path / "in", accounts=20, posts=100)
    run_and_check(quick_job, rng, inputs, 2)
