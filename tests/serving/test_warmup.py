"""How compiled functions are made ready, and what happens when they cannot be."""

import asyncio
import errno
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lookalike.strings.compilecache import NotCompiledError
from serving.lookup import compiled, warmup
from serving.ops.metrics import Metrics
from serving.state import State
from tests.serving.opscall import settings_of


class Functions:
    """In place of the compiled ones: `load` finds them once they are `kept`."""

    def __init__(self, state: State, folder: Path) -> None:
        self.ready, self.kept = threading.Event(), False
        self.failures: list[Exception] = []
        self.not_ready_while_compiling: list[str | None] = []
        self.folder: str | None = str(folder)
        self._state = state

    def load(self) -> None:
        if self.failures:
            raise self.failures.pop()
        if not self.kept:
            raise NotCompiledError
        self.ready.set()

    def compile_all(self) -> None:
        self.not_ready_while_compiling.append(self._state.not_ready())
        self.ready.set()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.of(settings_of(tmp_path), Metrics())
    state.holder.served = object()  # type: ignore[assignment]  # only its being there is looked at
    yield state
    state.close()


@pytest.fixture
def functions(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Functions:
    functions = Functions(state, tmp_path)
    monkeypatch.setattr(compiled, "load", functions.load)
    monkeypatch.setattr(compiled, "compile_all", functions.compile_all)
    monkeypatch.setattr(compiled, "are_ready", functions.ready.is_set)
    monkeypatch.setattr(compiled, "folder", lambda: functions.folder)
    monkeypatch.setattr(warmup, "_PAUSE", 0.001)
    return functions


def command(script: str) -> tuple[str, ...]:
    return sys.executable, "-c", script


def messages(caplog: pytest.LogCaptureFixture, level: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == level]


def test_a_warm_up_that_failed_is_tried_again(
    state: State, functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    functions.kept = True
    functions.failures = [OSError(errno.EMFILE, "Too many open files"), ValueError("garbage"), ValueError("garbage")]
    asyncio.run(warmup.warm_up(state))
    assert caplog.records == []
    asyncio.run(warmup.warm_up_later(state))
    assert functions.ready.is_set()
    told = "the comparison could not be compiled; tried again in 0 seconds"
    assert messages(caplog, "ERROR") == [told, told]


def test_functions_that_are_in_the_cache_are_loaded_before_the_first_request(
    state: State, functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    functions.kept = True
    caplog.set_level("INFO", "serving")
    asyncio.run(warmup.warm_up(state))
    assert functions.ready.is_set()
    assert [message.partition(" after")[0] for message in messages(caplog, "INFO")] == [
        "compiled functions are ready"
    ]
    assert state.not_ready() is None


def test_another_process_compiles_and_the_service_is_ready_meanwhile(
    state: State, functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, seen = tmp_path / "go on", []
    waits = f"import pathlib, time\nwhile not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.01)"
    monkeypatch.setattr(warmup, "_COMMAND", command(waits))

    async def look() -> None:
        await warmup.warm_up(state)
        later = asyncio.create_task(warmup.warm_up_later(state))
        await asyncio.sleep(0.05)
        seen.append((state.not_ready(), functions.ready.is_set()))
        functions.kept = True
        go_on.touch()
        await later

    asyncio.run(look())
    assert seen == [(None, False)]
    assert functions.ready.is_set()
    assert functions.not_ready_while_compiling == []


def remove_folder(functions: Functions) -> None:
    functions.folder = None


@pytest.mark.parametrize(
    ("script", "change", "told"),
    [
        (
            "import sys; print('a: b', file=sys.stderr); sys.exit('the last line')",
            None,
            "failed with exit code 1: the last line",
        ),
        ("import os; os.kill(os.getpid(), 9)", None, "compiling in another process failed with exit code -9: "),
        ("", None, "what another process compiled is not there"),
        (None, None, "no other process can be started to compile: No such file or directory"),
        ("", remove_folder, "no folder for compiled functions can be written to: set NUMBA_CACHE_DIR"),
    ],
)
def test_where_no_other_process_can_compile_this_one_does_and_says_so_once(
    state: State,
    functions: Functions,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    script: str | None,
    change: Callable[[Functions], None] | None,
    told: str,
) -> None:
    monkeypatch.setattr(warmup, "_COMMAND", ("/no/such/python",) if script is None else command(script))
    if change is not None:
        change(functions)
    asyncio.run(warmup.warm_up_later(state))
    (message,) = messages(caplog, "WARNING")
    assert message.endswith(f"{told}; compiling in this process, which slows answers down")
    assert functions.not_ready_while_compiling == ["the comparison is being compiled"]
    assert state.not_ready() is None
