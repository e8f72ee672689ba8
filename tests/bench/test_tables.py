"""The tables of bench/README.md, and which goals they say are reached."""

from pathlib import Path
from typing import Any

import pytest

from bench.goals import GIB, GOALS, Goal
from bench.results import Result, load, save, taken_now
from bench.table import (
    BEGIN,
    END,
    accounts_table,
    exchange_table,
    goal_table,
    job_table,
    kernel_table,
    large_table,
    machine_lines,
    profile_tables,
    render,
    scale_table,
    stage_table,
    write_results,
)


def result(machine: str = "2 cores", **figures: Any) -> Result:
    return Result("2026-01-02", machine, figures)


def runs(*seconds: float, gibibytes: float = 2.0, **more: float) -> list[dict[str, float]]:
    return [{"seconds": value, "peak_bytes": gibibytes * GIB, **more} for value in seconds]


def against(baseline: str, **more: Any) -> Result:
    figures: dict[str, Any] = {
        "data": "S",
        "baseline": baseline,
        "job": runs(10, 20, 30),
        "pairs": 2_000,
        "stages": {"scan": 5.0},
    }
    figures |= {"other": runs(20, 10, 25, gibibytes=3.0), "other_pairs": 800}
    return Result("2026-01-02", "2 cores", figures | more)


def test_the_ratio_is_the_median_of_the_rounds_and_not_of_the_seconds() -> None:
    row = job_table({"S-naive": against("naive")}).splitlines()[-1]
    assert row == ("| S | naive | 20.0 s | 20.0 s | **1.2** | 2.0 GiB | 3.0 GiB | 2,000 | 800 (40%) | 2026-01-02 |")


def test_what_was_extrapolated_says_so() -> None:
    row = job_table({"M-duckdb": against("duckdb_alone", other_pairs=None, sampled_share=0.0123)}).splitlines()[-1]
    assert "| duckdb alone, extrapolated from 1.23% of the pairs |" in row
    assert row.endswith("| 2,000 |  | 2026-01-02 |")


def test_stages_and_the_rest_add_up_to_the_whole() -> None:
    table = stage_table(
        {
            "S-floor": against("floor", job=runs(20), stages={"scan": 5.0, "write": 4.0}),
            "M-floor": against("floor", job=runs(9), data="M", stages={"scan": 8.0}),
        }
    )
    assert table.splitlines() == [
        "| seconds of | scan | write | start and end | whole | date |",
        "| --- | --- | --- | --- | --- | --- |",
        "| S | 5.0 | 4.0 | 11.0 | 20.0 | 2026-01-02 |",
        "| M | 8.0 | 0.0 | 1.0 | 9.0 | 2026-01-02 |",
    ]


def test_kernel_figures_without_cdist_leave_its_column_empty() -> None:
    figures = result(names=100_000, pairs=87_005, kernel=0.25, symscan=2.5)
    row = kernel_table({"kernel-100k": figures}).splitlines()[-1]
    assert row == "| 100,000 | 87,005 | 0.250 s | 2.50 s | **10.0x** |  | 2026-01-02 |"


def test_one_hashtag_shows_how_busy_the_cores_were() -> None:
    job = runs(30, 20, 40, compare_seconds=15.0, busy=1.9, busy_last=1.5)
    row = large_table({"L-3M": result(data="L-3M", members=3_000_000, pairs=7, job=job, cores=2)}).splitlines()[-1]
    assert row == "| 3,000,000 | 7 | 30.0 s | 15.0 s | 2.0 GiB | 1.90 of 2 | 1.50 of 2 | 3 | 2026-01-02 |"


def test_without_a_shared_folder_each_way_is_held_against_the_folder_and_the_floor() -> None:
    ways = {
        "folder": runs(10, 20, 30),
        "shuffle": runs(15, 32, 45),
        "store": runs(10, 22, 36),
        "floor": runs(20, 40, 60),
    }
    found = Result("2026-01-02", "2 cores", {"exchanged": "M", **ways})
    assert exchange_table({"M-exchanges": found}).splitlines()[2:] == [
        "| M: the work folder | 20.0 s | **1.00** | **0.50** | 2.0 GiB | 2026-01-02 |",
        "| M: Spark's shuffle | 32.0 s | **1.50** | **0.75** | 2.0 GiB | 2026-01-02 |",
        "| M: an S3 server | 22.0 s | **1.10** | **0.55** | 2.0 GiB | 2026-01-02 |",
    ]
    rows = [row for row in goal_table({"M-exchanges": found}).splitlines() if "M: through" in row or "S3" in row]
    assert [row.split(" | ")[1] for row in rows] == ["**1.5x**", "**0.75x**", "**1.1x**"]


