"""Running the job in this process, and reading what it published as plain Python values."""

import contextlib
import io
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from jobs.incremental import patch
from jobs.options.config import JobConfig
from jobs.pipeline import accounts as accounts_module
from jobs.pipeline.report import print_report
from jobs.pipeline.run import run_job
from jobs.reporting.progress import Progress
from jobs.spark.engine import ClassicEngine
from jobs.stages.compare.order import NamesOrder
from jobs.stages.group import usages
from jobs.stages.write import lookalikes, sortedpairs
from jobs.strategy import full, shared
from lookalike.outputs.buckets import bucket_of
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot

from .reference import Expected, Pair

KEYS = {"members": ("hashtag", "account_id"), "account_hashtags": ("account_id", "hashtag")}
_OF_INPUT_ROWS = frozenset({"rejects", "post_index", "unknown_posts"})

# Unless a test asks for another number: most of the time of a run over little input goes into its files.
BUCKETS = 5
Paths = Path | str | Sequence[Path | str]


def _rows_of(content: bytes) -> bytes:
    """A Parquet file without its footer, which in the table of hashtags says when and how it was made."""
    return content[: -8 - int.from_bytes(content[-8:-4], "little")]


@dataclass(frozen=True)
class Result:
    """What a run published and printed; rows are in the order of their files, bucket by bucket."""

    output: Path
    manifest: Manifest
    printed: str

    def read(self, path: str) -> bytes:
        """The bytes of a data file."""
        return (self.output / path).read_bytes()

    def rows(self, table: str) -> list[dict[str, Any]]:
        buckets = sorted(
            {entry.bucket for entry in self.manifest.files if entry.table == table}, key=lambda b: b or 0
        )
        return [row for bucket in buckets for row in self._rows_in(table, bucket)]

    def _rows_in(self, table: str, bucket: int | None) -> list[dict[str, Any]]:
        """The rows that count, without what says which these are and without the numbers of accounts."""
        rows = self._stored(table, bucket)
        if table in ("members", "account_hashtags"):
            newest: dict[tuple[str, str], dict[str, Any]] = {}
            for row in sorted(rows, key=lambda row: row.pop("generation")):
                newest[row[KEYS[table][0]].encode(), row[KEYS[table][1]].encode()] = row
            rows = [newest[key] for key in sorted(newest)]
        return [{name: value for name, value in row.items() if name != "account_number"} for row in rows]

    def _stored(self, table: str, bucket: int | None) -> list[dict[str, Any]]:
        files = [entry for entry in self.manifest.files if (entry.table, entry.bucket) == (table, bucket)]
        files.sort(key=lambda entry: entry.path)  # some may be an earlier snapshot's
        return [row for entry in files for row in pq.read_table(self.output / entry.path).to_pylist()]

    def _check_numbers(self) -> None:
        """An account has one number, from 0 on, and members call it by that."""
        buckets = range(self.manifest.buckets)
        accounts = [row for bucket in buckets for row in self._stored("accounts", bucket)]
        number = {row["account_id"]: row["account_number"] for row in accounts}
        assert sorted(number.values()) == list(range(len(accounts)))
        members = [row for bucket in buckets for row in self._stored("members", bucket)]
        assert {(row["account_id"], row["account_number"]) for row in members} <= number.items()

    @property
    def pairs(self) -> list[Pair]:
        return [tuple(row.values()) for row in self.rows("pairs")]

    def contents(self) -> dict[str, bytes]:
        """The bytes of all files but those that speak of rows of the input, by their path in the snapshot."""
        files = [entry for entry in self.manifest.files if entry.table not in _OF_INPUT_ROWS]
        contents = {entry.path.split("/", 2)[2]: (self.output / entry.path).read_bytes() for entry in files}
        return {path: _rows_of(content) if "hashtags/part" in path else content for path, content in contents.items()}

    def in_buckets(self, rows: list[Any], key: Callable[[Any], str]) -> list[Any]:
        """Rows that are sorted over all buckets, in the order in which a bucketed table holds them."""
        return sorted(rows, key=lambda row: bucket_of(key(row), self.manifest.buckets))

    def check(self, expected: Expected) -> None:
        """Every row of every table and every count must be as expected, in its place."""
        assert self.pairs == self.in_buckets(expected.pairs, lambda pair: pair[0])
        assert self.rows("members") == self.in_buckets(expected.members, lambda row: row["hashtag"])
        assert self.rows("hashtags") == expected.hashtags
        for table in ("accounts", "account_hashtags", "lookalikes"):
            assert self.rows(table) == self.in_buckets(getattr(expected, table), lambda row: row["account_id"])
        assert expected.comparable(self.rows("rejects")) == expected.rejects
        self._check_numbers()
        counts = self.manifest.counts.model_dump()
        assert counts["verified"] <= counts["candidates"]
        for work in ("verified", "candidates", "names_once"):  # what was done, not what was found
            del counts[work]
        assert counts == expected.counts
        recall = self.manifest.recall
        if recall is not None:
            one_in = max(1, len(expected.hashtags) // full._SAMPLED_HASHTAGS)
            assert (recall.pairs, recall.found) == expected.recall(one_in)


class Job:
    """Runs the job in this process; each run has an output of its own.

    start: gives a run its Spark, given a number of cores.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, start: Callable[[int], Any]) -> None:
        self._folder, self._monkeypatch = folder, monkeypatch
        self._start = start
        self._runs = 0

    def __call__(
        self, posts: Paths, accounts: Paths | None, *, output: Path | None = None, cores: int = 2, **options: Any
    ) -> Result:
        self._runs += 1
        output = output or self._folder / f"output-{self._runs}"
        printed = self._run(posts, accounts, output, cores, options)
        return Result(output, Snapshot.open(FolderOutput(output)).manifest, printed)

    def plan(self, posts: Paths, accounts: Paths, output: Path, *, cores: int = 2, **options: Any) -> str:
        """What a plan prints."""
        return self._run(posts, accounts, output, cores, {"plan": True} | options)

    def _run(self, posts: Paths, accounts: Paths | None, output: Path, cores: int, options: dict[str, Any]) -> str:
        given: dict[str, Any] = {"posts": _listed(posts), "output": output}
        given |= {"accounts": None if accounts is None else _listed(accounts)}
        given |= {"buckets": BUCKETS} | options
        spark: Future[Any] = Future()
        spark.set_result(ClassicEngine(self._start(cores)))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            config = JobConfig(**given)
            published = run_job(config, lambda: spark, Progress(shown=False))
            if published is not None:
                print_report(Snapshot(FolderOutput(output), published), config)
        return printed.getvalue()

    def sample(self, hashtags: int) -> None:
        """Let the recall of prefix blocking be measured on about so many hashtags."""
        self._monkeypatch.setattr(full, "_SAMPLED_HASHTAGS", hashtags)

    def merge_at(self, share: float) -> None:
        """Let an incremental run merge generations where the newer ones hold this share of the rows."""
        self._monkeypatch.setattr(patch, "_MOST_NEWER", share)

    def compare(self, *, names_once: bool) -> None:
        """Let the comparison take that order of work, whatever it costs."""
        order: Any = names_order if names_once else lambda *_: None
        self._monkeypatch.setattr(full, "cheaper_names_order", order)

    def cut_finely(self, split_bytes: int) -> None:
        """Let a task read no more than so many bytes: many splits and many tasks for little input."""
        for name in ("_SMALLEST_SPLIT", "_LARGEST_SPLIT"):
            self._monkeypatch.setattr(shared, name, split_bytes)

    def read_accounts_by_tasks(self, *, by_tasks: bool = True) -> None:
        """Let tasks read the accounts, however few there are."""
        self._monkeypatch.setattr(accounts_module, "_FEW", -1 if by_tasks else 1 << 20)

    def sort_at_once(self, rows: int) -> None:
        """Let a task sort more rows than so many in parts."""
        for module in (lookalikes, sortedpairs, usages):
            self._monkeypatch.setattr(module, "AT_ONCE", rows)


def names_order(_units: Any, names: Any, find_users: Callable[[], Any], *options: Any) -> NamesOrder:
    return NamesOrder.plan(names, find_users(), *options)


def _listed(paths: Paths) -> list[str]:
    return [str(paths)] if isinstance(paths, Path | str) else [str(path) for path in paths]


def bytes_of(manifest: Manifest, read: Callable[[str], bytes]) -> dict[str, bytes]:
    """The bytes of every data file, but the footer of the table of hashtags, which names the snapshot."""
    files = {}
    for entry in manifest.files:
        content = read(entry.path)
        footer = 8 + int.from_bytes(content[-8:-4], "little") if entry.table == "hashtags" else 0
        files[entry.path.split("/", 2)[2]] = content[: len(content) - footer]
    return files
