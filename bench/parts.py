"""What can be measured: each part gives its figures, plain JSON, from runs that take turns."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from bench.agreement import differences, wrong_pairs
from bench.eventlog import SparkStage, busiest
from bench.exchanges import exchanges
from bench.incremental import incremental
from bench.jobrun import CACHE, OUTPUT, ROOT, JobRun, data_set, run_job, told, told_run, values
from bench.manyaccounts import many_accounts
from bench.processes import Measurement, measure

COMPARE = "compare"  # the stage of the job
CHECKED_PAIRS = 10_000  # of the hand-made result, looked over in Python
LAST_SHARE = 0.2  # of the compare stage, in which all cores should still be busy

Figures = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of the measurements: a line on it, about how many minutes it takes, and what gives its figures.

    measure takes the number of rounds. quick: belongs to the small selection.
    """

    what: str
    minutes: float
    measure: Callable[[int], Figures]
    quick: bool = False


def against(size: str, baseline: str, rounds: int) -> Figures:
    """The job and a baseline on one data set; RuntimeError if the hand-made pairs are not the job's."""
    folder = data_set(size)
    jobs: list[JobRun] = []
    others: list[dict[str, float]] = []
    printed: dict[str, float] = {}
    found = CACHE / "handmade.parquet"
    for turn in range(1, rounds + 1):
        jobs.append(told_run(f"job {turn}/{rounds}", partial(run_job, folder)))
        script = [
            sys.executable,
            f"bench/{baseline}.py",
            str(folder),
            *([str(found)] if baseline == "handmade" else []),
        ]
        other = told(f"{baseline} {turn}/{rounds}", partial(measure, script, ROOT))
        printed = values(other.output)
        others.append({"seconds": extrapolated(other, printed), "peak_bytes": other.peak_bytes})
        if baseline == "handmade":
            check_agreement(found, folder / "accounts.tsv", OUTPUT)
    figures = {
        "data": size,
        "baseline": baseline,
        "job": [run.measurement.figures() for run in jobs],
        "other": others,
        "pairs": _agreed([run.similar_pairs for run in jobs]),
        "other_pairs": jobs[0].similar_pairs if baseline == "handmade" else printed.get("pairs"),
        "stages": _median_run(jobs).stage_seconds,
    }
    if "sharing" in printed:
        figures["sampled_share"] = printed["sampled"] / printed["sharing"]
    return figures


def extrapolated(other: Measurement, printed: dict[str, float]) -> float:
    """Seconds of a baseline; of one that compared a sample, what all pairs sharing a hashtag would have taken."""
    if "sharing" not in printed:
        return other.seconds
    return other.seconds + printed["compared"] * (printed["sharing"] / printed["sampled"] - 1)


def check_agreement(found: Path, accounts: Path, output: Path) -> None:
    """RuntimeError with examples unless both results are the same and a sample of them is right."""
    wrong = differences(found, output) + wrong_pairs(found, accounts, Fraction("0.8"), CHECKED_PAIRS)
    if wrong:
        raise RuntimeError("job and hand-made process do not agree:\n" + "\n".join(wrong))


def kernel(names: int, rounds: int) -> Figures:
    """The kernel and its peers on one core, by turns within one process."""
    script = [sys.executable, "bench/kernel_bench.py", "--rounds", str(rounds), str(names)]
    return dict(values(told(f"{names:,} names", partial(measure, script, ROOT)).output))


def large(name: str, most_rounds: int, rounds: int) -> Figures:
    """The job on one hashtag, and how many of the cores the comparison kept busy, also towards its end."""
    folder = data_set(name)
    runs = [
        told_run(f"job {turn}/{rounds}", partial(run_job, folder, logged=True))
        for turn in range(1, min(rounds, most_rounds) + 1)
    ]
    return {
        "data": name,
        "members": runs[0].counts["memberships"],
        "pairs": _agreed([run.similar_pairs for run in runs]),
        "job": [run.measurement.figures() | busy_cores(run.measurement, run.stages) for run in runs],
        "cores": _cores(),
        "stages": _median_run(runs).stage_seconds,
    }


def busy_cores(measurement: Measurement, stages: Sequence[SparkStage]) -> dict[str, float]:
    """Cores busy on average during the compare stage and in the last fifth of it."""
    compare = [stage for stage in stages if stage.group == COMPARE]
    begin, end = min(stage.begin for stage in compare), max(stage.end for stage in compare)
    last = end - LAST_SHARE * (end - begin)
    return {
        "compare_seconds": end - begin,
        "busy": measurement.cores_used(begin, end),
        "busy_last": measurement.cores_used(last, end),
    }


