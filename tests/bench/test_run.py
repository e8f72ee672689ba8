"""Runs of the job and of the parts; nothing here depends on how long something takes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench import jobrun, parts, run
from bench.jobrun import JobRun, run_job, values
from bench.parts import Part, against, extrapolated
from bench.processes import Measurement
from bench.results import load
from bench.table import BEGIN, END

STAGE = '"Stage Info": {"Stage ID": 0, "Stage Attempt ID": 0, "Submission Time": 1000, "Completion Time": 3000}'
BEGUN = f'{{"Event": "SparkListenerStageSubmitted", "Properties": {{"spark.jobGroup.id": "scan"}}, {STAGE}}}'
ENDED = f'{{"Event": "SparkListenerStageCompleted", {STAGE}}}'
FAKE = f"""#!/bin/sh
echo "$@" >> calls
while [ "$#" -gt 0 ]; do
  case "$1" in
    spark.eventLog.dir=*) printf '%s\\n%s\\n' '{BEGUN}' '{ENDED}' > "${{1#spark.eventLog.dir=file://}}/local-1" ;;
    --output) output="$2" ;;
  esac
  shift
done
mkdir -p "$output/snapshots/20260102T030405Z-abcdef" && echo 20260102T030405Z-abcdef > "$output/CURRENT"
echo '{{"counts": {{"posts": {{"rows": 9}}, "similar_pairs": 7}}, "seconds": {{"scan": 1.5}}}}' \\
  > "$output/snapshots/20260102T030405Z-abcdef/manifest.json"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    command = tmp_path / "spark-submit.sh"
    command.write_text(FAKE)
    command.chmod(0o755)
    monkeypatch.setattr(jobrun, "ROOT", tmp_path)
    return tmp_path


def test_a_run_of_the_job_is_measured_with_the_counts_of_its_manifest(project: Path) -> None:
    done = run_job(Path("data"), job=["--buckets", "3"], output=project / "out")
    assert (done.similar_pairs, done.stage_seconds, done.stages) == (7, {"scan": 1.5}, ())
    assert (project / "calls").read_text() == (
        f"--posts data/posts.tsv --accounts data/accounts.tsv --output {project / 'out'} --no-progress --buckets 3\n"
    )


def test_a_logged_run_comes_with_sparks_stages(project: Path) -> None:
    done = run_job(Path("data"), ["--master", "local[1]"], output=project / "out", logged=True)
    assert [(stage.group, stage.seconds) for stage in done.stages] == [("scan", 2.0)]
    call = (project / "calls").read_text()
    assert call.startswith("--master local[1] --conf spark.eventLog.enabled=true")
    assert " -- --posts data/posts.tsv" in call


def test_what_a_script_prints_is_read_as_names_and_values() -> None:
    assert values("read=1.5 pairs=7\nwords and=no x=1e3") == {"read": 1.5, "pairs": 7.0, "x": 1000.0}


def test_only_the_comparison_is_extrapolated() -> None:
    other = Measurement(10.0, 0, "")
    assert extrapolated(other, {"pairs": 3.0}) == 10.0
    assert extrapolated(other, {"compared": 2.0, "sampled": 5.0, "sharing": 50.0}) == pytest.approx(28.0)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Replaces all that takes long; what was run, in order."""
    ran: list[str] = []

    def fake_job(*_: object, **__: object) -> JobRun:
        ran.append("job")
        return JobRun(Measurement(float(len(ran)), 1, ""), {"similar_pairs": 5}, {"scan": float(len(ran))})

    def fake_measure(command: list[str], *_: object) -> Measurement:
        ran.append(Path(command[1]).stem)
        return Measurement(100.0, 2, "pairs=4")

    monkeypatch.setattr(parts, "data_set", lambda _: tmp_path)
    monkeypatch.setattr(parts, "run_job", fake_job)
    monkeypatch.setattr(parts, "measure", fake_measure)
    return ran


def test_job_and_baseline_take_turns(turns: list[str]) -> None:
    figures = against("S", "naive", 3)
    assert turns == ["job", "naive"] * 3
    assert [one["seconds"] for one in figures["job"]] == [1.0, 3.0, 5.0]
    assert (figures["pairs"], figures["other_pairs"], figures["stages"]) == (5, 4.0, {"scan": 3.0})


def test_a_hand_made_result_that_differs_is_no_figure(turns: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "differences", lambda *_: ["1 pairs in job only"])
    monkeypatch.setattr(parts, "wrong_pairs", lambda *_: [])
    with pytest.raises(RuntimeError, match="do not agree:\n1 pairs in job only"):
        against("S", "handmade", 3)
    assert turns == ["job", "handmade"]


Measured = Callable[..., int]


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measured:
    """run.main over two parts, the second of which fails, with files of its own."""
    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}\n")
    monkeypatch.setattr(run, "README", tmp_path / "README.md")
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.json")

    def figures(value: float, rounds: int) -> dict[str, Any]:
        return {"names": 10, "pairs": rounds, "kernel": value, "symscan": 1.0}

    def fails(_: int) -> dict[str, Any]:
        raise RuntimeError("no such core")

    fake = {
        "kernel-a": Part("one", 1, partial(figures, 0.5), quick=True),
        "kernel-b": Part("two", 1, partial(figures, 0.25)),
        "kernel-c": Part("three", 1, fails),
    }
    monkeypatch.setattr(run, "PARTS", fake)
    return lambda *arguments: run.main(list(arguments))


def test_parts_that_are_not_measured_keep_their_figures(measured: Measured, tmp_path: Path) -> None:
    assert measured("--quick", "--rounds", "2") == 0
    assert measured("--only", "kernel-b") == 0
    assert {name: kept.figures["pairs"] for name, kept in load(run.RESULTS).items()} == {"kernel-a": 2, "kernel-b": 3}
    page = (tmp_path / "README.md").read_text()
    assert "| 10 | 2 | 0.500 s |" in page
    assert "| 10 | 3 | 0.250 s |" in page
    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}\n")
    assert measured("--render") == 0
    assert (tmp_path / "README.md").read_text() == page


def test_a_part_that_fails_does_not_cost_the_others(measured: Measured, capsys: pytest.CaptureFixture[str]) -> None:
    assert measured() == 1
    assert list(load(run.RESULTS)) == ["kernel-a", "kernel-b"]
    assert "error: kernel-c: no such core" in capsys.readouterr().err


def test_the_list_names_every_part_and_measures_none(
    measured: Measured, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert measured("--list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["kernel-a", "kernel-b", "kernel-c"]
    assert not (tmp_path / "results.json").exists()


def test_an_unknown_part_is_refused(measured: Measured) -> None:
    with pytest.raises(SystemExit) as stop:
        measured("--only", "kernel-z")
    assert stop.value.code == 2
