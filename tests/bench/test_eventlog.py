"""Spark's event log taken apart: stages by the job's names, their tasks and what they moved."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.eventlog import SparkStage, busiest, main, read_stages
from bench.parts import busy_cores
from bench.processes import Measurement


def submitted(number: int, group: str, at: int) -> dict[str, Any]:
    info = {"Stage ID": number, "Stage Attempt ID": 0, "Submission Time": at}
    return {"Event": "SparkListenerStageSubmitted", "Stage Info": info, "Properties": {"spark.jobGroup.id": group}}


def completed(number: int, begin: int, end: int) -> dict[str, Any]:
    info = {"Stage ID": number, "Stage Attempt ID": 0, "Submission Time": begin, "Completion Time": end}
    return {"Event": "SparkListenerStageCompleted", "Stage Info": info}


def task(number: int, launch: int, finish: int, reason: str = "Success") -> dict[str, Any]:
    metrics = {
        "JVM GC Time": 500,
        "Shuffle Read Metrics": {"Local Bytes Read": 10, "Remote Bytes Read": 5},
        "Shuffle Write Metrics": {"Shuffle Bytes Written": 7},
    }
    return {
        "Event": "SparkListenerTaskEnd",
        "Stage ID": number,
        "Stage Attempt ID": 0,
        "Task End Reason": {"Reason": reason},
        "Task Info": {"Launch Time": launch, "Finish Time": finish},
        "Task Metrics": metrics if reason == "Success" else None,
    }


EVENTS = [
    {"Event": "SparkListenerLogStart"},
    submitted(0, "scan", 1_000),
    task(0, 1_000, 4_000),
    submitted(2, "compare", 5_000),
    task(2, 5_000, 6_000),
    task(2, 5_000, 7_000),
    task(2, 6_000, 6_500, "ExceptionFailure"),
    task(2, 6_000, 12_000),
    completed(0, 1_000, 4_500),
    completed(2, 5_000, 12_500),
    submitted(3, "compare", 12_500),
    task(3, 12_500, 13_000),
    completed(3, 12_500, 13_000),
    submitted(5, "write", 14_000),  # never ends
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "local-1"
    path.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    return path


def test_stages_have_their_tasks_and_what_these_moved(log: Path) -> None:
    scan, compare, rest = read_stages(log)
    assert (scan.group, scan.number, scan.begin, scan.seconds, scan.tasks) == ("scan", 0, 1.0, 3.5, [3.0])
    assert (compare.tasks, compare.failed, compare.balance) == ([1.0, 2.0, 6.0], 1, 3.0)
    assert (compare.read_bytes, compare.written_bytes, compare.collection_seconds) == (45, 21, 1.5)
    assert (rest.number, rest.balance) == (3, 1.0)


def test_the_busiest_stage_of_a_group_is_the_one_with_most_task_seconds(log: Path) -> None:
    stages = read_stages(log)
    assert busiest(stages, "compare").number == 2
    with pytest.raises(ValueError, match=r"no stage 'sort' in the event log; there are \['compare', 'scan'\]"):
        busiest(stages, "sort")


def test_a_log_is_printed_by_stage(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eventlog.py", str(log)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["scan", "compare", "compare"]
    assert "3 tasks of     9.00 s  slowest/median  3.00" in lines[1]
    assert lines[1].endswith("1 failed")


def test_cores_busy_in_the_compare_stage_and_in_its_last_fifth() -> None:
    # Two cores from second 100 on, one from second 108 on.
    samples = ((90.0, 0.0), (100.0, 4.0), (104.0, 12.0), (108.0, 20.0), (112.0, 24.0))
    measurement = Measurement(25.0, 0, "", samples)
    stages = [SparkStage(0, "scan", 90.0, 100.0), SparkStage(1, "compare", 100.0, 110.0)]
    busy = busy_cores(measurement, stages)
    assert busy == {"compare_seconds": 10.0, "busy": pytest.approx(1.8), "busy_last": pytest.approx(1.0)}
