"""The tables of bench/README.md: what was measured, where and when."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.processes import Measurement

PACKAGES = ("pyspark", "numpy", "numba", "pyarrow", "symscan", "rapidfuzz")

KernelFigures = dict[str, float]  # names, pairs, and seconds of each peer


@dataclass(frozen=True)
class Comparison:
    """Runs of the job and of a baseline on one data set, by turns; other_pairs is None if it seeks none."""

    size: str
    baseline: str
    job: list[Measurement]
    other: list[Measurement]
    pairs: int
    other_pairs: int | None

    @property
    def ratio(self) -> float:
        """Median over the rounds of job seconds by baseline seconds."""
        rounds = zip(self.job, self.other, strict=True)
        return statistics.median(job.seconds / other.seconds for job, other in rounds)


@dataclass(frozen=True)
class StageSeconds:
    """Where the time went in the job's median run: all of it, and its stages as the manifest has them."""

    size: str
    total: float
    stages: dict[str, float]


def describe_machine() -> str:
    """Return one line: date, processor, cores, memory, versions."""
    cpu = re.search(r"model name\s*: (.*)", _content(Path("/proc/cpuinfo")))
    memory = re.search(r"MemTotal:\s*(\d+)", _content(Path("/proc/meminfo")))
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        cpu[1] if cpu else platform.processor(),
        f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores",
        f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "",
        platform.system(),
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in PACKAGES),
        _java_version(),
    ]
    return ", ".join(part for part in parts if part)


def write_results(
    readme: Path,
    section: str,
    machine: str,
    comparisons: list[Comparison],
    stages: list[StageSeconds],
    kernel: list[KernelFigures],
) -> str:
    """Replace a section between its marks in the file with these results and return them."""
    tables = (machine + ".", job_table(comparisons), stage_table(stages), kernel_table(kernel))
    text = "\n\n".join(tables)
    begin, end = f"<!-- {section}: written by run.py -->", f"<!-- end of {section} -->"
    before, mark, rest = readme.read_text().partition(begin)
    _, closing, after = rest.partition(end)
    if not (mark and closing):
        raise ValueError(f"{readme} has no section between {begin} and {end}")
    readme.write_text(f"{before}{begin}\n{text}\n{end}{after}")
    return text


def job_table(comparisons: list[Comparison]) -> str:
    """Return a table with a row for each data set and baseline."""
    rows = [
        [
            item.size,
            item.baseline,
            f"{_seconds(item.job):.1f} s",
            f"{_seconds(item.other):.1f} s",
            f"**{item.ratio:.2f}**",
            f"{_gibibytes(item.job):.1f} GiB",
            f"{_gibibytes(item.other):.1f} GiB",
            f"{item.pairs:,}",
            "" if item.other_pairs is None else f"{item.other_pairs:,} ({item.other_pairs / item.pairs:.0%})",
        ]
        for item in comparisons
    ]
    header = ["data", "baseline", "job", "baseline", "job / baseline", "job's peak", "baseline's peak"]
    header += ["pairs found", "by the baseline"]
    return _table(header, rows)


def stage_table(stages: list[StageSeconds]) -> str:
    """Return a table of seconds by stage; what is outside of the stages is the start of the processes."""
    names = list(dict.fromkeys(name for item in stages for name in item.stages))
    rows = [
        [
            item.size,
            *(f"{item.stages.get(name, 0):.1f}" for name in names),
            f"{item.total - sum(item.stages.values()):.1f}",
            f"{item.total:.1f}",
        ]
        for item in stages
    ]
    return _table(["seconds of", *names, "start and end", "whole"], rows)


def kernel_table(kernel: list[KernelFigures]) -> str:
    """Return a table with a row for each number of names; the ratio is against symscan."""
    rows = [
        [
            f"{figures['names']:,.0f}",
            f"{figures['pairs']:,.0f}",
            f"{figures['kernel']:.3f} s",
            f"{figures['symscan']:.2f} s",
            f"**{figures['symscan'] / figures['kernel']:.1f}x**",
            f"{figures['cdist']:.2f} s" if "cdist" in figures else "",
        ]
        for figures in kernel
    ]
    return _table(["names", "similar pairs", "kernel", "symscan", "faster than symscan", "rapidfuzz cdist"], rows)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _seconds(runs: list[Measurement]) -> float:
    return statistics.median(run.seconds for run in runs)


def _gibibytes(runs: list[Measurement]) -> float:
    return statistics.median(run.peak_bytes for run in runs) / 2**30


def _content(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _java_version() -> str:
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else Path("java")
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.search(r'version "([^"]+)"', answer)
    return f"Java {found[1]}" if found else ""
