"""Input under hdfs:// is what it is in a folder. The name node and the data node are in this process."""

from __future__ import annotations

import os
from typing import Any

import pytest

from jobs.inputs.files import find_files
from jobs.inputs.paths import named_files
from jobs.inputs.stores import readahead
from jobs.inputs.stores.choose import store_of
from jobs.inputs.tables import WHOLE
from lookalike.errors import UsageError
from tests.inputs.reading import THINGS, read
from tests.job.command import submit_alone
from tests.job.running import Job
from tests.serving.running import free_ports

from .fakehdfs import CUT, Asked, FakeHdfs
from .running import write_inputs
from .test_input_files import FORMS
from .test_input_names import NAMES, said


@pytest.mark.parametrize(
    "path", ["f", "f/", "f/1.tsv", "?/*", "*", "f/*/4.tsv", "odd/*", "gone", "gone/*", "none", "below"]
)
def test_a_url_names_what_a_path_names(hdfs: FakeHdfs, path: str) -> None:
    for name in NAMES:
        (hdfs.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (hdfs.folder / name).write_bytes(b"" if name.endswith("empty") else b"id\tvalue\n1\tone\n")
    here, there = said(f"{hdfs.folder}/{path}"), said(f"{hdfs.url}/{path}")

    def strip(text: str) -> str:
        return text.replace(hdfs.url, "").replace(str(hdfs.folder), "").replace("/:", ":")

    if isinstance(here, str):
        assert isinstance(there, str)
        assert strip(there) == strip(here)
    else:
        assert list(map(strip, there)) == list(map(strip, here))


@pytest.mark.parametrize(
    "form", ["raw", "rfc4180", "utf-16", "gzip", "bz2", "zip", "json lines", "parquet in many groups"]
)
def test_every_format_is_read_there_as_here(hdfs: FakeHdfs, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readahead, "_SMALLEST_BLOCK", 100)
    monkeypatch.setattr(readahead, "LARGEST_BLOCK", 5000)
    (hdfs.folder / "a b%1#.x").write_bytes(FORMS[form])
    (here,), (there,) = (find_files(THINGS, [f"{place}/a b%1#.x"]) for place in (hdfs.folder, hdfs.url))
    assert read(there, chunk_bytes=2000) == read(here)
    assert {asked.user for asked in hdfs.asked} == {"analyst"}


def test_a_run_reads_there_what_it_reads_here_and_then_only_new_files(hdfs: FakeHdfs, quick_job: Job) -> None:
    write_inputs(hdfs.folder / "in", posts=600)
    (hdfs.folder / "in" / "posts.tsv").rename(hdfs.folder / "in" / "p1.tsv")
    output = hdfs.folder.with_name("out")
    options: dict[str, Any] = {"min_similarity": "0.6", "output": output}
    quick_job.cut_finely(5000)
    there = quick_job(f"{hdfs.url}/in/p*.tsv", f"{hdfs.url}/in/accounts.tsv", **options)
    here = quick_job(f"{hdfs.folder}/in/p*.tsv", f"{hdfs.folder}/in/accounts.tsv", min_similarity="0.6")
    assert len(there.pairs) > 100
    assert there.contents() == here.contents()
    (hdfs.folder / "in" / "p2.tsv").write_bytes(b"id\tauthor_id\thashtags\nq\ta0001\tone\n")
    again = quick_job(f"{hdfs.url}/in/p*.tsv", f"{hdfs.url}/in/accounts.tsv", **options)
    assert (again.manifest.mode.name, again.manifest.mode.files) == ("incremental", 1)
    os.utime(hdfs.folder / "in" / "p1.tsv", ns=(0, 10**18))
    again = quick_job(f"{hdfs.url}/in/p*.tsv", f"{hdfs.url}/in/accounts.tsv", **options)
    assert again.manifest.mode.reason == f"{hdfs.url}/in/p1.tsv has changed"


@pytest.mark.parametrize("fault", [(503, "RetriableException"), (403, "StandbyException"), (500, "IOException"), CUT])
def test_a_node_that_fails_now_and_then_is_asked_again(hdfs: FakeHdfs, fault: tuple[int, str] | int) -> None:
    (hdfs.folder / "things").write_bytes(FORMS["raw"])
    seen: set[Asked] = set()

    def first_time(asked: Asked) -> tuple[int, str] | int | None:
        known = asked in seen
        seen.add(asked)
        return None if known else fault

    hdfs.fault = first_time
    (here,), (there,) = (find_files(THINGS, [f"{place}/things"]) for place in (hdfs.folder, hdfs.url))
    assert read(there) == read(here)
    assert len(hdfs.asked) > len(seen) > 3


def refused(hdfs: FakeHdfs, url: str = "") -> str:
    """The one line of a run that ended with exit code 2 and wrote nothing."""
    output = hdfs.folder.with_name("out")
    done = submit_alone("--posts", url or f"{hdfs.url}/things", "--accounts", "accounts.tsv", "--output", output)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert {path.name for path in output.rglob("*") if path.is_file()} <= {"runs.jsonl", ".lock"}
    assert "secret" not in line
    return line.removeprefix("error: ").replace(hdfs.url, "URL").replace(f"127.0.0.1:{hdfs.port}", "NODE")


@pytest.mark.parametrize(
    ("node", "fault", "message"),
    [
        (
            "name",
            (403, "AccessControlException"),
            "access denied to analyst (AccessControlException); see HADOOP_USER_NAME",
        ),
        (
            "name",
            (401, "AuthenticationException"),
            "http://NODE wants Kerberos, which the job does not have; mount it",
        ),
        ("name", (400, "IllegalArgumentException"), "http://NODE refuses to read it (IllegalArgumentException)"),
        ("name", (503, "IOException"), "http://NODE fails (IOException); LOOKALIKE_WEBHDFS can name another address"),
        (
            "name",
            (403, "StandbyException"),
            "http://NODE fails (StandbyException); LOOKALIKE_WEBHDFS can name another",
        ),
        ("data", (403, "AccessControlException"), "access denied to analyst (AccessControlException); see"),
        ("data", (500, "BlockMissingException"), "http://NODE fails (BlockMissingException); LOOKALIKE_WEBHDFS can"),
        ("data", CUT, "http://NODE fails ("),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(
    hdfs: FakeHdfs, node: str, fault: tuple[int, str] | int, message: str
) -> None:
    (hdfs.folder / "things").write_bytes(FORMS["raw"])
    hdfs.fault = lambda asked: fault if asked.node == node else None
    assert refused(hdfs).startswith(f"URL/things: {message}")


def test_an_error_of_a_data_node_is_not_taken_for_content(hdfs: FakeHdfs) -> None:
    (hdfs.folder / "things").write_bytes(FORMS["raw"])
    (file,) = find_files(THINGS, [f"{hdfs.url}/things"])
    hdfs.fault = lambda asked: (404, "FileNotFoundException") if asked.node == "data" else None
    with pytest.raises(UsageError, match="things: is not there any more"):
        read(file)


def test_what_is_not_there_is_named(hdfs: FakeHdfs) -> None:
    assert refused(hdfs) == "URL/things: no such file, folder or match"
    assert refused(hdfs, f"{hdfs.url}/a*/things") == "URL/a*/things: no such file, folder or match"
    nobody = f"hdfs://127.0.0.1:{free_ports(1)[0]}"
    assert refused(hdfs, nobody).startswith(f"{nobody}: http://{nobody[7:]} fails (Connection refused); ")


def test_a_server_that_is_no_webhdfs_is_named(hdfs: FakeHdfs) -> None:
    hdfs.fault = lambda _: (404, "not of Java")
    assert refused(hdfs).startswith("URL/things: http://NODE is no WebHDFS (status 404); LOOKALIKE_WEBHDFS can")


def test_the_environment_can_name_several_addresses_of_which_one_answers(
    hdfs: FakeHdfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hdfs.folder / "things").write_bytes(FORMS["raw"])
    dead = free_ports(1)[0]
    monkeypatch.setenv("LOOKALIKE_WEBHDFS", f"http://127.0.0.1:{dead}, http://127.0.0.1:{hdfs.port}/")
    (file,) = find_files(THINGS, ["hdfs://nameservice1/things"])
    assert file.path == "hdfs://nameservice1/things"
    (here,) = find_files(THINGS, [f"{hdfs.folder}/things"])
    assert read(file) == read(here)


@pytest.mark.parametrize(
    "address", ["node:9870", "http://user:secret@node", "http://node:9870?delegation=secret", ","]
)
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    store_of.cache_clear()
    monkeypatch.setenv("LOOKALIKE_WEBHDFS", address)
    with pytest.raises(UsageError) as caught:
        named_files("hdfs://nameservice1/things")
    assert str(caught.value) == "LOOKALIKE_WEBHDFS: must be http://HOST:PORT or several with commas between them"


def test_a_large_file_takes_a_request_for_some_megabytes(hdfs: FakeHdfs) -> None:
    content = b"value\tother\tid\n" + b"".join(b"v%07d\t%s\t%d\n" % (i, b"x" * 80, i) for i in range(200_000))
    (hdfs.folder / "things").write_bytes(content)
    (file,) = find_files(THINGS, [f"{hdfs.url}/things"])
    hdfs.asked.clear()
    assert len(read(file, chunk_bytes=WHOLE.chunk_bytes).rows) == 200_000
    of_content = [asked for asked in hdfs.asked if asked.node == "data"]
    assert sum(asked.length or 0 for asked in of_content) == file.size - file.body
    assert len(of_content) <= 6
