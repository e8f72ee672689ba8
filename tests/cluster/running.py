"""Running the real command on the cluster, and reading what it published."""

import gzip
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.options.cli import parse_arguments
from jobs.pipeline.run import run_job
from jobs.reporting.progress import Progress
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import TABLES
from tests.generations import that_count
from tests.job import localspark
from tests.job.command import ROOT
from tests.job.known import medium

from .standalone import Standalone

FILES = 6  # of posts, so that every stage has several tasks
DEADLINE = 1800  # seconds: a run that hangs fails its test
LOCAL = (
    *("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON", "PYTHONPATH", "NUMBA_CACHE_DIR", "SPARK_LOCAL_DIRS", "TMPDIR"),
    *("HADOOP_CONF_DIR", "HADOOP_USER_NAME", "LOOKALIKE_WEBHDFS"),
)


@dataclass(frozen=True)
class Inputs:
    """Posts in several files, and accounts."""

    posts: Path
    accounts: Path

    def options(self, output: Path, files: int = FILES) -> list[str | Path]:
        """files: of the posts that are named."""
        whole: list[str | Path] = [self.posts]
        posts = whole if files == FILES else sorted(self.posts.iterdir())[:files]
        return [
            *("--posts", *posts, "--accounts", self.accounts, "--output", output),
            *("--min-similarity", "0.7", "--buckets", "8", "--block-size", "100"),
        ]


def made_inputs(folder: Path) -> Inputs:
    """The data set `medium`, its posts shared out to files."""
    posts = folder / "posts"
    posts.mkdir()
    header, *rows = gzip.decompress(medium().posts.read_bytes()).splitlines(keepends=True)
    for number in range(FILES):
        (posts / f"{number}.tsv").write_bytes(b"".join([header, *rows[number::FILES]]))
    return Inputs(posts, medium().accounts)


def published(output: Path) -> dict[str, Any]:
    """The rows of every table that count, in one order, and the counts; the files must be as the manifest says."""
    manifest = Snapshot.open(FolderOutput(output)).manifest
    tables: dict[str, Any] = {}
    for name, table in TABLES.items():
        files = [pq.read_table(output / entry.path) for entry in manifest.files if entry.table == name]
        rows = pa.concat_tables([table.schema.empty_table(), *(file.cast(table.schema) for file in files)])
        ordered = rows.sort_by([(column, "ascending") for column in table.names]).to_pylist()
        tables[name] = sorted(that_count(name, ordered), key=str) if table.generations else ordered
    return {"counts": manifest.counts.model_dump(), **tables}


def published_alone(inputs: Inputs, folder: Path, files: int = FILES) -> dict[str, Any]:
    """What a run in this process publishes, without Spark but of as many tasks as the cluster makes of it."""
    spark: Future[Any] = Future()
    spark.set_result(localspark.engine(2))
    config = parse_arguments([str(option) for option in inputs.options(folder / "out", files)]).config
    run_job(config, lambda: spark, Progress(shown=False))
    return published(folder / "out")


def of_a_submitter() -> dict[str, str]:
    """The environment of one who has not prepared this process for tests, on this machine alone."""
    return {name: value for name, value in os.environ.items() if name not in LOCAL} | {"SPARK_LOCAL_IP": "127.0.0.1"}


def arranged(deaths: Sequence[Sequence[str]], traces: Path, *, many_accounts: bool = False) -> dict[str, str]:
    """What to add to the environment of a driver for these deaths; see sitecustomize.py.

    many_accounts: tasks read the accounts.
    """
    added = {"LOOKALIKE_TEST_MANY": "1"} if many_accounts else {}
    if deaths:
        added |= {"LOOKALIKE_TEST_DEATHS": json.dumps(deaths), "LOOKALIKE_TEST_TRACES": str(traces)}
    return added | {"PYTHONPATH": str(Path(__file__).with_name("dying"))} if added else {}


def check_that_all_came(deaths: Sequence[Sequence[str]], traces: Path) -> None:
    """Each death must have happened."""
    came = {path.name for path in traces.iterdir()} - {"second", "gone on"}
    assert came == {" ".join(death) for death in deaths}


def run_to_end(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    log: Path,
    meanwhile: Callable[[], None] = lambda: None,
) -> int:
    """The exit code of a command; what it prints goes to the log. meanwhile: is called again and again until then."""
    with log.open("w") as sink:
        process = subprocess.Popen(list(map(str, command)), env=environment, stdout=sink, stderr=sink, cwd="/")
        try:
            end = time.monotonic() + DEADLINE
            while process.poll() is None and time.monotonic() < end:
                meanwhile()
                time.sleep(0.3)
        finally:
            process.kill()
            code = process.wait()
    return code


class Cluster:
    """Runs the job on a cluster; its outputs are in `shared`."""

    def __init__(self, standalone: Standalone, inputs: Inputs, shared: Path) -> None:
        self.standalone, self._inputs, self.shared = standalone, inputs, shared
        self.output, self.traces = shared / "out", shared / "traces"
        self.traces.mkdir()

    def run(
        self,
        *deaths: Sequence[str],
        files: int = FILES,
        exchange: str = "auto",
        meanwhile: Callable[[], None] = lambda: None,
    ) -> dict[str, Any]:
        """What the real command publishes with deaths as sitecustomize.py has them, which must all come.

        files: of the posts that are named. meanwhile: is called again and again until the command ends.
        """
        environment = of_a_submitter() | arranged(deaths, self.traces)
        command = [str(ROOT / "spark-submit.sh"), "--master", self.standalone.url, "--executor-memory", "512m"]
        command += ["--conf", "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1"]  # quick to start
        command += ["--", *map(str, self._inputs.options(self.output, files)), "--exchange", exchange]
        log = self.shared / "log"
        assert run_to_end(command, environment, log, meanwhile) == 0, log.read_text()
        check_that_all_came(deaths, self.traces)
        return published(self.output)
