"""--identical group: identical names are published as groups, which mean the same pairs."""

import random
from pathlib import Path
from typing import Any

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from tests.examples import seeds

from .cases import made_inputs
from .reference import Expected, expected_result
from .running import Job, Result


def snapshot_of(result: Result) -> Snapshot:
    return Snapshot.open(FolderOutput(result.output))


def check(result: Result, expected: Expected) -> None:
    """The pairs that the groups mean are the expected ones, in their order, and are counted so."""
    snapshot = snapshot_of(result)
    keys = [row["hashtag"] for row in expected.hashtags]
    found = [tuple(row.values()) for key in keys for row in snapshot.pairs(key).to_pylist()]
    assert found == expected.pairs
    assert result.rows("hashtags") == expected.hashtags
    counts = result.manifest.counts
    assert counts.similar_pairs == len(expected.pairs)
    assert counts.grouped is not None
    assert (counts.grouped.pairs, counts.grouped.identical) == (len(result.pairs), len(result.rows("identical")))
    assert result.rows("lookalikes") == []
    assert {row["lookalikes"] for row in result.rows("accounts")} <= {0}


@seeds(12)
def test_the_groups_mean_the_pairs_that_the_definitions_say(quick_job: Job, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    inputs = made_inputs(rng, tmp_path / "in", accounts=rng.choice([5, 60]), posts=rng.choice([20, 300]))
    options: dict[str, Any] = {
        "min_similarity": rng.choice(["0.8", "1", "0.3", "0.5"]),
        "fold": rng.choice(["none", "case"]),
    }
    if rng.random() < 0.3:
        options |= {"blocking": "prefix", "prefix_length": rng.choice([1, 3])}
    result = quick_job(
        inputs.posts,
        inputs.accounts,
        identical="group",
        quoting="none",
        encoding="utf-8",
        hashtag_separator="bar",
        max_reject_fraction=1.0,
        force=True,
        block_size=rng.choice([1, 5, 100_000]),
        verify=0,
        **options,
    )
    names = ("min_similarity", "fold", "prefix_length")
    check(result, expected_result(*inputs, **{name: options[name] for name in names if name in options}))
