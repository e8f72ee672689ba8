"""What happens when compiled functions cannot be made ready at first."""

import asyncio
import errno
from pathlib import Path

import pytest

from serving.lookup import warmup
from serving.ops.metrics import Metrics
from serving.state import State
from tests.serving.opscall import settings_of


def test_a_warm_up_that_failed_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [OSError(errno.EMFILE, "Too many open files"), ValueError("garbage")]

    def fail_at_first() -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr(warmup, "warm_up", fail_at_first)
    monkeypatch.setattr(warmup, "_PAUSE", 0.001)
    state = State.of(settings_of(tmp_path), Metrics())
    asyncio.run(warmup.warm_up_later(state))
    state.close()
    assert state.warmed
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
