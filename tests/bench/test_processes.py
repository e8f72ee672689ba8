"""Measuring a command with all that it starts; nothing here depends on how long something takes."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench import processes
from bench.processes import Measurement, measure

# A process stays as it is until the file `seen` is in its folder. The bound is for looks that never see it.
UNTIL_SEEN = """
import pathlib, time
for _ in range(60_000):
    if pathlib.Path("seen").exists():
        break
    time.sleep(0.01)
"""


def test_memory_of_all_processes_is_added_up_and_that_of_tasks_left_out_of_the_drivers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, large = processes._Memory.of, Counter[Path]()

    def looking(process: Path) -> processes._Memory:
        found = look(process)
        large[process] += found.proportional > 60_000_000
        if sum(looks > 1 for looks in large.values()) == 2:  # so both were large in one look at all
            (tmp_path / "seen").touch()
        return found

    monkeypatch.setattr(processes._Memory, "of", looking)
    hold = "import sys; block = bytearray(b'1') * int(sys.argv[1])" + UNTIL_SEEN
    command = f"[sys.executable, '-c', {hold!r}, *more]"
    kinds = [["60_000_000"], ["150_000_000", "pyspark.worker"]]
    script = f"import subprocess, sys; a = [subprocess.Popen({command}) for more in {kinds}]"
    result = measure([sys.executable, "-c", script + "; [p.wait() for p in a]; print('done')"], tmp_path)
    assert result.output == "done\n"
    assert result.peak_bytes > 210_000_000
    assert 60_000_000 < result.driver_bytes < 150_000_000


def test_a_failing_command_is_reported_with_its_messages(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3:.*no such posts"):
        measure([sys.executable, "-c", "import sys; print('no such posts', file=sys.stderr); sys.exit(3)"], tmp_path)


def test_processor_time_of_children_counts_also_when_they_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = processes._processes_of

    def looking(session: int) -> dict[Path, int]:
        found = look(session)
        if (tmp_path / "worked").exists() and found:
            looks.append(1)
        if len(looks) == 2:  # the first may have begun before the work had ended
            (tmp_path / "seen").touch()
        return found

    looks: list[int] = []
    monkeypatch.setattr(processes, "_processes_of", looking)
    work = "import time\nwhile time.process_time() < 0.4: pass"
    script = f"import pathlib, subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    script += "; pathlib.Path('worked').touch()" + UNTIL_SEEN
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
