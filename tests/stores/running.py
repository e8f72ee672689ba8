"""Runs of the job into a bucket, and the bucket as an outsider sees it."""

from __future__ import annotations

import contextlib
import io
import itertools
import random
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from obstore.store import from_url

from jobs.options.config import JobConfig
from jobs.pipeline.run import run_job
from jobs.reporting.progress import Progress
from lookalike.outputs import layout
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots import publisher
from lookalike.snapshots.manifest import Manifest, parse
from lookalike.tables import TABLES
from tests.job import localspark


def write_inputs(folder: Path, *, accounts: int = 60, posts: int = 300, seed: int = 1) -> tuple[Path, Path]:
    """Posts and accounts: short names over few letters, so that many are alike. More posts go on where fewer end."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = ["".join(rng.choices("abc", k=rng.randint(5, 9))) for _ in range(accounts)]
    rows = [f"a{number:04d}\t2020-01-01\t{name}\n" for number, name in enumerate(names)]
    (folder / "accounts.tsv").write_text("id\tcreated_at\tscreen_name\n" + "".join(rows))
    tags = ["one", "two", "#Three", "vier|one"]
    rows = [
        f"p{number}\t2023-01-01\ta{rng.randrange(accounts):04d}\tFalse\ttext\t{rng.choice(tags)}\n"
        for number in range(posts)
    ]
    (folder / "posts.tsv").write_text("id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n" + "".join(rows))
    return folder / "posts.tsv", folder / "accounts.tsv"


def by_day(posts: Path) -> list[Path]:
    """The posts as three files, written once."""
    header, *rows = posts.read_text().splitlines(keepends=True)
    files = [posts.with_name(f"day{number}.tsv") for number in range(3)]
    for number, file in enumerate(files):
        if not file.exists():
            file.write_text("".join([header, *rows[number::3]]))
    return files


class Runner:
    """Runs the job in this process.

    Ids are those of runs a minute apart, yesterday, so that their order is that of the runs.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        begun = datetime.now(UTC) - timedelta(days=1)
        moments = (begun + timedelta(minutes=number) for number in itertools.count())
        monkeypatch.setattr(publisher, "new_snapshot_id", lambda: layout.new_snapshot_id(next(moments)))

    def __call__(
        self, output: Path | StoreUrl, *, posts: int = 300, days: int | None = None, **options: Any
    ) -> Manifest:
        """What was published; of the same posts always the same, of more the same and more.

        days: the posts are a file for each day, and so many days are over, of three.
        """
        manifest, _ = self._run(output, posts, options, days)
        assert manifest is not None
        return manifest

    def planned(self, output: Path | StoreUrl, **options: Any) -> str:
        """What a plan prints."""
        manifest, printed = self._run(output, 300, {"plan": True} | options)
        assert manifest is None
        return printed

    def _run(
        self, output: Path | StoreUrl, posts: int, options: dict[str, Any], days: int | None = None
    ) -> tuple[Manifest | None, str]:
        made = write_inputs(self._folder / f"inputs-{posts}", posts=posts)
        files = made[:1] if days is None else by_day(made[0])[:days]
        given: dict[str, Any] = {"posts": list(map(str, files)), "accounts": [str(made[1])], "output": output}
        given |= {"min_similarity": "0.6", "buckets": 3, "progress": False} | options
        spark: Future[Any] = Future()
        spark.set_result(localspark.engine(2))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            manifest = run_job(JobConfig(**given), lambda: spark, Progress(shown=False))
        return manifest, printed.getvalue()


class Bucket:
    """What lies under a URL, read with the library of the store and nothing of the project."""

    def __init__(self, url: StoreUrl) -> None:
        self._store = from_url(url, client_options={"allow_http": True})

    def listing(self) -> set[str]:
        return {one["path"] for piece in obstore.list(self._store) for one in piece}

    def read(self, key: str) -> bytes:
        return bytes(obstore.get(self._store, key).bytes())

    def write(self, key: str, content: bytes) -> None:
        obstore.put(self._store, key, content)

    def remove(self, key: str) -> None:
        obstore.delete(self._store, key)

    def live(self) -> str:
        return self.read("CURRENT").decode().split()[0]

    def manifest(self, snapshot: str | None = None) -> Manifest:
        key = f"snapshots/{snapshot or self.live()}/manifest.json"
        return parse(self.read(key), key)

    def tables(self, snapshot: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """All rows of all tables of a snapshot, in the order of its files."""
        return tables(self.manifest(snapshot), self.read)

    def contents(self, snapshot: str) -> dict[str, bytes]:
        """The bytes of all that a snapshot needs."""
        keys = [entry.path for entry in self.manifest(snapshot).files] + [f"snapshots/{snapshot}/manifest.json"]
        return {key: self.read(key) for key in keys}


def tables(manifest: Manifest, read: Any) -> dict[str, list[dict[str, Any]]]:
    """read: gives the bytes of a file."""
    found: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    for entry in manifest.files:
        found[entry.table] += pq.read_table(pa.BufferReader(read(entry.path))).to_pylist()
    return found
