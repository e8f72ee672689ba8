"""The job on a standalone cluster: the same command, the same result, whatever dies on the way."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from tests.job.known import medium

from .running import FILES, Cluster, Inputs, published_alone
from .standalone import SPARK

STAGES = ["ScanSplits", "DeduplicatePosts", "GroupMembers", "ListHashtags", "ComparePairs", "WriteTables"]
# What the tasks' Python may map of its machine: the C library with its data, nothing of a Python.
OF_THE_MACHINE = re.compile(
    r"/(ld-linux[^/]*|lib(c|m|dl|rt|pthread|util|resolv)\.so\.\d|gconv-modules\.cache|ld\.so\.cache)$|/locale/"
)


class Tasks:
    """Watches the Python processes of the tasks."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.programs: dict[Path, set[str]] = {}
        self.mapped: set[str] = set()
        self.paths: set[str] = set()

    def look(self) -> None:
        for worker in self._cluster.standalone.workers:
            for process in self._cluster.standalone.processes(worker.name):
                try:
                    program = (process / "exe").readlink()
                    if "python" in program.name:
                        self.programs.setdefault(worker, set()).add(str(program))
                        self.mapped |= set(re.findall(r" (/\S+)$", (process / "maps").read_text(), re.MULTILINE))
                        found = re.search(rb"(?:^|\0)PYTHONPATH=([^\0]*)", (process / "environ").read_bytes())
                        self.paths |= set(found[1].decode().split(":") if found else [])
                except OSError:
                    continue  # it has ended

    def check(self) -> None:
        """Every worker must have run the Python that the job brought, and that nothing of this machine's."""
        workers = self._cluster.standalone.workers
        assert set(self.programs) == set(workers)
        for worker, programs in self.programs.items():
            brought = re.compile(rf"{worker}/work/app-.*/environment/bin/")
            assert [program for program in programs if not brought.match(program)] == []
        own = (*(f"{worker}/" for worker in workers), f"{self._cluster.output}/", "/dev/", "/memfd:")
        assert [file for file in self.mapped if not file.startswith(own) and not OF_THE_MACHINE.search(file)] == []
        own = (*own, f"{SPARK}/")
        assert [path for path in self.paths if path and not path.startswith(own)] == []


def test_a_cluster_without_any_python_publishes_what_one_process_does(
    small_cluster: Cluster, alone: dict[str, Any]
) -> None:
    assert [
        tool for tool in ("python", "python3") if shutil.which(tool, path=str(small_cluster.standalone.path))
    ] == []
    tasks = Tasks(small_cluster)
    assert small_cluster.run(meanwhile=tasks.look) == alone
    tasks.check()


@pytest.mark.thorough
def test_a_cluster_adds_what_is_new(cluster: Cluster, inputs: Inputs, alone: dict[str, Any], tmp_path: Path) -> None:
    result = cluster.run(files=FILES - 1)
    assert result == published_alone(inputs, tmp_path / "alone", FILES - 1)

    result = cluster.run()
    mode = Snapshot.open(FolderOutput(cluster.output)).manifest.mode
    assert mode is not None
    assert (mode.name, mode.files) == ("incremental", 1)
    assert [tuple(row.values()) for row in result["pairs"]] == sorted(medium().pairs("0.7"))
    work = {"candidates": 0, "verified": 0, "names_once": False}  # what was done on the way
    assert result | {"counts": result["counts"] | work} == alone | {"counts": alone["counts"] | work}


@pytest.mark.thorough
def test_deaths_of_a_process_an_executor_and_a_worker_change_nothing(cluster: Cluster, alone: dict[str, Any]) -> None:
    deaths = ["ScanSplits", "python"], ["GroupMembers", "executor"], ["ComparePairs", "worker"]
    assert cluster.run(*deaths) == alone


@pytest.mark.thorough
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("victim", ["executor", "worker"])
def test_a_death_in_any_stage_changes_nothing(
    cluster: Cluster, alone: dict[str, Any], stage: str, victim: str
) -> None:
    assert cluster.run([stage, victim]) == alone


@pytest.mark.thorough
@pytest.mark.parametrize("stage", STAGES)
def test_a_task_that_was_given_up_and_works_on_changes_nothing(
    cluster: Cluster, alone: dict[str, Any], stage: str
) -> None:
    assert cluster.run([stage, "link"]) == alone
    assert int((cluster.traces / "gone on").read_text()) > 0
    for entry in Snapshot.open(FolderOutput(cluster.output)).manifest.files:
        FolderOutput(cluster.output).check_file(entry)


@pytest.mark.thorough
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("victim", ["executor", "link"])
def test_a_death_in_any_stage_changes_nothing_that_went_through_the_shuffle(
    cluster: Cluster, alone: dict[str, Any], stage: str, victim: str
) -> None:
    assert cluster.run([stage, victim], exchange="shuffle") == alone


@pytest.mark.thorough
def test_deaths_of_all_kinds_change_nothing_that_went_through_the_shuffle(
    cluster: Cluster, alone: dict[str, Any]
) -> None:
    deaths = ["DeduplicatePosts", "python"], ["GroupMembers", "executor"], ["WriteTables", "worker"]
    assert cluster.run(*deaths, exchange="shuffle") == alone


@pytest.mark.thorough
@pytest.mark.parametrize("stage", ["MergeMembers", "MergeTables"])
def test_a_cluster_adds_what_is_new_through_the_shuffle(cluster: Cluster, alone: dict[str, Any], stage: str) -> None:
    cluster.run(files=FILES - 1, exchange="shuffle")
    result = cluster.run([stage, "executor"], exchange="shuffle")
    assert [tuple(row.values()) for row in result["pairs"]] == sorted(medium().pairs("0.7"))
    work = {"candidates": 0, "verified": 0, "names_once": False}  # what was done on the way
    assert result | {"counts": result["counts"] | work} == alone | {"counts": alone["counts"] | work}
