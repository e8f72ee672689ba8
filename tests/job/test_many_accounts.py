"""Accounts that tasks read are those that the driver reads alone, byte for byte."""

import gzip
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.pipeline import run
from jobs.pipeline.make import make_snapshot
from tests.examples import seeds

from .running import Job, Result
from .story import Story, mode_of

POSTS = "id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
COLUMNS = ("id", "created_at", "screen_name", "seen_at")
DATES = ["2020-01-01", "2019-05-05 10:00:00", "", "never"]
IDS = ["u1", "u2", "u3", "12345678901", "12345678902", "été", "", "u10", "u11", "zz top"]
NAMES = [
    "maga_eagle_1",
    "maga_eagle_2",
    "Maga_Eagle_2",
    " @maga_eagle_3",
    "été",
    "e\u0301te\u0301",
    "😀_one",
    "",
    "null",
]

Look = dict[str, Any]


def made(rng: random.Random, folder: Path, rows: int, form: str) -> tuple[Path, list[Path]]:
    """Posts, and files of accounts of which many have several rows. form: how these are written."""
    folder.mkdir()
    posts = [f"p{i}\t2021-01-01\t{rng.choice(IDS) or 'u1'}\tfalse\tx\tVote|Now\n" for i in range(20)]
    (folder / "posts.tsv").write_text(POSTS + "".join(posts), encoding="utf-8")
    delimiter, quote = ("\t", "") if form == "raw" else (",", '"')
    paths = []
    for number in range(2):
        lines = [COLUMNS]
        for _ in range(rows // 2):
            lines.append((rng.choice(IDS), rng.choice(DATES), rng.choice(NAMES), rng.choice(DATES)))
            if quote and rng.random() < 0.2:
                lines.append(("u2", "2020-01-01", "two\nlines, one name", ""))
        text = "".join(delimiter.join(f"{quote}{value}{quote}" for value in line) + "\n" for line in lines)
        content = (text + "a line that is no row\n").encode() + (b"\xff\t\t\xe9\t\n" if form == "raw" else b"")
        path = folder / f"accounts-{number}"
        path.write_bytes(gzip.compress(content) if form == "compressed" else content)
        paths.append(path)
    return folder / "posts.tsv", paths


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], bytes]:
    """The table of accounts of the run before."""
    make = make_snapshot

    def keeping(context: Any, accounts: Any) -> Any:
        shutil.copy(context.accounts.local(), tmp_path / "table")
        return make(context, accounts)

    monkeypatch.setattr(run, "make_snapshot", keeping)
    return (tmp_path / "table").read_bytes


def published(result: Result) -> Look:
    """All that a run published; rejects of accounts in no order, since they come split by split."""
    return {
        "contents": result.contents(),
        "counts": result.manifest.counts,
        "read": result.manifest.read,
        "rejects": sorted((row["source"], row["file"], row["reason"], row["row"]) for row in result.rows("rejects")),
    }


@pytest.mark.parametrize("form", ["raw", "quoted", "compressed"])
@seeds(2)
def test_tasks_make_the_table_and_the_result_of_the_driver_alone(
    quick_job: Job,
    tmp_path: Path,
    looks: Callable[[], bytes],
    capsys: pytest.CaptureFixture[str],
    form: str,
    seed: int,
) -> None:
    rng = random.Random(f"{form} {seed}")
    posts, accounts = made(rng, tmp_path / "in", rng.choice([30, 300]), form)
    options: Look = {
        "fold": rng.choice(["none", "case"]),
        "all_names": seed % 2 == 0,
        "buckets": rng.choice([1, 3, 8]),
    }
    options |= {
        "max_reject_fraction": 1.0,
        "force": True,
        "min_similarity": "0.6",
        "columns": (("seen_at", "seen_at"),),
    }
    alone = quick_job(posts, accounts, **options)
    expected, warned = (looks(), published(alone)), capsys.readouterr().err
    assert {"accounts"} < {row["source"] for row in alone.rows("rejects")} | {"posts"}
    quick_job.read_accounts_by_tasks()
    quick_job.cut_finely(rng.choice([100, 700]))
    by_tasks = quick_job(posts, accounts, cores=rng.choice([2, 5]), **options)
    assert looks() == expected[0]
    for part, content in published(by_tasks).items():
        assert content == expected[1][part], part
    assert capsys.readouterr().err == warned


def test_an_incremental_run_over_accounts_that_tasks_read_adds_the_same(quick_job: Job, tmp_path: Path) -> None:
    published = {}
    for by_tasks in (False, True):
        quick_job.read_accounts_by_tasks(by_tasks=by_tasks)
        (tmp_path / str(by_tasks)).mkdir()
        story = Story(quick_job, tmp_path / str(by_tasks))
        story.post("two.tsv", "7 late #maga")
        story.run()
        story.accounts |= {"u1": ("2020-01-01", "nobody_like_it"), "late": ("2020-01-01", "maga_eagle_99")}
        changed = story.run()
        story.post("three.tsv", "8 u1 #maga")
        added = story.run()
        assert [mode_of(run)[0] for run in (changed, added)] == ["incremental", "incremental"]
        published[by_tasks] = [(run.contents(), run.manifest.counts) for run in (changed, added)]
    assert published[True] == published[False]
