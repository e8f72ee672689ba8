from pathlib import Path
from typing import Any

import pytest

from jobs.options.config import JobConfig
from jobs.pipeline.gate import check_rejects, check_result
from lookalike.errors import QualityGateError
from lookalike.snapshots.manifest import Manifest

from .known import tiny
from .running import Job


def config(fraction: float = 0.01, **options: Any) -> JobConfig:
    given: dict[str, Any] = {"posts": ["p"], "accounts": ["a"], "output": Path("o")}
    return JobConfig(max_reject_fraction=fraction, **given, **options)


@pytest.mark.parametrize(
    ("fraction", "rows", "damaged"),
    [(0.01, 100, 1), (0.0, 100, 0), (0.0, 0, 0), (1.0, 5, 5), (0.1, 1000, 100), (0.29, 100, 29)],
)
def test_a_share_of_rejects_up_to_the_limit_passes(fraction: float, rows: int, damaged: int) -> None:
    check_rejects(config(fraction), "posts", rows, damaged, {})


@pytest.mark.parametrize(("fraction", "rows", "damaged"), [(0.01, 100, 2), (0.0, 10**9, 1), (0.99, 5, 5)])
def test_a_larger_share_stops_the_run(fraction: float, rows: int, damaged: int) -> None:
    with pytest.raises(QualityGateError) as caught:
        check_rejects(config(fraction), "posts", rows, damaged, {})
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith(f"{damaged:,} of {rows:,} rows of posts cannot be used: ")


def test_the_examples_of_each_reason_are_shown_and_harmless() -> None:
    rows = {"wrong number of fields": ["one\ttwo", "\x1b[2Jred", "x" * 1000], "empty id": ["\ta"]}
    with pytest.raises(QualityGateError) as caught:
        check_rejects(config(0.01), "accounts", 1234, 567, rows)
    first, *examples = str(caught.value).split("\n")
    assert "567 of 1,234 rows of accounts" in first
    assert "45.95%" in first
    assert "1.00% of --max-reject-fraction" in first
    assert examples == [
        "  empty id:",
        "    \\ta",
        "  wrong number of fields:",
        "    one\\ttwo",
        "    \\x1b[2Jred",
        "    " + "x" * 200 + "...",
    ]


@pytest.fixture
def live(quick_job: Job) -> Manifest:
    known = tiny()
    return quick_job(known.posts, known.accounts, max_reject_fraction=0.1).manifest


def with_counts(manifest: Manifest, **counts: int) -> Manifest:
    return manifest.model_copy(update={"counts": manifest.counts.model_copy(update=counts)})


@pytest.mark.parametrize(("fraction", "members"), [(0.5, 50), (0.29, 71), (0.0, 100), (0.0, 101), (1.0, 1)])
def test_counts_may_fall_by_the_fraction(live: Manifest, fraction: float, members: int) -> None:
    made = with_counts(live, memberships=members)
    check_result(config(max_fall_fraction=fraction), made, with_counts(live, memberships=100))


@pytest.mark.parametrize("what", ["hashtags", "memberships", "similar_pairs"])
def test_counts_that_fall_by_more_stop_the_run_with_both_numbers(live: Manifest, what: str) -> None:
    old = getattr(live.counts, what)
    with pytest.raises(QualityGateError) as caught:
        check_result(config(), with_counts(live, **{what: old // 2 - 1}), live)
    first, line = str(caught.value).split("\n")
    assert first == (
        f"counts fell by more than the 50.00% of --max-fall-fraction since {live.id}. Nothing was published."
    )
    assert line == f"  {what.replace('_', ' ')}: {old // 2 - 1:,}, live {old:,}"


def test_pairs_of_another_kind_are_not_compared(live: Manifest) -> None:
    fewer = with_counts(live, similar_pairs=0)
    check_result(config(), fewer.model_copy(update={"floor": "0.95"}), live)
    folded = fewer.model_copy(update={"configuration": dict(fewer.configuration) | {"fold": "case"}})
    check_result(config(), folded, live)


def test_a_first_snapshot_may_be_of_any_size_but_not_empty(live: Manifest) -> None:
    check_result(config(), with_counts(live, memberships=1), None)
    with pytest.raises(QualityGateError, match=r"^no account used any hashtag\. Nothing was published\.$"):
        check_result(config(), with_counts(live, memberships=0), None)


def test_force_publishes_with_a_warning(live: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    check_result(config(force=True), with_counts(live, memberships=0), live)
    check_rejects(config(force=True), "posts", 100, 50, {"empty id": ["\ta"]})
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if line.startswith("warning: ")] == [
        "warning: no account used any hashtag; continuing because of --force.",
        f"warning: counts fell by more than the 50.00% of --max-fall-fraction since {live.id}; "
        "continuing because of --force.",
        "warning: 50 of 100 rows of posts cannot be used: 50.00%, more than the 1.00% of --max-reject-fraction; "
        "continuing because of --force.",
    ]
    assert "    \\ta" in told
