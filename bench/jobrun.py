"""One run of the job on made-up data, measured as a whole: what the manifest and Spark's event log say of it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import eventlog
from bench.agreement import live_manifest
from bench.generate import SIZES, Shape, generate
from bench.processes import Measurement, measure

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "bench"
OUTPUT = CACHE / "output"  # of the last run

SINGLE = {
    "L-100k": Shape(accounts=100_000, posts=100_000, hashtags=1, single_hashtag=True),
    "L-1M": Shape(accounts=1_000_000, posts=1_000_000, hashtags=1, single_hashtag=True),
    "L-3M": Shape(accounts=3_000_000, posts=3_000_000, hashtags=1, single_hashtag=True),
    "L-10M": Shape(accounts=10_000_000, posts=10_000_000, hashtags=1, single_hashtag=True),
}
MANY = {
    name: Shape(accounts=count, posts=20_000, hashtags=1000)
    for name, count in (("A-1M", 1_000_000), ("A-5M", 5_000_000), ("A-20M", 20_000_000))
}
SHAPES = {**SIZES, **SINGLE, **MANY}


@dataclass(frozen=True)
class JobRun:
    """A run that published. counts, stage_seconds: of the manifest; stages: Spark's, if its log was asked for."""

    measurement: Measurement
    counts: dict[str, Any]
    stage_seconds: dict[str, float]
    stages: tuple[eventlog.SparkStage, ...] = ()

    @property
    def similar_pairs(self) -> int:
        """Rows of the snapshot's pairs."""
        return int(self.counts["similar_pairs"])


def data_set(name: str) -> Path:
    """Return the folder of a data set's posts.tsv and accounts.tsv, generated if it is not there."""
    folder = CACHE / name
    if not all((folder / file).exists() for file in ("posts.tsv", "accounts.tsv")):
        tell(f"generating {name}\n")
        generate(SHAPES[name], folder)
    for file in folder.glob("*.tsv"):  # into the page cache, so that no side starts with a cold one
        with file.open("rb") as content:
            while content.read(1 << 24):
                pass
    return folder


def run_job(
    folder: Path | str,
    spark: Sequence[str] = (),
    job: Sequence[str] = (),
    cpus: Collection[int] = (),
    logged: bool = False,
    output: Path | str = OUTPUT,
) -> JobRun:
    """Run ./spark-submit.sh on a data set, with an output that is not there yet: a folder is removed before.

    folder, output: may be URLs. spark, job: further options of either. cpus: as for measure. logged: with Spark's
    event log.
    """
    if isinstance(output, Path):
        shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as log:
        before = [*spark, *(eventlog.options(Path(log)) if logged else ())]
        command = ["./spark-submit.sh", *before, *(["--"] if before else [])]
        command += ["--posts", f"{folder}/posts.tsv", "--accounts", f"{folder}/accounts.tsv"]
        command += ["--output", str(output), "--no-progress", *job]
        measurement = measure(command, ROOT, cpus)
        stages = [stage for file in Path(log).iterdir() for stage in eventlog.read_stages(file)]
    manifest = live_manifest(output)
    return JobRun(measurement, manifest["counts"], manifest["seconds"], tuple(stages))


def tell(text: str) -> None:
    """Say on standard output what goes on."""
    print(text, end="", flush=True)


def told_run(what: str, run: Callable[[], JobRun]) -> JobRun:
    """Do a run of the job, and say how long it took."""
    tell(f"  {what} ... ")
    result = run()
    tell(f"{result.measurement.seconds:.1f} s\n")
    return result


def told(what: str, run: Callable[[], Measurement]) -> Measurement:
    """Measure something other than the job, with the same messages."""
    tell(f"  {what} ... ")
    result = run()
    tell(f"{result.seconds:.1f} s\n")
    return result


def values(output: str) -> dict[str, float]:
    """The name=value of what a script printed."""
    found = {}
    for word in output.split():
        name, mark, value = word.partition("=")
        with contextlib.suppress(ValueError):
            found.update({name: float(value)} if mark else {})
    return found