def growth(small: str, large: str, rounds: int) -> Figures:
    """The job on ten times the data."""
    folders = {"small": data_set(small), "large": data_set(large)}
    runs: dict[str, list[dict[str, float]]] = {key: [] for key in folders}
    for turn in range(1, rounds + 1):
        for key, folder in folders.items():
            run = told_run(f"job on {folder.name} {turn}/{rounds}", partial(run_job, folder))
            runs[key].append(run.measurement.figures())
    return {"names": [small, large], **runs}


def cores(size: str, rounds: int) -> Figures:
    """The job on one core and on two, no process of it allowed on any other."""
    folder = data_set(size)
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        raise RuntimeError("two cores are needed")
    runs: dict[str, list[dict[str, float]]] = {"one": [], "two": []}
    for turn in range(1, rounds + 1):
        for number, times in enumerate(runs.values(), 1):
            run = partial(run_job, folder, ["--master", f"local[{number}]"], (), available[:number])
            times.append(told_run(f"job on {number} of the cores {turn}/{rounds}", run).measurement.figures())
    return {"data": size, **runs}


def profile(size: str, rounds: int) -> Figures:
    """Where the time goes, by Spark's event log of the median run, and how even the compare stage's tasks are."""
    folder = data_set(size)
    runs = [told_run(f"job {turn}/{rounds}", partial(run_job, folder, logged=True)) for turn in range(1, rounds + 1)]
    median = _median_run(runs)
    return {
        "data": size,
        "job": [run.measurement.figures() | busy_cores(run.measurement, run.stages) for run in runs],
        "balance": [busiest(list(run.stages), COMPARE).balance for run in runs],
        "cores": _cores(),
        "stages": median.stage_seconds,
        "spark_stages": [
            {
                "group": stage.group,
                "seconds": stage.seconds,
                "tasks": len(stage.tasks),
                "task_seconds": sum(stage.tasks),
                "balance": stage.balance,
                "collection_seconds": stage.collection_seconds,
            }
            for stage in median.stages
        ],
    }


def _median_run(runs: list[JobRun]) -> JobRun:
    return sorted(runs, key=lambda run: run.measurement.seconds)[len(runs) // 2]


def _agreed(pairs: list[int]) -> int:
    if len(set(pairs)) != 1:
        raise RuntimeError(f"runs of the job found different numbers of pairs: {sorted(set(pairs))}")
    return pairs[0]


def _cores() -> int:
    return len(os.sched_getaffinity(0))


PARTS = {
    "S-floor": Part("S: job against the floor", 1.5, partial(against, "S", "floor"), quick=True),
    "S-handmade": Part("S: job against the hand-made process", 1.5, partial(against, "S", "handmade"), quick=True),
    "S-naive": Part("S: job against naive, with its recall", 4, partial(against, "S", "naive")),
    "M-floor": Part("M: job against the floor; peak memory", 6, partial(against, "M", "floor")),
    "M-handmade": Part("M: job against the hand-made process", 5, partial(against, "M", "handmade")),
    "M-duckdb": Part("M: job against DuckDB alone, extrapolated", 5, partial(against, "M", "duckdb_alone")),
    "M-profile": Part("M: where the time goes, balance of the compare stage", 4, partial(profile, "M")),
    "incremental": Part("M: 1% new posts against a full run", 8, partial(incremental, "M")),
    "M-exchanges": Part("M: shuffle and S3 server against folders", 18, partial(exchanges, "M")),
    "accounts": Part("1M to 20M accounts, few posts", 12, many_accounts),
    "growth": Part("the job on M by that on S", 4, partial(growth, "S", "M")),
    "cores": Part("M: two cores against one", 9, partial(cores, "M")),
    "kernel-10k": Part("kernel, 10,000 names", 0.2, partial(kernel, 10_000), quick=True),
    "kernel-100k": Part("kernel, 100,000 names", 0.3, partial(kernel, 100_000), quick=True),
    "kernel-1M": Part("kernel, 1,000,000 names", 2, partial(kernel, 1_000_000)),
    "L-1M": Part("one hashtag of 1M members", 2, partial(large, "L-1M", 3)),
    "L-3M": Part("one hashtag of 3M members", 6, partial(large, "L-3M", 3)),
    "L-10M": Part("one hashtag of 10M members, one round", 15, partial(large, "L-10M", 1)),
}
