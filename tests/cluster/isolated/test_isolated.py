"""The job where no machine sees a folder of another: input and output are in an S3 server."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.cluster.running import FILES, Inputs
from tests.cluster.test_cluster import STAGES
from tests.job.known import medium
from tests.stores.outages import Outages
from tests.stores.proxy import proxy_of
from tests.stores.server import Server

from .running import IsolatedCluster

pytestmark = pytest.mark.thorough

# Those that ask the store for something after their first result.
STORING = ["ChooseAccounts", "FinishAccounts", *STAGES]

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
    cluster.run(exchange=exchange, files=FILES - 1)
    result = cluster.run(exchange=exchange)
    assert [tuple(row.values()) for row in result["pairs"]] == sorted(medium().pairs("0.7"))
    assert result | {"counts": result["counts"] | WORK} == alone | {"counts": alone["counts"] | WORK}


def test_such_a_cluster_publishes_in_full_what_one_process_does(
    cluster: IsolatedCluster, alone: dict[str, Any]
) -> None:
    assert cluster.run() == alone


@pytest.mark.parametrize(
    "deaths",
    [
        (
            ("ScanAccounts", "executor"),
            ("ScanSplits", "executor"),
            ("ComparePairs", "executor"),
            ("WriteTables", "worker"),
        ),
        (("SortAccounts", "worker"), ("DeduplicatePosts", "executor"), ("ListHashtags", "executor")),
        (("ChooseAccounts", "python"), ("FinishAccounts", "executor"), ("GroupMembers", "worker")),
    ],
)
def test_deaths_change_nothing_of_it_where_tasks_read_the_accounts(
    cluster: IsolatedCluster, alone: dict[str, Any], deaths: tuple[tuple[str, str], ...]
) -> None:
    assert cluster.run(*deaths, many_accounts=True) == alone


def test_a_store_that_fails_in_each_stage_changes_nothing_of_it(
    cluster: IsolatedCluster, server: Server, alone: dict[str, Any]
) -> None:
    with proxy_of(server.endpoint) as proxy:
        outages = Outages(cluster.traces, proxy)
        deaths = [(stage, "store") for stage in STORING]
        result = cluster.run(*deaths, many_accounts=True, endpoint=proxy.endpoint, meanwhile=outages.look)
    assert result == alone
    assert set(outages.met) == set(STORING)
    assert all(outages.met.values())
