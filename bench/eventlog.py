"""What Spark's event log says about a run: its stages, their tasks, what was moved, how evenly work was shared out.

    ./spark-submit.sh --conf spark.eventLog.enabled=true --conf spark.eventLog.dir=file:///tmp/log \\
      --conf spark.eventLog.compress=false --conf spark.eventLog.rolling.enabled=false -- ...
    python bench/eventlog.py /tmp/log/local-1795486766023

The log is a JSON object a line. The job names its own stages (scan, group, ...) as groups of Spark jobs; each
holds one or more of Spark's stages, whose tasks run side by side.
"""

from __future__ import annotations

import json
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class SparkStage:
    """One of Spark's stages: times in seconds since 1970, of its successful tasks the seconds each took."""

    number: int
    group: str
    begin: float
    end: float = 0.0
    tasks: list[float] = field(default_factory=list)
    failed: int = 0
    written_bytes: int = 0  # to the shuffle
    read_bytes: int = 0  # from the shuffle
    collection_seconds: float = 0.0  # of Java's garbage

    @property
    def seconds(self) -> float:
        """From its submission to its end."""
        return self.end - self.begin

    @property
    def balance(self) -> float:
        """The slowest task's seconds by the median task's; 1 for a stage without tasks."""
        return max(self.tasks) / statistics.median(self.tasks) if self.tasks else 1.0


def options(folder: Path) -> list[str]:
    """The options of spark-submit that make a run write its log, whole and readable, into a folder."""
    settings = {
        "enabled": "true",
        "dir": folder.resolve().as_uri(),
        "compress": "false",
        "rolling.enabled": "false",
    }
    return [part for key, value in settings.items() for part in ("--conf", f"spark.eventLog.{key}={value}")]


def read_stages(log: Path) -> list[SparkStage]:
    """Spark's stages in the order in which they began; those that Spark skipped are not among them."""
    stages: dict[tuple[int, int], SparkStage] = {}
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            match event["Event"]:
                case "SparkListenerStageSubmitted":
                    info = event["Stage Info"]
                    group = (event.get("Properties") or {}).get("spark.jobGroup.id", "")
                    begin = info.get("Submission Time", 0) / 1000
                    stages[_key(info)] = SparkStage(info["Stage ID"], group, begin)
                case "SparkListenerTaskEnd":
                    _add_task(stages[_key(event)], event)
                case "SparkListenerStageCompleted":
                    info = event["Stage Info"]
                    stage = stages[_key(info)]
                    stage.begin = info["Submission Time"] / 1000
                    stage.end = info["Completion Time"] / 1000
    return sorted((stage for stage in stages.values() if stage.end), key=lambda stage: (stage.begin, stage.number))


def busiest(stages: list[SparkStage], group: str) -> SparkStage:
    """Of a group's stages the one whose tasks took longest together; ValueError if there is none."""
    found = [stage for stage in stages if stage.group == group]
    if not found:
        raise ValueError(f"no stage {group!r} in the event log; there are {sorted({s.group for s in stages})}")
    return max(found, key=lambda stage: sum(stage.tasks))


def _key(place: dict[str, Any]) -> tuple[int, int]:
    return place["Stage ID"], place["Stage Attempt ID"]


def _add_task(stage: SparkStage, event: dict[str, Any]) -> None:
    metrics = event.get("Task Metrics") or {}  # a task that was killed has none
    if event["Task End Reason"]["Reason"] != "Success":
        stage.failed += 1
    else:
        info = event["Task Info"]
        stage.tasks.append((info["Finish Time"] - info["Launch Time"]) / 1000)
    read = metrics.get("Shuffle Read Metrics", {})
    stage.read_bytes += read.get("Local Bytes Read", 0) + read.get("Remote Bytes Read", 0)
    stage.written_bytes += metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
    stage.collection_seconds += metrics.get("JVM GC Time", 0) / 1000


def main(argv: list[str]) -> int:
    """Print a log's stages."""
    for stage in read_stages(Path(argv[1])):
        print(
            f"{stage.group:<10} stage {stage.number:<3} {stage.seconds:8.2f} s  {len(stage.tasks):>5} tasks of"
            f" {sum(stage.tasks):8.2f} s  slowest/median {stage.balance:5.2f}  read {stage.read_bytes / 1e6:9.1f} MB"
            f"  written {stage.written_bytes / 1e6:9.1f} MB  gc {stage.collection_seconds:6.2f} s"
            + (f"  {stage.failed} failed" if stage.failed else "")
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
