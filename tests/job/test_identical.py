"""--identical group: identical names are published as groups, which mean the same pairs."""

import random
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from lookalike.errors import TooManyPairsError, VerificationError
from lookalike.kernel import EncodedNames, first_with_name
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from tests.docs.documents import blocks
from tests.docs.project import ROOT
from tests.examples import seeds

from .cases import made_inputs
from .configs import refusal
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


@seeds(6)
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


POSTS = "id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
ACCOUNTS = "id\tcreated_at\tscreen_name\n"


def written(folder: Path, names: list[str]) -> tuple[Path, Path]:
    """Accounts of these names that all used two hashtags."""
    posts, accounts = folder / "posts.tsv", folder / "accounts.tsv"
    lines = [f"p{i}\t2023-01-01\tu{i:03}\tfalse\thi\tVote|Now\n" for i in range(len(names))]
    posts.write_text(POSTS + "".join(lines))
    accounts.write_text(ACCOUNTS + "".join(f"u{i:03}\t2020-01-01\t{name}\n" for i, name in enumerate(names)))
    return posts, accounts


MIXED = ["maga_eagle"] * 40 + ["maga_eagl3"] * 30 + [f"reader_{i}" for i in range(5)] + ["maga_eagle"] * 9


def test_on_spark_a_grouped_run_means_the_same_pairs(job: Job, tmp_path: Path) -> None:
    posts, accounts = written(tmp_path, MIXED)
    result = job(posts, accounts, identical="group", verify=2, max_pairs=100)
    check(result, expected_result([posts], [accounts]))
    assert result.manifest.schema_version == 6
    assert result.manifest.verification is not None
    assert result.manifest.verification.found == result.manifest.counts.similar_pairs
    kinds = {
        entry.table: sum(one.rows for one in result.manifest.files if one.table == entry.table)
        for entry in result.manifest.files
    }
    assert (kinds["identical"], kinds["pairs"]) == (2 * (48 + 29), 2 * (1 + 10))
    assert "similar pairs" in result.printed


def test_runs_that_list_pairs_say_nothing_of_groups(quick_job: Job, tmp_path: Path) -> None:
    result = quick_job(*written(tmp_path, MIXED))
    assert result.manifest.schema_version == 5
    assert result.rows("identical") == []
    assert b'"grouped"' not in result.manifest.dump()


def test_the_limit_on_pairs_names_groups_and_concerns_what_is_listed(quick_job: Job, tmp_path: Path) -> None:
    posts, accounts = written(tmp_path, MIXED)
    inside = 2 * (49 * 48 // 2 + 30 * 29 // 2)
    with pytest.raises(TooManyPairsError) as caught:
        quick_job(posts, accounts, max_pairs=1000)
    assert str(caught.value).splitlines()[-2] == (
        f"{inside:,} are pairs of identical names: --identical group publishes these as groups."
    )
    assert quick_job(posts, accounts, max_pairs=22, identical="group").manifest.counts.similar_pairs > 1000
    with pytest.raises(TooManyPairsError) as caught:
        quick_job(posts, accounts, max_pairs=10, identical="group")
    assert "--identical group" not in str(caught.value)
    plan = quick_job.plan(posts, accounts, tmp_path / "out", identical="group")
    assert ["#Vote", "84", "3,486"] in [line.split()[:3] for line in plan.splitlines()]
    assert ["similar", "pairs", "22"] in [line.split()[:3] for line in plan.splitlines()]


def test_a_grouped_run_reads_all_posts_and_so_does_the_one_after_it(quick_job: Job, tmp_path: Path) -> None:
    posts, accounts = written(tmp_path, MIXED)
    reasons = []
    for identical in ("pairs", "group", "group", "pairs", "pairs"):
        mode = quick_job(posts, accounts, output=tmp_path / "out", identical=identical).manifest.mode
        reasons.append((mode.name, mode.reason))
    assert reasons[:4] == [
        ("full", "there is no live snapshot to build on"),
        ("full", "identical names are published as groups"),
        ("full", "identical names are published as groups"),
        ("full", "the live snapshot has identical names as groups"),
    ]
    assert reasons[4][0] == "incremental"


def test_all_names_cannot_be_compared_with_groups() -> None:
    required = ["--posts", "p.tsv", "--accounts", "a.tsv", "--output", "o"]
    assert refusal(*required, "--all-names", "--identical", "group") == (
        "--all-names and --identical group cannot be used together: leave one of them out"
    )


def test_brute_force_finds_names_that_are_in_a_wrong_group(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def joined(names: EncodedNames, members: Any, starts: Any) -> Any:
        """Accounts of the first hashtag's second name are taken for ones of its first name."""
        first = first_with_name(names, members, starts)
        return np.where(first == 40, 0, first)

    monkeypatch.setattr("jobs.stages.group.identical.first_with_name", joined)
    posts, accounts = written(tmp_path, MIXED)
    with pytest.raises(VerificationError, match="is stored with distance 0, but its distance is 1"):
        quick_job(posts, accounts, identical="group", verify=2)


def test_brute_force_finds_a_pair_of_groups_that_is_lost(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.stages.compare.compare._whole", lambda *_: iter(()))
    posts, accounts = written(tmp_path, MIXED)
    with pytest.raises(VerificationError, match="has distance 1 and is not stored"):
        quick_job(posts, accounts, identical="group", verify=2)


def test_the_query_in_the_documentation_lists_all_pairs(quick_job: Job, tmp_path: Path) -> None:
    posts, accounts = written(tmp_path, MIXED)
    result = quick_job(posts, accounts, identical="group")
    database = duckdb.connect()
    for name in ("members", "identical", "pairs"):
        rows = pa.Table.from_pylist(result.rows(name))
        database.register(name, rows)
    page = (ROOT / "docs/how-to/plan-a-large-run.md").read_text(encoding="utf-8")
    (query,) = blocks(page, "sql")
    assert sorted(database.sql(query).fetchall()) == sorted(expected_result([posts], [accounts]).pairs)
