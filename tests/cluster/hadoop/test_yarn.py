"""The job on YARN over input in HDFS: the same command, the same result, whatever dies on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.hdfsstore import HdfsStore
from lookalike.outputs.opening import open_output
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.reader import Snapshot
from tests.cluster.running import FILES, Inputs, published_alone
from tests.cluster.test_cluster import STAGES
from tests.job.known import medium

from .daemons import Hadoop
from .yarn import INSTALLED, SIZES, Yarn

pytestmark = pytest.mark.thorough

WORK = {"candidates": 0, "verified": 0, "names_once": False}  # what was done on the way


def test_yarn_publishes_what_one_process_does(yarn: Yarn, alone: dict[str, Any]) -> None:
    assert yarn.run() == alone


def test_yarn_publishes_so_if_the_driver_is_there_and_spark_is_sent(yarn: Yarn, alone: dict[str, Any]) -> None:
    assert yarn.run(mode="cluster", spark=()) == alone


def test_yarn_adds_what_is_new(yarn: Yarn, alone: dict[str, Any]) -> None:
    yarn.run(files=FILES - 1, mode="cluster")
    result = yarn.run(exchange="shuffle")
    mode = Snapshot.open(FolderOutput(yarn.output)).manifest.mode
    assert mode is not None
    assert (mode.name, mode.files) == ("incremental", 1)
    assert [tuple(row.values()) for row in result["pairs"]] == sorted(medium().pairs("0.7"))
    assert result | {"counts": result["counts"] | WORK} == alone | {"counts": alone["counts"] | WORK}


@pytest.mark.parametrize("stage", STAGES)
def test_a_node_manager_that_dies_in_any_stage_changes_nothing(yarn: Yarn, alone: dict[str, Any], stage: str) -> None:
    assert yarn.run([stage, "worker"], exchange="shuffle") == alone


def test_yarn_publishes_in_hdfs_and_adds_what_is_new_while_a_node_manager_dies(
    yarn: Yarn, asking: Hadoop, inputs: Inputs, alone: dict[str, Any], tmp_path: Path
) -> None:
    output = StoreUrl.parse(f"{asking.url}/work/out")
    result = yarn.run(files=FILES - 1, exchange="shuffle", output=output)
    assert result == published_alone(inputs, tmp_path / "alone", FILES - 1)

    deaths = ["MergeMembers", "worker"], ["MergeTables", "executor"]
    result = yarn.run(*deaths, exchange="shuffle", output=output)
    manifest = Snapshot.open(open_output(output)).manifest
    assert manifest.mode is not None
    assert (manifest.mode.name, manifest.mode.files) == ("incremental", 1)
    assert result | {"counts": result["counts"] | WORK} == alone | {"counts": alone["counts"] | WORK}
    of_runs = {"manifest.json", "live"}
    named = {entry.path for entry in manifest.files}
    own = {name for name in names(output) if name.split("/")[1] == manifest.id}
    assert {name.rpartition("/")[2] for name in own - named} == of_runs


def test_yarn_publishes_in_hdfs_what_one_process_does_if_the_driver_is_there(
    yarn: Yarn, asking: Hadoop, alone: dict[str, Any]
) -> None:
    assert yarn.run(mode="cluster", output=StoreUrl.parse(f"{asking.url}/work/out-cluster")) == alone


def names(output: StoreUrl) -> list[str]:
    """Of the files of all snapshots."""
    return [one.key for one in HdfsStore(output).list("snapshots")]


def test_executors_that_die_change_nothing(yarn: Yarn, alone: dict[str, Any]) -> None:
    deaths = ["ScanSplits", "executor"], ["GroupMembers", "python"], ["WriteTables", "executor"]
    assert yarn.run(*deaths, exchange="shuffle") == alone


def test_who_may_not_read_is_told_in_one_line(yarn: Yarn) -> None:
    yarn.hadoop.put("secret/posts.tsv", b"id\tauthor_id\thashtags\n", user="root")
    yarn.hadoop.ask("secret/posts.tsv", "SETPERMISSION", user="root", permission="600")
    job = ["--posts", "hdfs:///secret/posts.tsv", "--accounts", "hdfs:///secret/posts.tsv"]
    assert yarn.submit([*SIZES, *INSTALLED], [*job, "--output", str(yarn.output)], {}) == 2
    (line,) = yarn.log.read_text().splitlines()
    assert line.startswith(f"error: {yarn.hadoop.url}/secret/posts.tsv: access denied to analyst ")
    assert not yarn.output.exists()
