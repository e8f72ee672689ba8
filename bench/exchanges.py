"""What it costs that machines share no folder: rows through Spark's shuffle, and files in an object store."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bench.jobrun import CACHE, ROOT, JobRun, data_set, run_job, tell, told, told_run
from bench.processes import measure
from lookalike.outputs.objects import ObjectStore
from lookalike.outputs.patience import PATIENT
from lookalike.outputs.urls import StoreUrl
from tests.stores.server import BUCKET, s3_server

_STORE = 32_000  # MiB that the store may hold: the input, and the outputs of all rounds
_PIECE = 8 << 20  # bytes of a file that is put into the store


def exchanges(size: str, rounds: int) -> dict[str, Any]:
    """The job as it is, through the shuffle, and from and to an S3 server on this machine; and the floor; by turns.

    RuntimeError if the runs do not count the same. What the S3 server itself takes is in the seconds of its runs, not
    in their memory.
    """
    folder = data_set(size)
    runs: dict[str, list[dict[str, float]]] = {"folder": [], "shuffle": [], "store": [], "floor": []}
    with _s3() as bucket:
        for file in ("posts.tsv", "accounts.tsv"):
            _put(folder / file, bucket)
        for turn in range(1, rounds + 1):
            of_turn = {
                "folder": partial(run_job, folder),
                "shuffle": partial(run_job, folder, job=["--exchange", "shuffle"]),
                "store": partial(run_job, bucket, output=f"{bucket}/{turn}"),
            }
            made = {name: told_run(f"{name} {turn}/{rounds}", run) for name, run in of_turn.items()}
            _check_counts(made)
            for name, run in made.items():
                runs[name].append(run.measurement.figures())
            floor = partial(measure, [sys.executable, "bench/floor.py", str(folder)], ROOT)
            runs["floor"].append(told(f"floor {turn}/{rounds}", floor).figures())
    return {"exchanged": size, **runs}


def _check_counts(runs: dict[str, JobRun]) -> None:
    if len({str(run.counts) for run in runs.values()}) != 1:
        raise RuntimeError(f"the runs do not count the same: { {name: run.counts for name, run in runs.items()} }")


@contextlib.contextmanager
def _s3() -> Iterator[str]:
    """The URL of a bucket; all processes that are started meanwhile may use it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder, s3_server(Path(folder), _STORE) as server:
        before = dict(os.environ)
        os.environ.update(server.environ())
        try:
            yield f"s3://{BUCKET}/bench"
        finally:
            os.environ.clear()
            os.environ.update(before)


def _put(path: Path, url: str) -> None:
    tell(f"  {path.name} into the store\n")
    store = ObjectStore(StoreUrl.parse(url), PATIENT)
    with path.open("rb") as file:
        store.put_pieces(path.name, iter(lambda: file.read(_PIECE), b""))
