"""Drivers killed at many moments while the service answers: whatever a run had done, readers see whole snapshots."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import SNAPSHOTS
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate
from tests.job.command import start, submit
from tests.serving.running import ServiceFactory
from tests.serving.test_live import write_accounts
from tests.serving.test_swap import ask, await_snapshot

KILLS = int(os.environ.get("SOAK_KILLS", "25"))
SEED = int(os.environ.get("SOAK_SEED", "0"))

pytestmark = pytest.mark.thorough


@pytest.fixture
def serve() -> Iterator[ServiceFactory]:
    factory = ServiceFactory()
    yield factory
    factory.close()


class Runs:
    """Runs of the job over one output: of few accounts, of more, and of these with new posts, in turn.

    The last reads only what is new, if the one before it has published.
    """

    def __init__(self, folder: Path) -> None:
        self.output = folder / "out"
        self._commands = []
        for names in (80, 90):
            inputs = folder / str(names)
            inputs.mkdir()
            posts, accounts = write_accounts(inputs, [f"account{number:02d}" for number in range(names)])
            command: list[str | Path] = ["--posts", posts, "--accounts", accounts, "--output", self.output]
            self._commands.append([*command, "--min-similarity", "0.7"])
        more = folder / "more.tsv"
        header, *rows = posts.read_text(encoding="utf-8").splitlines(keepends=True)
        more.write_text(header + "".join(f"new{row}" for row in rows[:20]), encoding="utf-8")
        self._commands.append([*self._commands[1], "--posts", posts, more])

    def publish(self, number: int) -> float:
        """Run to the end; the seconds that it took."""
        begun = time.monotonic()
        done = submit(*self._commands[number % len(self._commands)])
        assert (done.returncode, done.stderr) == (0, "")
        return time.monotonic() - begun

    def kill(self, number: int, after: float) -> int:
        """Run, but kill the driver after so many seconds; its exit code once all its processes have ended."""
        with start(*self._commands[number % len(self._commands)]) as process:
            timer = threading.Timer(after, process.kill)
            timer.start()
            process.communicate()
            timer.cancel()
        return process.returncode

    def modes(self) -> Counter[str]:
        """How the snapshots that are whole were made."""
        found = (Snapshot.open(FolderOutput(self.output), snapshot).manifest.mode for snapshot in self.published())
        return Counter(mode.name for mode in found if mode is not None)

    def published(self) -> dict[str, int]:
        """The pairs of every snapshot that is whole."""
        folders = [path for path in (self.output / SNAPSHOTS).iterdir() if (path / "manifest.json").exists()]
        return {
            path.name: Snapshot.open(FolderOutput(self.output), path.name).manifest.counts.similar_pairs
            for path in folders
        }


def test_a_driver_killed_at_any_moment_fails_no_answer_and_the_next_run_clears_up(
    tmp_path: Path, serve: ServiceFactory
) -> None:
    runs, rng = Runs(tmp_path), random.Random(SEED)
    longest = runs.publish(0)
    service = serve(runs.output, poll_seconds=0.02)
    done, codes = threading.Event(), Counter[int]()
    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(asked, service, coding, done) for coding in ("identity", "gzip", "cold")]
        try:
            for number in range(1, KILLS + 1):
                if number % 3 == 2:
                    runs.publish(1)  # so that the one to be killed reads only what is new
                live = FolderOutput(runs.output).live()
                # Late moments more often than early ones, when there is nothing to lose.
                code = runs.kill(number, longest * rng.triangular(0.1, 1.1, 1.0))
                codes[code] += 1
                assert code in (0, -signal.SIGKILL)
                validate(Snapshot.open(FolderOutput(runs.output)))
                assert code == 0 or FolderOutput(runs.output).live() in (live, max(runs.published()))
            for number in (0, 1, 2):
                runs.publish(number)
            await_snapshot(service, FolderOutput(runs.output).live())
        finally:
            done.set()
        seen = sum((future.result() for future in asking), Counter[Any]())
    published = runs.published()
    assert codes[-signal.SIGKILL] > 0
    assert set(runs.modes()) == {"full", "incremental"}
    assert {answer[0] for answer in seen} == {200}
    assert {(snapshot, pairs) for _, snapshot, pairs in seen} <= set(published.items())
    assert {path.name for path in (runs.output / SNAPSHOTS).iterdir()} == set(published)
    for snapshot in published:
        validate(Snapshot.open(FolderOutput(runs.output), snapshot))


def asked(service: Any, coding: str, done: threading.Event) -> Counter[Any]:
    """What was answered until done: see ask, which gives up after some thousands."""
    seen: Counter[Any] = Counter()
    while not done.is_set():
        seen += ask(service, coding, done)
    return seen
