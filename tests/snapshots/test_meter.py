import io

import pytest

from jobs.reporting.progress import Meter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", iter([0.0, 0.1, 5.0]).__next__)
    terminal = Terminal()
    with Meter("checking", 200, terminal) as meter:
        meter.advance(10)
        meter.advance(40)
    assert terminal.getvalue() == "\r\x1b[Kchecking  25%, about 15 s left\r\x1b[K"
    monkeypatch.undo()
    file = io.StringIO()
    with Meter("checking", 0, file) as meter:
        meter.advance(0)
    assert file.getvalue() == ""
