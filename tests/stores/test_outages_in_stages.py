"""A store that fails for some seconds in each stage of the real command, whose rows and work files are in it."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from pathlib import Path

import pytest

from lookalike.outputs.urls import StoreUrl
from tests.cluster.running import arranged, check_that_all_came, made_inputs, of_a_submitter, run_to_end
from tests.cluster.storing import published_in_store, put_inputs
from tests.job.command import ROOT

from .proxy import LOST, Asked, Proxy
from .running import Bucket

STAGES = ("ScanSplits", "DeduplicatePosts", "GroupMembers", "ListHashtags", "ComparePairs", "WriteTables")
SECONDS = 8.0  # of an outage: longer than what a few tries at short intervals last


class Outages:
    """One begins when a stage has its first result; until it ends, half of the answers are 503, half never come."""

    def __init__(self, traces: Path, proxy: Proxy) -> None:
        self._traces, self._end, self._numbers = traces, 0.0, itertools.count()
        self._stage = ""
        self.met: Counter[str] = Counter()
        proxy.fault = self._fault

    def look(self) -> None:
        for trace in self._traces.iterdir():
            stage = trace.name.partition(" ")[0]
            if stage not in self.met:
                self.met[stage] = 0
                self._stage, self._end = stage, time.monotonic() + SECONDS

    def _fault(self, _: Asked) -> int | None:
        if time.monotonic() > self._end:
            return None
        self.met[self._stage] += 1
        return LOST if next(self._numbers) % 2 else 503


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
