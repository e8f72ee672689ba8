"""Measuring commands and writing the tables; nothing here depends on how long something takes."""

import sys
from pathlib import Path

import pytest

from bench import run
from bench.processes import Measurement, measure
from bench.table import Comparison, StageSeconds, job_table, kernel_table, stage_table, write_results

GIB = 2**30


def test_memory_of_all_processes_is_added_up(tmp_path: Path) -> None:
    hold = "import time; block = bytearray(60_000_000); block[:] = b'1' * 60_000_000; time.sleep(1.5)"
    script = f"import subprocess, sys; a = [subprocess.Popen([sys.executable, '-c', {hold!r}]) for _ in 'ab']"
    result = measure([sys.executable, "-c", script + "; [p.wait() for p in a]; print('done')"], tmp_path)
    assert result.output == "done\n"
    assert result.peak_bytes > 120_000_000


def test_a_failing_command_is_reported_with_its_messages(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3:.*no such posts"):
        measure([sys.executable, "-c", "import sys; print('no such posts', file=sys.stderr); sys.exit(3)"], tmp_path)


def test_the_ratio_is_the_median_of_the_rounds_and_not_of_the_seconds() -> None:
    job = [Measurement(seconds, 2 * GIB, "") for seconds in (10, 20, 30)]
    other = [Measurement(seconds, 3 * GIB, "") for seconds in (20, 10, 25)]
    comparison = Comparison("S", "naive", job, other, pairs=2_000, other_pairs=800)
    assert comparison.ratio == pytest.approx(1.2)
    assert job_table([comparison]).splitlines()[-1] == (
        "| S | naive | 20.0 s | 20.0 s | **1.20** | 2.0 GiB | 3.0 GiB | 2,000 | 800 (40%) |"
    )


def test_stages_and_the_rest_add_up_to_the_whole() -> None:
    table = stage_table([StageSeconds("S", 20.0, {"scan": 5.0, "write": 4.0}), StageSeconds("M", 9.0, {"scan": 8.0})])
    assert table.splitlines() == [
        "| seconds of | scan | write | start and end | whole |",
        "| --- | --- | --- | --- | --- |",
        "| S | 5.0 | 4.0 | 11.0 | 20.0 |",
        "| M | 8.0 | 0.0 | 1.0 | 9.0 |",
    ]


def test_kernel_figures_without_cdist_leave_its_column_empty() -> None:
    row = kernel_table([{"names": 100_000, "pairs": 87_005, "kernel": 0.25, "symscan": 2.5}]).splitlines()[-1]
    assert row == "| 100,000 | 87,005 | 0.250 s | 2.50 s | **10.0x** |  |"


def test_writing_one_section_leaves_the_rest_of_the_page_alone(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("a\n<!-- quick: written by run.py -->\nold\n<!-- end of quick -->\nb\n")
    text = write_results(page, "quick", "2 cores", [], [], [])
    assert page.read_text() == f"a\n<!-- quick: written by run.py -->\n{text}\n<!-- end of quick -->\nb\n"
    with pytest.raises(ValueError, match="no section"):
        write_results(page, "full", "2 cores", [], [], [])


def test_a_run_of_the_job_is_measured_with_the_counts_of_its_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = '{"counts": {"posts": {"rows": 9}, "pairs": {"similar_pairs": 7}}, "seconds": {"scan": 1.5}}'
    command = tmp_path / "spark-submit.sh"
    command.write_text(
        "#!/bin/sh\n"
        'test "$1 $3 $5" = "--posts --accounts --output" && mkdir -p "$6/snapshots/new" && echo new > "$6/CURRENT" '
        f"&& echo '{manifest}' > \"$6/snapshots/new/manifest.json\"\n"
    )
    command.chmod(0o755)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "CACHE", tmp_path / "cache")
    result = run.run_job(tmp_path)
    assert (result.similar_pairs, result.stage_seconds) == (7, {"scan": 1.5})
