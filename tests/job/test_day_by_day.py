"""Random histories: each day's run over what is new gives what the definitions say of all that there is."""

import dataclasses
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import seeds, whole_runs

from .cases import made_inputs
from .reference import expected_result
from .running import Job, Result

SETTINGS: dict[str, Any] = {
    "encoding": "utf-8",
    "hashtag_separator": "bar",
    "quoting": "none",
    "max_reject_fraction": 1.0,
    "force": True,
    "mode": "incremental",
}


@dataclasses.dataclass
class Days:
    """An input that grows from day to day: rows dealt out to files of posts, and accounts that become known."""

    rng: random.Random
    folder: Path
    files: int = 0

    def __post_init__(self) -> None:
        made = made_inputs(
            self.rng, self.folder / "made", accounts=self.rng.randint(2, 25), posts=self.rng.randint(5, 80)
        )
        self._post_header, self._posts = _rows(self.rng, made.posts)
        self._account_header, self._accounts = _rows(self.rng, made.accounts)
        self.posts: list[Path] = []
        self.accounts = self.folder / "accounts.tsv"
        self._known: list[bytes] = []

    def next(self) -> None:
        """Another file of posts, some of them seen before; some more accounts, and a new name for one of them."""
        part = self.rng.randint(0, max(1, len(self._posts) // 2))
        rows, self._posts = self._posts[:part], self._posts[part:]
        rows += self.rng.choices(rows, k=self.rng.randint(0, 3)) if rows else []
        name = self.rng.choice(["a", "b", "c"])  # a later file may come before an earlier one
        path = self.folder / f"{name}{self.files}.tsv"
        path.write_bytes(b"\n".join([self._post_header, *rows]) + b"\n")
        self.posts.append(path)
        self.files += 1
        part = self.rng.randint(0, len(self._accounts))
        self._known += self._accounts[:part]
        self._accounts = self._accounts[part:]
        if self._known and self.rng.random() < 0.4:
            self._known.append(self._renamed(self.rng.choice(self._known)))
        self.accounts.write_bytes(b"\n".join([self._account_header, *self._known]) + b"\n")

    def _renamed(self, row: bytes) -> bytes:
        """The row of an account with another's name, or another date, or both, and perhaps later than any."""
        names = self._account_header.split(b"\t")
        fields, other = row.split(b"\t"), self.rng.choice(self._known).split(b"\t")
        if len(fields) != len(names) or len(other) != len(names):
            return row
        if self.rng.random() < 0.8:
            fields[names.index(b"screen_name")] = other[names.index(b"screen_name")]
        if self.rng.random() < 0.8:
            fields[names.index(b"created_at")] = b"2024-0%d-01" % self.rng.randint(1, 9)
        return b"\t".join(fields)


def _rows(rng: random.Random, paths: list[Path]) -> tuple[bytes, list[bytes]]:
    """The header of the first file, and the rows of all that have it, in any order."""
    header, rows = b"", []
    for path in paths:
        first, *lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n")
        header = header or first
        rows += [line for line in lines if line] if first == header else []
    rng.shuffle(rows)
    return header, rows


def run_days(job: Job, rng: random.Random, folder: Path, days: int, cores: Sequence[int] = (1, 2, 3)) -> list[Result]:
    """Run and check each day, on any of these numbers of cores."""
    options: dict[str, Any] = {
        "min_similarity": rng.choice(["0.8", "0.3", "0.5", "1"]),
        "fold": rng.choice(["none", "case"]),
        "exclude_reposts": rng.random() < 0.3,
    }
    input_of = Days(rng, folder)
    results = []
    cutting: dict[str, Any] = {"buckets": rng.choice([1, 2, 5]), "block_size": rng.choice([1, 3, 100_000])}
    cutting["max_generations"] = rng.choice([1, 2, 3, 8])
    job.merge_at(rng.choice([0.125, 100]))
    for _ in range(days):
        input_of.next()
        posts, accounts = input_of.posts, [input_of.accounts]
        result = job(
            posts, accounts, output=folder / "out", cores=rng.choice(cores), **SETTINGS, **cutting, **options
        )
        result.check(expected_result(posts, accounts, **options))
        results.append(result)
    return results


@whole_runs(5)
@given(rng=st.randoms(use_true_random=False))
def test_day_by_day_the_result_is_what_the_definitions_say_of_all(
    quick_job: Job, tmp_path: Path, rng: random.Random
) -> None:
    shutil.rmtree(tmp_path)
    quick_job.cut_finely(rng.choice([60, 400, 1 << 20]))
    quick_job.sort_at_once(rng.choice([1, 10, 1 << 20]))
    run_days(quick_job, rng, tmp_path, 4)


@pytest.mark.thorough
@seeds(1)
def test_on_spark_days_one_by_one_give_what_the_definitions_say(job: Job, tmp_path: Path, seed: int) -> None:
    rng = random.Random(300 + seed)
    results = run_days(job, rng, tmp_path, 2, (2,))
    assert [result.manifest.mode.name for result in results if result.manifest.mode][1:]


@seeds(3)
def test_rows_that_come_one_by_one_give_what_the_definitions_say(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for place in (
        "scan.scan._ROWS_AT_ONCE",
        "compare.compare._ROWS_AT_ONCE",
        "compare.compare.SMALL_GROUP",
        "scan.postindex._ROW_GROUP",
    ):
        monkeypatch.setattr(f"jobs.stages.{place}", 1)
    monkeypatch.setattr("lookalike.snapshots.datafiles.ROW_GROUP_ROWS", 2)
    run_days(quick_job, random.Random(700 + seed), tmp_path, 6)
