"""Measure the whole job against the baselines and write the figures to bench/README.md.

    python bench/run.py --quick    a few minutes: S (1M posts) against the floor, the kernel up to 100k names
    python bench/run.py            about half an hour: S also against naive, M (10M posts), 1M names

Each figure is a ratio taken in one run: job and baseline by turns, whole processes with their start, the
median of the rounds. Data sets are generated once, to .cache/bench.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a plain script, bench/ is the root

from bench.generate import SIZES, generate
from bench.processes import Measurement, measure
from bench.table import Comparison, KernelFigures, StageSeconds, describe_machine, write_results

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "bench"
README = ROOT / "bench" / "README.md"

T = TypeVar("T")


@dataclass(frozen=True)
class JobRun:
    """One run of the job with what its manifest says."""

    measurement: Measurement
    similar_pairs: int
    stage_seconds: dict[str, float]


def main(argv: list[str] | None = None) -> int:
    """Measure what was asked for and put the tables into bench/README.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--quick", action="store_true", help="only what takes a few minutes")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is taken (default 3)")
    options = parser.parse_args(argv)

    comparisons: list[Comparison] = []
    stages: list[StageSeconds] = []
    for size in ("S",) if options.quick else ("S", "M"):
        baselines = ("floor", "naive") if size == "S" and not options.quick else ("floor",)
        found, seconds = measure_size(size, baselines, options.rounds)
        comparisons += found
        stages.append(seconds)
    kernel = measure_kernel((10_000, 100_000) if options.quick else (10_000, 100_000, 1_000_000))
    section = "quick" if options.quick else "full"
    text = write_results(README, section, describe_machine(), comparisons, stages, kernel)
    print(text)
    return 0


def measure_size(size: str, baselines: tuple[str, ...], rounds: int) -> tuple[list[Comparison], StageSeconds]:
    """Run the job and the baselines by turns on one data set."""
    folder = data_set(size)
    jobs: list[JobRun] = []
    others: dict[str, list[Measurement]] = {name: [] for name in baselines}
    for turn in range(1, rounds + 1):
        jobs.append(_told(f"{size} job {turn}/{rounds}", partial(run_job, folder)))
        for name in baselines:
            script = [sys.executable, f"bench/{name}.py", str(folder)]
            others[name].append(_told(f"{size} {name} {turn}/{rounds}", partial(measure, script, ROOT)))
    pairs = {run.similar_pairs for run in jobs}
    if len(pairs) != 1:
        raise RuntimeError(f"runs of the job on {size} found different numbers of pairs: {sorted(pairs)}")

    mine = [run.measurement for run in jobs]
    comparisons = [
        Comparison(size, name, mine, runs, jobs[0].similar_pairs, _pairs_of(runs[0])) for name, runs in others.items()
    ]
    median_job = sorted(jobs, key=lambda run: run.measurement.seconds)[len(jobs) // 2]
    return comparisons, StageSeconds(size, median_job.measurement.seconds, median_job.stage_seconds)


def data_set(size: str) -> Path:
    """Return the folder of a size's posts.tsv and accounts.tsv, generated if it is not there."""
    folder = CACHE / size
    if not all((folder / name).exists() for name in ("posts.tsv", "accounts.tsv")):
        print(f"generating {size} ...", flush=True)
        generate(SIZES[size], folder)
    for file in folder.glob("*.tsv"):  # into the page cache, for whoever is measured first
        with file.open("rb") as content:
            while content.read(1 << 24):
                pass
    return folder


def run_job(folder: Path) -> JobRun:
    """Run ./spark-submit.sh on a data set, with an output folder that is not there yet."""
    output = CACHE / "output"
    shutil.rmtree(output, ignore_errors=True)
    command = ["./spark-submit.sh", "--posts", str(folder / "posts.tsv")]
    command += ["--accounts", str(folder / "accounts.tsv"), "--output", str(output), "--no-progress"]
    measurement = measure(command, ROOT)
    snapshot = (output / "CURRENT").read_text().strip()
    manifest = json.loads((output / "snapshots" / snapshot / "manifest.json").read_text())
    return JobRun(measurement, next(_counts_named("similar_pairs", manifest["counts"])), manifest["seconds"])


def measure_kernel(sizes: tuple[int, ...]) -> list[KernelFigures]:
    """Run the kernel's comparison in a process of its own and return its lines."""
    script = [sys.executable, "bench/kernel_bench.py", *map(str, sizes)]
    lines = _told(f"kernel, {len(sizes)} sizes", partial(measure, script, ROOT)).output.splitlines()
    return [{name: float(value) for name, value in map(_pair, line.split())} for line in lines]


def _pairs_of(baseline: Measurement) -> int | None:
    """Return the number of pairs that a baseline printed, if it looks for any."""
    found = dict(map(_pair, baseline.output.split())).get("pairs")
    return None if found is None else int(found)


def _counts_named(name: str, counts: dict[str, Any]) -> Iterator[int]:
    """Give every count of this name, at whatever depth it stands."""
    for key, value in counts.items():
        if isinstance(value, dict):
            yield from _counts_named(name, value)
        elif key == name:
            yield int(value)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _told(what: str, run: Callable[[], T]) -> T:
    print(f"{what} ...", end=" ", flush=True)
    result = run()
    seconds = result.measurement.seconds if isinstance(result, JobRun) else getattr(result, "seconds", 0.0)
    print(f"{seconds:.1f} s", flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
