"""The job where no machine sees a folder of another: input and output are in an S3 server."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.cluster.running import FILES, Inputs
from tests.job.known import medium

from .running import IsolatedCluster

pytestmark = pytest.mark.thorough

WORK = {"candidates": 0, "verified": 0, "names_once": False}  # what was done on the way


def test_executors_see_nothing_of_the_driver_and_read_the_store(cluster: IsolatedCluster, inputs: Inputs) -> None:
    found = cluster.probe()
    assert found["exchange"] == "ShuffleRunner"
    assert set(found["opened"]) == {"FileNotFoundError"}
    contents = {file.name: file.read_bytes() for file in inputs.posts.iterdir()}
    wanted = [[name, c.count(b"\n"), hashlib.sha256(c).hexdigest()] for name, c in sorted(contents.items())]
    assert found["rows"] == wanted


@pytest.mark.parametrize("exchange", ["auto", "shuffle"])
def test_such_a_cluster_publishes_what_one_process_does_and_adds_what_is_new(
    cluster: IsolatedCluster, alone: dict[str, Any], exchange: str
) -> None:
    cluster.run(exchange, files=FILES - 1)
    result = cluster.run(exchange)
    assert [tuple(row.values()) for row in result["pairs"]] == sorted(medium().pairs("0.7"))
    assert result | {"counts": result["counts"] | WORK} == alone | {"counts": alone["counts"] | WORK}


def test_such_a_cluster_publishes_in_full_what_one_process_does(
    cluster: IsolatedCluster, alone: dict[str, Any]
) -> None:
    assert cluster.run("auto") == alone
