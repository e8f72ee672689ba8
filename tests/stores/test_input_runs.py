"""Runs that read under a URL publish what they publish of the same files in a folder."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from jobs.inputs.stores import readahead
from jobs.inputs.stores.choose import store_of
from lookalike.errors import UsageError
from lookalike.outputs.patience import BRISK
from lookalike.outputs.urls import StoreUrl
from tests.job.command import submit, submit_alone
from tests.job.known import tiny
from tests.job.running import Job, Result
from tests.job.test_formats import ACCOUNTS, FORMS, PAIRS, POSTS, TYPES, typed, write_raw, write_tsv

from .inputs import Twice
from .proxy import CUT, Asked, Proxy
from .running import Bucket, write_inputs
from .server import Server


def everything(result: Result) -> dict[str, Any]:
    """All that a run found, but for where its files are."""
    return {
        "contents": result.contents(),
        "rejects": [(row["source"], row["reason"], row["row"]) for row in result.rows("rejects")],
        "counts": result.manifest.counts,
        "read": result.manifest.read,
    }


def write_form(form: str, folder: Path) -> None:
    """Posts in files or folders whose names begin with posts, accounts with accounts."""
    folder.mkdir()
    if form == "parquet":
        for number, start in enumerate(range(0, len(POSTS), 6)):
            part = typed(POSTS[start : start + 6], **TYPES[2])
            pq.write_table(part, folder / f"posts-{number}.parquet", row_group_size=2)
        pq.write_table(typed(ACCOUNTS), folder / "accounts.parquet")
    elif form == "quoted":
        write_tsv(POSTS, folder / "posts.csv", quoting=csv.QUOTE_ALL, sep=",")
        write_tsv(ACCOUNTS, folder / "accounts.csv", quoting=csv.QUOTE_ALL, sep=",")
    elif form == "json lines":
        POSTS.to_json(folder / "posts.jsonl", orient="records", lines=True)
        ACCOUNTS.to_json(folder / "accounts.jsonl.gz", orient="records", lines=True)
    else:
        FORMS[form](POSTS, folder / "posts")
        FORMS[form](ACCOUNTS, folder / "accounts")
    for made in folder.glob("*.raw"):
        made.unlink()


@pytest.mark.parametrize("form", [*(form for form in FORMS if form != "glob"), "parquet", "quoted", "json lines"])
def test_a_url_gives_what_a_folder_gives(
    quick_job: Job, twice: Twice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(readahead, "_SMALLEST_BLOCK", 100)
    monkeypatch.setattr(readahead, "LARGEST_BLOCK", 300)
    write_form(form, tmp_path / "written")
    twice.put_all(tmp_path / "written")
    quick_job.cut_finely(200)
    below = "/*" if (tmp_path / "written" / "posts").is_dir() else ""
    here, there = (
        quick_job(place(f"posts*{below}"), place(f"accounts*{below}"), max_reject_fraction=0.2)
        for place in (twice.here, twice.there)
    )
    assert set(here.pairs) == PAIRS
    assert everything(there) == everything(here)
    assert all(file.path.startswith(f"{twice.url}/") for file in there.manifest.inputs)
    assert all(file.version for file in there.manifest.inputs)
    assert all(row["file"].startswith(f"{twice.url}/") for row in there.rows("rejects"))


def test_inputs_and_output_may_be_in_any_places(quick_job: Job, twice: Twice) -> None:
    twice.put("p1.tsv", write_raw(POSTS[:5], twice.folder.with_name("1")).read_bytes())
    twice.put("p2.tsv", write_raw(POSTS[5:], twice.folder.with_name("2")).read_bytes())
    twice.put("accounts.tsv", write_raw(ACCOUNTS, twice.folder.with_name("a")).read_bytes())
    here = quick_job(twice.here("p?.tsv"), twice.here("accounts.tsv"), max_reject_fraction=0.2)
    mixed = quick_job(
        [twice.here("p1.tsv"), twice.there("p2.tsv")], twice.there("accounts.tsv"), max_reject_fraction=0.2
    )
    assert mixed.contents() == here.contents()


def test_a_run_reads_only_new_objects_and_knows_one_that_has_changed(
    quick_job: Job, twice: Twice, tmp_path: Path
) -> None:
    parts = [write_raw(POSTS[start : start + 2], tmp_path / f"{start}").read_bytes() for start in range(0, 8, 2)]
    twice.put("accounts.tsv", write_raw(ACCOUNTS, tmp_path / "a").read_bytes())

    def run() -> Result:
        there = quick_job(
            twice.there("p*.tsv"), twice.there("accounts.tsv"), output=tmp_path / "out", max_reject_fraction=0.5
        )
        here = quick_job(twice.here("p*.tsv"), twice.here("accounts.tsv"), max_reject_fraction=0.5)
        assert there.pairs == here.pairs
        assert there.rows("members") == here.rows("members")
        return there

    for number in range(3):
        twice.put(f"p{number}.tsv", parts[number])
    assert run().manifest.mode.name == "full"
    twice.put("p3.tsv", parts[3])
    mode = run().manifest.mode
    assert (mode.name, mode.files, mode.bytes) == ("incremental", 1, len(parts[3]))
    assert run().manifest.mode.files == 0
    twice.put("p1.tsv", parts[1].replace(b"covid", b"Covid"))  # as long, and within the same second
    mode = run().manifest.mode
    assert (mode.name, mode.reason) == ("full", f"{twice.there('p1.tsv')} has changed")
    twice.remove("p2.tsv")
    assert run().manifest.mode.reason == f"{twice.there('p2.tsv')} is not among the posts any more"


def large(twice: Twice, tmp_path: Path) -> tuple[str, str]:
    """Posts and accounts of which a run finds many pairs; their URLs."""
    for path in write_inputs(tmp_path / "made", posts=3000):
        twice.put(path.name, path.read_bytes())
    return twice.there("posts.tsv"), twice.there("accounts.tsv")


@pytest.mark.parametrize("fault", [503, 500, 429, CUT])
def test_a_store_that_fails_now_and_then_is_asked_again(
    quick_job: Job, twice: Twice, tmp_path: Path, proxy: Proxy, fault: int
) -> None:
    posts, accounts = large(twice, tmp_path)
    quick_job.cut_finely(20_000)
    here = quick_job(twice.here("posts.tsv"), twice.here("accounts.tsv"), min_similarity="0.6")
    asked: list[Asked] = []

    def every_third(request: Asked) -> int | None:
        asked.append(request)
        return fault if len(asked) % 3 == 0 and (fault != CUT or request.range is not None) else None

    proxy.fault = every_third
    there = quick_job(posts, accounts, min_similarity="0.6")
    assert everything(there) == everything(here)
    assert len(asked) > 30


def refused(posts: str, accounts: str, output: Path) -> str:
    """The one line of a run that ended with exit code 2 and wrote nothing."""
    done = submit_alone("--posts", posts, "--accounts", accounts, "--output", output)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert {path.name for path in output.rglob("*") if path.is_file()} <= {"runs.jsonl", ".lock"}
    return line.removeprefix("error: ")


@pytest.mark.parametrize(("fault", "reason"), [(503, "503 Service Unavailable"), (CUT, "no answer")])
@pytest.mark.parametrize("asked_for", ["head", "rows"])
def test_a_store_that_goes_on_failing_is_named(
    twice: Twice,
    tmp_path: Path,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    fault: int,
    reason: str,
    asked_for: str,
) -> None:
    monkeypatch.setattr("jobs.inputs.stores.objects.PATIENT", BRISK)
    posts, accounts = large(twice, tmp_path)
    heads: list[Asked] = []

    def fail(asked: Asked) -> int | None:
        if asked.range is None or not asked.key.endswith("posts.tsv"):
            return None
        heads.append(asked)
        return fault if asked_for == "head" or len(heads) > 2 else None

    proxy.fault = fail
    assert refused(posts, accounts, tmp_path / "out") == f"{posts}: the store fails ({reason})"
    assert len(heads) > 3


def test_an_object_that_changes_during_a_run_stops_it(
    quick_job: Job, twice: Twice, tmp_path: Path, proxy: Proxy
) -> None:
    posts, accounts = large(twice, tmp_path)
    content = (twice.folder / "posts.tsv").read_bytes()
    bucket = Bucket(StoreUrl.parse(twice.url))
    reads = []

    def change(asked: Asked) -> int | None:
        if asked.key.endswith("posts.tsv") and asked.range is not None:
            reads.append(asked)
            if len(reads) == 4:  # between the look at the head and the last part
                bucket.write("posts.tsv", content.replace(b"2023", b"2024"))
        return None

    quick_job.cut_finely(20_000)
    proxy.fault = change
    with pytest.raises(UsageError) as caught:
        quick_job(posts, accounts, output=tmp_path / "out")
    assert str(caught.value) == f"{posts}: was changed while the job was running"
    assert not (tmp_path / "out" / "CURRENT").exists()


def test_what_is_not_there_is_named(twice: Twice, tmp_path: Path) -> None:
    twice.put("a/accounts.tsv", b"id\tscreen_name\n1\tone\n")
    accounts = twice.there("a")
    for name in ("none.tsv", "none/", "no/*.tsv", "a/*.csv"):
        line = refused(twice.there(name), accounts, tmp_path / "out")
        assert line == f"{twice.there(name).rstrip('/')}: no such file, folder or match"
    line = refused("s3://no-such-bucket/posts", accounts, tmp_path / "out")
    assert line == "s3://no-such-bucket: there is no such bucket"
    line = refused(twice.url, accounts, tmp_path / "out2")
    assert line.startswith(f"{twice.url}: no files in this folder; those in folders below it need a pattern")


def test_wrong_credentials_are_told_in_one_line(
    twice: Twice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    twice.put("p/posts.tsv", b"id\n")
    cases: list[tuple[dict[str, Any], str]] = [
        (server.environ(secret="this is not it"), "access denied"),
        (server.environ("nobody"), "access denied"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "no credentials for it in the environment"),
        ({"AWS_ALLOW_HTTP": "false"}, "AWS_ALLOW_HTTP"),
    ]
    for environ, reason in cases:
        for posts in ("p/posts.tsv", "p", "p/*"):
            with monkeypatch.context() as patch:
                for name, value in environ.items():
                    if value is None:
                        patch.delenv(name)
                    else:
                        patch.setenv(name, value)
                store_of.cache_clear()
                line = refused(twice.there(posts), "accounts.tsv", tmp_path / "out")
            assert line.startswith(f"{twice.url.rpartition('/test')[0]}")
            assert reason in line
            assert "this is not it" not in line


def test_who_may_read_and_list_needs_no_more(
    twice: Twice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server, quick_job: Job
) -> None:
    posts, accounts = large(twice, tmp_path)
    for name, value in server.environ("reader").items():
        monkeypatch.setenv(name, value)
    store_of.cache_clear()
    here = quick_job(twice.here("posts.tsv"), twice.here("accounts.tsv"), min_similarity="0.6")
    assert quick_job(posts, accounts, min_similarity="0.6").contents() == here.contents()


def test_tasks_of_spark_read_urls(twice: Twice, tmp_path: Path) -> None:
    known = tiny()
    twice.put("posts/1.tsv.gz", gzip.compress(known.posts.read_bytes()))
    twice.put("accounts.tsv", known.accounts.read_bytes())
    options = ("--buckets", "1", "--max-reject-fraction", "0.1", "--min-similarity", "0.5")
    posts = twice.there("posts").replace("s3://", "s3a://")
    ran = submit("--posts", posts, "--accounts", twice.there("acc*"), "--output", tmp_path / "out", *options)
    assert (ran.returncode, ran.stderr) == (0, "")
    snapshot = (tmp_path / "out" / "CURRENT").read_text().split()[0]
    found = [
        tuple(row.values())
        for path in sorted((tmp_path / "out" / "snapshots" / snapshot / "pairs").rglob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
    assert found == known.pairs("0.5")


def test_inspect_shows_there_what_it_shows_here(twice: Twice, tmp_path: Path) -> None:
    twice.put("p/1.tsv", write_raw(POSTS, tmp_path / "p").read_bytes())
    twice.put("p/2.tsv.gz", gzip.compress(write_raw(POSTS, tmp_path / "p").read_bytes()))
    pq.write_table(typed(ACCOUNTS), tmp_path / "a.parquet")
    twice.put("a.parquet", (tmp_path / "a.parquet").read_bytes())
    shown = [submit_alone("--inspect", place("p"), place("a.parquet")) for place in (twice.here, twice.there)]
    assert [done.returncode for done in shown] == [0, 0]
    here, there = (done.stdout for done in shown)
    assert there.replace(twice.url, "") == here.replace(str(twice.folder), "")
    assert "maga_eagle_01" in there