def test_many_accounts_have_a_row_for_each_number() -> None:
    of_one = {
        "accounts": 2_000_000,
        "text_bytes": 153e6,
        "stage_seconds": [3, 1, 2],
        "job": runs(9, driver_bytes=GIB),
    }
    found = Result("2026-01-02", "2 cores", {"many_accounts": [of_one]})
    assert accounts_table({"accounts": found}).splitlines()[-1] == (
        "| 2,000,000 | 153 MB | 2.0 s | 9.0 s | 1.00 GiB | 2.00 GiB | 2026-01-02 |"
    )
    assert "| 20M accounts, few posts: memory of the driver | **1 GiB** | 1.5 GiB |" in goal_table(
        {"accounts": found}
    )


def test_growth_and_cores_are_ratios_of_the_slower_by_the_quicker() -> None:
    rows = scale_table(
        {
            "growth": result(names=["S", "M"], small=runs(10, 10), large=runs(80, 100)),
            "cores": result(data="M", one=runs(57, 57), two=runs(30, 30)),
        }
    ).splitlines()[2:]
    assert rows == [
        "| M by S | 90.0 s | 10.0 s | **9.00** | 2026-01-02 |",
        "| M: one core by two | 57.0 s | 30.0 s | **1.90** | 2026-01-02 |",
    ]


def test_a_profile_has_a_row_for_each_of_sparks_stages() -> None:
    stage = {"group": "scan", "seconds": 4.0, "tasks": 6, "task_seconds": 7.5, "balance": 1.25}
    stage |= {"collection_seconds": 0.3}
    figures = result(data="M", job=runs(40, busy=1.8, busy_last=1.7), cores=2, spark_stages=[stage])
    text = profile_tables({"M-profile": figures})
    assert text.splitlines()[-1] == "| scan | 4.0 | 6 | 7.5 | 1.25 | 0.3 |"
    assert "Comparing, 1.80 of 2 cores were busy, in the last fifth 1.70." in text


@pytest.mark.parametrize(
    ("value", "higher_is_better", "verdict"),
    [(0.6, False, "aim"), (0.99, False, "yes"), (1.0004, False, "yes"), (1.01, False, "no"), (0.61, True, "no")],
)
def test_a_goal_is_reached_on_the_right_side_of_its_bounds(
    value: float, higher_is_better: bool, verdict: str
) -> None:
    at_least, aim = (1.0, 2.0) if higher_is_better else (1.0, 0.6)
    goal = Goal("time", "part", lambda figures: figures["value"], "x", at_least, aim, higher_is_better)
    cells = goal.row({"part": result(value=value)})
    assert (cells[0], cells[4], cells[5]) == ("time", verdict, "2026-01-02")


def test_goals_are_taken_from_their_parts_and_the_others_say_that_they_were_not_measured() -> None:
    results = {
        "M-floor": against("floor", data="M", job=runs(40, gibibytes=5.0), other=runs(50)),
        "S-naive": against("naive", job=runs(10), other=runs(30)),
        "cores": result(data="M", one=runs(57), two=runs(30)),
    }
    rows = dict(zip((goal.what for goal in GOALS), goal_table(results).splitlines()[2:], strict=True))
    assert rows["M: job by floor, time"] == "| M: job by floor, time | **0.8x** | 1x | 0.6x | yes | 2026-01-02 |"
    assert rows["S: naive by job, time"] == "| S: naive by job, time | **3x** | 2.5x | 4x | yes | 2026-01-02 |"
    assert "| **5 GiB** | 6 GiB | 4 GiB | yes |" in rows["M: memory of all processes"]
    assert "| **1.9x** | 1.7x | 1.9x | aim |" in rows["M: two cores against one"]
    assert sum("not measured" in row for row in rows.values()) == len(GOALS) - 4


def test_machines_are_named_once_with_what_was_measured_on_them() -> None:
    lines = machine_lines({"a": result("old"), "b": result("new"), "c": result("old")})
    assert lines == "- old: a, c.\n- new: b."


def test_writing_the_results_leaves_the_rest_of_the_page_alone(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n")
    text = write_results(page, {"S-naive": against("naive")})
    assert page.read_text() == f"a\n{BEGIN}\n{text}\n{END}\nb\n"
    assert "| S | naive |" in text
    assert "### One hashtag" not in text
    page.write_text("nothing")
    with pytest.raises(ValueError, match="no section"):
        write_results(page, {})


def test_nothing_measured_is_said_so() -> None:
    assert render({}) == "Not measured yet: `make bench`."


def test_results_are_kept_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert load(path) == {}
    kept = {
        "b": result(seconds=1.5, stages=[{"tasks": 3}]),
        "a": taken_now({"seconds": 1.23456789, "pairs": 1234567}),
    }
    save(path, kept)
    assert load(path) == kept
    assert kept["a"].figures == {"seconds": 1.23457, "pairs": 1234567}
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]
