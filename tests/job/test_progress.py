import io
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.reporting import progress
from jobs.reporting.progress import Progress
from jobs.spark.connect import ConnectEngine
from jobs.spark.engine import ClassicEngine

WAIT = 600  # seconds, a bound for what takes milliseconds


class Terminal(io.StringIO):
    """A terminal on which a text can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._awaited = ""
        self._seen = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._awaited and self._awaited in self.getvalue():
            self._seen.set()
        return written

    def wait_for(self, text: str) -> bool:
        self._awaited = text
        return text in self.getvalue() or self._seen.wait(WAIT)


class Context:
    """Spark's context, while `finished` of `total` tasks of the current group are done."""

    def __init__(self, finished: int, total: int) -> None:
        self._stage = SimpleNamespace(numCompletedTasks=finished, numTasks=total)
        self.groups: list[str] = []

    def setJobGroup(self, group: str, _description: str) -> None:  # noqa: N802  # Spark's name
        self.groups.append(group)

    def statusTracker(self) -> Any:  # noqa: N802  # likewise
        return SimpleNamespace(
            getJobIdsForGroup=lambda group: [1, 2] if group == self.groups[-1] else [],
            getJobInfo=lambda job: SimpleNamespace(stageIds=[10, 11]) if job == 1 else None,
            getStageInfo=lambda stage: self._stage if stage == 10 else None,  # Spark forgets old stages
        )


def engine(context: Context) -> ClassicEngine:
    return ClassicEngine(context)  # type: ignore[arg-type]  # as much of Spark as is used


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_INTERVAL", 0.001)


def test_a_stage_shows_its_tasks_and_the_time_left() -> None:
    terminal, context = Terminal(), Context(finished=3, total=4)
    with Progress(shown=True, stream=terminal).stage("compare", engine(context)):
        assert terminal.wait_for("s  3/4 tasks, about 0 s left")
    assert context.groups == ["compare"]
    lines = terminal.getvalue().split("\r\x1b[K")
    assert lines[0] == ""
    assert all(line.startswith("compare ") for line in lines[1:])
    assert lines[-1].endswith(" s\n")


def test_no_time_left_is_made_up_before_a_task_is_done() -> None:
    terminal = Terminal()
    with Progress(shown=True, stream=terminal).stage("scan", engine(Context(finished=0, total=4))):
        assert terminal.wait_for("s  0/4 tasks")
    assert "left" not in terminal.getvalue()


def test_a_stage_of_a_server_shows_the_tasks_of_its_queries_alone() -> None:
    handlers: list[Any] = []
    session: Any = SimpleNamespace(registerProgressHandler=handlers.append, stop=lambda: None)
    server = ConnectEngine(session)

    def tell(query: str, *stages: tuple[int, int]) -> None:
        told = [SimpleNamespace(num_completed_tasks=finished, num_tasks=total) for finished, total in stages]
        handlers[0](stages=told, inflight_tasks=1, operation_id=query, done=False)

    server.begin("scan")
    tell("a", (1, 9))
    tell("a", (4, 9), (0, 3))
    tell("a")  # the last time nothing is told
    assert server.count("scan") == (4, 12)
    tell("b", (1, 2))
    assert server.count("scan") == (5, 14)
    server.begin("group")
    assert server.count("group") == (0, 0)


def test_a_stage_without_spark_shows_its_seconds() -> None:
    terminal = Terminal()
    with Progress(shown=True, stream=terminal).stage("accounts"):
        assert terminal.wait_for("accounts     0.0 s")
    assert "tasks" not in terminal.getvalue()


@pytest.mark.parametrize(("stream", "shown"), [(io.StringIO(), True), (Terminal(), False)])
def test_nothing_is_shown_where_nobody_looks_or_nobody_asked(stream: io.StringIO, shown: bool) -> None:
    with Progress(shown=shown, stream=stream).stage("scan"):
        pass
    assert stream.getvalue() == ""


def test_seconds_are_kept_by_stage_in_the_order_in_which_they_ran() -> None:
    progress = Progress(shown=False)
    for name in ("start", "scan", "write", "scan"):
        with progress.stage(name):
            pass
    assert list(progress.seconds) == ["start", "scan", "write"]


def test_a_stage_that_fails_is_timed_and_its_line_ended() -> None:
    terminal = Terminal()
    progress = Progress(shown=True, stream=terminal)
    with pytest.raises(RuntimeError, match="broken"), progress.stage("scan"):
        raise RuntimeError("broken")
    assert list(progress.seconds) == ["scan"]
    assert terminal.getvalue().endswith(" s\n")
