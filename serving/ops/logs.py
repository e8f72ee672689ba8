"""Where log lines go: to standard output, through one thread that writes batches.

So neither a slow disk nor a full pipe holds up a request.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import logging
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving.ops.loglines import format_event, plain
from serving.settings import Settings


class LineWriter:
    """Writes lines to a file descriptor from a thread of its own.

    At most `capacity` lines wait. While the output is stuck, further lines are dropped and counted in `dropped`; a
    line says how many once there is room again. `flush` waits until all lines are written.
    """

    def __init__(self, descriptor: int, *, capacity: int = 20_000, interval: float = 0.05) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._capacity = capacity
        self._interval = interval
        self._lines: deque[str] = deque()
        self._wanted = threading.Event()
        self._hurry = threading.Event()
        self._empty = threading.Condition()
        self._unwritten = False  # the thread holds lines that are not written yet
        self._awake = False  # a hint that saves an Event.set a line
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._said = 0
        self.on_drop: Callable[[int], None] | None = None  # gets how many more there are
        self._turn: int | None = None

    def take_turns(self, file: Path) -> None:
        """Write in turns with the other processes that name this file: a pipe may split long writes."""
        if self._turn is None:
            self._turn = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, line: str) -> None:
        """Queue one line, its newline included. Never waits; may be called from any thread."""
        lines = self._lines
        if len(lines) >= self._capacity:
            self._drop(1)
            return
        lines.append(line)
        if not self._awake:
            self._awake = True
            if self._thread is None:
                self._start()
            self._wanted.set()

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until all lines so far are written; False if that takes longer."""
        if self._thread is None:
            return True
        with self._empty:
            self._hurry.set()
            self._wanted.set()
            return self._empty.wait_for(lambda: not (self._lines or self._unwritten), seconds)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
                self._thread.start()
                atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._hurry.wait(self._interval)  # let a batch gather
            self._hurry.clear()
            self._wanted.clear()
            self._awake = False  # before looking: a line that comes from here on wakes the thread again
            self._unwritten = True
            while batch := [self._lines.popleft() for _ in range(min(len(self._lines), 4096))]:
                self._put("".join(batch), len(batch))
            if self.dropped > self._said:
                missing, self._said = self.dropped - self._said, self.dropped
                self._put(format_event("warning", "serving.ops.logs", f"{missing} log lines were dropped"), 0)
            with self._empty:
                self._unwritten = False
                self._empty.notify_all()

    def _put(self, text: str, lines: int) -> None:
        rest = memoryview(text.encode("ascii", "backslashreplace"))
        if self._turn is not None:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            self._write(rest, lines)
        finally:
            if self._turn is not None:
                fcntl.flock(self._turn, fcntl.LOCK_UN)

    def _write(self, rest: memoryview, lines: int) -> None:
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError:  # the reader has gone
                self._drop(lines)
                return

    def _drop(self, lines: int) -> None:
        self.dropped += lines
        if self.on_drop is not None and lines:
            self.on_drop(lines)


def wants_json(settings: Settings) -> bool:
    """Whether lines are JSON: as the settings say, or if the output is not a terminal."""
    return settings.log_format == "json" or (settings.log_format == "auto" and not sys.stdout.isatty())


class LogHandler(logging.Handler):
    """Hands the records of Python's logging to a LineWriter."""

    def __init__(self, writer: LineWriter, *, as_json: bool) -> None:
        super().__init__()
        self.writer = writer
        self.closing = False  # from here on each line is waited for: the process may end at any time
        self._as_json = as_json

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of one record."""
        try:
            self.writer.write(self._line(record))
        except Exception:  # as in every handler of logging: a bad log call must not fail a request
            self.handleError(record)
        if self.closing:
            self.writer.flush(1.0)

    def _line(self, record: logging.LogRecord) -> str:
        level, message = record.levelname.lower(), record.getMessage()
        trace = None
        if record.exc_info and record.exc_info[0] is not None:
            trace = logging.Formatter().formatException(record.exc_info)
        if not self._as_json:
            text = f"{time.strftime('%H:%M:%S')} {level}: {plain(message)}\n"
            return text if trace is None else text + "".join(f"  {plain(line)}\n" for line in trace.splitlines())
        fields: dict[str, Any] = {}
        if request := getattr(record, "request_id", None):
            fields["http.request.id"] = request
        if trace is not None and record.exc_info and record.exc_info[0] is not None:
            fields["error.type"] = record.exc_info[0].__name__
            fields["error.stack_trace"] = trace[-16_384:]
        return format_event(level, record.name, message.rstrip(), **fields)


def configure_logging(settings: Settings) -> LogHandler:
    """Send what the service, uvicorn and the libraries log to one LineWriter on standard output.

    Repeated calls replace each other's handler. uvicorn's own line a request is switched off: the service
    writes a better one, for a tenth of the time.
    """
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, LogHandler)]:
        old.writer.flush()
        root.removeHandler(old)
    handler = LogHandler(_standard_output(), as_json=wants_json(settings))
    root.addHandler(handler)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    logging.getLogger("serving").setLevel(logging.INFO)
    return handler


@functools.cache
def _standard_output() -> LineWriter:
    return LineWriter(1)
