"""Which texts are outputs, and of what kind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.options.cli import parse_arguments
from lookalike.errors import UsageError
from lookalike.outputs.urls import StoreUrl, parse_output


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket/a/b", "s3://bucket/a/b"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("S3://bucket", "s3://bucket"),
        ("gs://bucket/a=1/b_c.d", "gs://bucket/a=1/b_c.d"),
        ("az://container/a", "az://container/a"),
        ("hdfs://nameservice1/a", "hdfs://nameservice1/a"),
        ("hdfs://node.example:9870/a/", "hdfs://node.example:9870/a"),
        ("abfss://container@account.dfs.core.windows.net/a", "abfss://container@account.dfs.core.windows.net/a"),
    ],
)
def test_a_url_is_an_output(text: str, url: str) -> None:
    found = parse_output(text)
    assert isinstance(found, StoreUrl)
    assert found == url


@pytest.mark.parametrize("text", ["out", "/tmp/s3:/out", "s3:/bucket", "a:b"])
def test_what_is_no_url_is_a_folder(text: str) -> None:
    assert parse_output(text) == Path(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hdfs:///out", "no name node"),
        ("hdfs://host:8020x/out", "no name node"),
        ("file:///out", "mount"),
        ("s3a://bucket/out", "s3://"),
        ("s3://", "no bucket"),
        ("s3:///out", "no bucket"),
        ("s3://key:secret@bucket/out", "no bucket"),
        ("s3://bucket/a//b", "prefix"),
        ("s3://bucket/../b", "prefix"),
        ("s3://bucket/a?x=1", "prefix"),
        ("s3://bucket/a#x", "prefix"),
        ("s3://bucket/a%2e", "prefix"),
        ("s3://bucket/a\n", "prefix"),
    ],
)
def test_another_url_is_refused_as_an_option(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        parse_arguments(["--posts", "p", "--accounts", "a", "--output", text])
    assert str(caught.value).startswith("--output: ")
    assert "\n" not in str(caught.value)


def test_a_folder_as_output_loads_nothing_of_object_stores() -> None:
    imports = "import sys, jobs.pipeline.run, jobs.snapshots.__main__, serving.app"
    unwanted = ("obstore", "jobs.inputs.stores.readahead", "jobs.inputs.stores.webhdfs")
    code = f"{imports}; print([name for name in sys.modules if name.startswith({unwanted})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
