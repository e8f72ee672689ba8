"""Measuring a command with all that it starts; nothing here depends on how long something takes."""

import os
import sys
from pathlib import Path

import pytest

from bench.processes import Measurement, measure


def test_memory_of_all_processes_is_added_up(tmp_path: Path) -> None:
    hold = "import time; block = bytearray(60_000_000); block[:] = b'1' * 60_000_000; time.sleep(4)"
    script = f"import subprocess, sys; a = [subprocess.Popen([sys.executable, '-c', {hold!r}]) for _ in 'ab']"
    result = measure([sys.executable, "-c", script + "; [p.wait() for p in a]; print('done')"], tmp_path)
    assert result.output == "done\n"
    assert result.peak_bytes > 120_000_000


def test_a_failing_command_is_reported_with_its_messages(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3:.*no such posts"):
        measure([sys.executable, "-c", "import sys; print('no such posts', file=sys.stderr); sys.exit(3)"], tmp_path)


def test_processor_time_of_children_counts_also_when_they_have_ended(tmp_path: Path) -> None:
    work = "import time\nwhile time.process_time() < 0.4: pass"
    script = (
        f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {work!r}], check=True); time.sleep(2)"
    )
    used = [seconds for _, seconds in measure([sys.executable, "-c", script], tmp_path).processor]
    assert used == sorted(used)
    assert used[-1] >= 0.4


def test_a_command_is_kept_to_the_processors_it_was_given(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    only = max(before)
    shown = measure([sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"], tmp_path, [only])
    assert shown.output == f"{{{only}}}\n"
    assert os.sched_getaffinity(0) == before


def test_cores_used_are_interpolated_between_two_looks() -> None:
    measurement = Measurement(8.0, 0, "", ((100.0, 1.0), (104.0, 5.0), (108.0, 13.0)))
    assert measurement.cores_used(102.0, 106.0) == pytest.approx(1.5)
    assert measurement.cores_used(104.0, 120.0) == pytest.approx(0.5)  # nothing is known behind the last look
    assert measurement.cores_used(106.0, 106.0) == 0
    assert Measurement(1.0, 0, "").cores_used(0.0, 9.0) == 0
