"""A store that fails for some seconds in each stage of the real command, whose rows and work files are in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.outputs.urls import StoreUrl
from tests.cluster.running import arranged, check_that_all_came, made_inputs, of_a_submitter, run_to_end
from tests.cluster.storing import published_in_store, put_inputs
from tests.job.command import ROOT

from .outages import Outages
from .proxy import Proxy
from .running import Bucket

STAGES = ("ScanSplits", "DeduplicatePosts", "GroupMembers", "ListHashtags", "ComparePairs", "WriteTables")


@pytest.mark.thorough
def test_an_outage_in_each_stage_changes_nothing(url: StoreUrl, proxy: Proxy, tmp_path: Path) -> None:
    traces = tmp_path / "traces"
    traces.mkdir()
    base = StoreUrl.parse(url.rpartition("/")[0])
    put_inputs(made_inputs(tmp_path), base)
    found = []
    for name, stages in (("calm", ()), ("disturbed", STAGES)):
        output, deaths = f"{base}/{name}", [(stage, "store") for stage in stages]
        outages = Outages(traces, proxy)
        command: list[str | Path] = [ROOT / "spark-submit.sh", "--master", "local[2]", "--", "--exchange", "shuffle"]
        command += ["--posts", f"{base}/posts", "--accounts", f"{base}/accounts", "--output", output]
        command += ["--min-similarity", "0.7", "--buckets", "8", "--block-size", "100"]
        log = tmp_path / f"{name}.log"
        assert run_to_end(command, of_a_submitter() | arranged(deaths, traces), log, outages.look) == 0, (
            log.read_text()
        )
        check_that_all_came(deaths, traces)
        assert set(outages.met) == set(stages)
        assert all(outages.met.values())
        store = StoreUrl.parse(output)
        found.append(published_in_store(store))
        assert not [key for key in Bucket(store).listing() if "/work/" in key]
    assert found[0] == found[1]
