"""What Hadoop's own HDFS gives is what a folder gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.inputs.files import find_files
from jobs.inputs.stores.choose import store_of
from tests.inputs.reading import THINGS, read
from tests.job.command import submit_alone
from tests.job.running import Job
from tests.stores.running import write_inputs
from tests.stores.test_input_files import FORMS
from tests.stores.test_input_names import NAMES, said

from .daemons import USER, Hadoop

pytestmark = pytest.mark.thorough


def named(name: str) -> bytes:
    """What is in a file of NAMES."""
    return b"" if name.endswith("empty") else b"id\tvalue\n1\tone\n"


@pytest.fixture(scope="module", autouse=True)
def names(hadoop: Hadoop) -> None:
    for name in NAMES:
        hadoop.put(f"work/names/{name}", named(name))


@pytest.mark.parametrize(
    "path", ["f", "f/", "f/1.tsv", "?/*", "*", "f/*/4.tsv", "odd/*", "gone", "gone/*", "none", "below"]
)
def test_a_url_names_what_a_path_names(asking: Hadoop, tmp_path: Path, path: str) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(named(name))
    here, there = said(f"{tmp_path}/{path}"), said(f"{asking.url}/work/names/{path}")

    def strip(text: str) -> str:
        return text.replace(f"{asking.url}/work/names", "").replace(str(tmp_path), "").replace("/:", ":")

    if isinstance(here, str):
        assert isinstance(there, str)
        assert strip(there) == strip(here)
    else:
        assert list(map(strip, there)) == list(map(strip, here))


@pytest.mark.parametrize("form", ["raw", "utf-16", "gzip", "json lines", "parquet in many groups"])
@pytest.mark.parametrize("name", ["plain", "a b", "100% é#1", "日本+&=;,'\"", "Ünder~score_(1)"])
def test_every_format_and_name_is_read_there_as_here(asking: Hadoop, tmp_path: Path, form: str, name: str) -> None:
    (tmp_path / name).write_bytes(FORMS[form])
    asking.put(f"work/things/{name}", FORMS[form])
    (here,), (there,) = (find_files(THINGS, [f"{place}/{name}"]) for place in (tmp_path, "hdfs:///work/things"))
    assert read(there, chunk_bytes=2000) == read(here)


def test_files_of_many_blocks_are_read_in_parts(asking: Hadoop, quick_job: Job, tmp_path: Path) -> None:
    posts, accounts = write_inputs(tmp_path / "in", posts=60_000)
    for file in (posts, accounts):
        asking.put(f"work/many/{file.name}", file.read_bytes())
    assert posts.stat().st_size > 2 << 20  # blocks are of 1 MiB
    quick_job.cut_finely(300_000)
    here, there = (
        quick_job(f"{place}/posts.tsv", f"{place}/accounts.tsv", min_similarity="0.6")
        for place in (tmp_path / "in", "hdfs:///work/many")
    )
    assert len(here.pairs) > 100
    assert there.contents() == here.contents()


def refused(url: str, output: Path) -> str:
    """The one line of a run that ended with exit code 2 and wrote nothing."""
    done = submit_alone("--posts", url, "--accounts", url, "--output", output)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert {path.name for path in output.rglob("*") if path.is_file()} <= {"runs.jsonl", ".lock"}
    return line.removeprefix("error: ")


def test_what_one_may_not_read_is_told_in_one_line(asking: Hadoop, tmp_path: Path) -> None:
    for name, permission in (
        ("closed/posts.tsv", "600"),
        ("closed", "711"),
        ("shut/posts.tsv", "644"),
        ("shut", "700"),
    ):
        if name.endswith("posts.tsv"):
            asking.put(name, b"id\tauthor_id\thashtags\n", user="root")
        asking.ask(name, "SETPERMISSION", user="root", permission=permission)
    for path in ("closed/posts.tsv", "closed", "closed/*", "shut/posts.tsv", "shut", "shut/*"):
        line = refused(f"hdfs:///{path}", tmp_path / "out")
        assert line.startswith(f"{asking.url}/{path.split('/')[0]}")
        assert "access denied to analyst (AccessControlException); see HADOOP_USER_NAME in the environment" in line


def test_hadoops_own_port_needs_its_configuration(
    asking: Hadoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HADOOP_CONF_DIR")
    store_of.cache_clear()
    address = asking.url.replace("hdfs://", "http://")
    line = refused(f"{asking.url}/work", tmp_path / "out")
    assert line.startswith(f"{asking.url}/work: {address} is no WebHDFS (status 404); LOOKALIKE_WEBHDFS can name")
    assert "names no name node" in refused("hdfs:///work", tmp_path / "out")


def test_one_user_can_read_for_another(asking: Hadoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.put("work/own/posts.tsv", FORMS["raw"])
    asking.ask("work/own", "SETPERMISSION", permission="700")
    (tmp_path / "posts.tsv").write_bytes(FORMS["raw"])
    monkeypatch.setenv("HADOOP_PROXY_USER", USER)
    monkeypatch.setenv("HADOOP_USER_NAME", "proxy")
    store_of.cache_clear()
    (here,), (there,) = (find_files(THINGS, [f"{place}/*"]) for place in (tmp_path, "hdfs:///work/own"))
    assert read(there) == read(here)
    monkeypatch.setenv("HADOOP_USER_NAME", "somebody")
    store_of.cache_clear()
    line = refused("hdfs:///work/own/posts.tsv", tmp_path / "out")
    assert f"access denied to {USER} (" in line
