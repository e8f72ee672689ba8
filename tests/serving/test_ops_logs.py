"""The log: nothing is lost, nothing waits, nothing forges."""

import io
import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving.ops.logs import LineWriter, LogHandler, configure_logging
from tests.serving.opscall import settings_of


@contextmanager
def pipe() -> Iterator[tuple[io.BufferedReader, int]]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader:
        try:
            yield reader, writing
        finally:
            os.close(writing)


def test_lines_of_many_threads_all_arrive_whole_and_in_each_ones_order(tmp_path: Path) -> None:
    target = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    writer = LineWriter(target, capacity=1_000_000, interval=0.001)

    def write(name: int) -> None:
        for number in range(5_000):
            writer.write(f"{name} {number}\n")

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.flush()
    os.close(target)
    lines = [tuple(map(int, line.split())) for line in (tmp_path / "log").read_text().splitlines()]
    assert len(lines) == 20_000
    for name in range(4):
        assert [number for owner, number in lines if owner == name] == list(range(5_000))
    assert writer.dropped == 0


def test_a_stuck_log_drops_lines_and_says_so_but_never_waits() -> None:
    with pipe() as (reader, writing):
        writer = LineWriter(writing, capacity=10, interval=0.001)
        drops: list[int] = []
        writer.on_drop = drops.append
        writer.write("x" * 1_000_000 + "\n")  # more than a pipe takes while nobody reads
        assert not writer.flush(0.05)
        for number in range(25):
            writer.write(f"{number}\n")
        assert writer.dropped == 15
        assert drops == [1] * 15
        assert reader.readline() == b"x" * 1_000_000 + b"\n"
        assert [reader.readline() for _ in range(10)] == [b"%d\n" % number for number in range(10)]
        assert json.loads(reader.readline())["message"] == "15 log lines were dropped"
        assert writer.flush()


def test_a_log_that_nobody_reads_any_more_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing, interval=0.001)
    writer.write("into the void\n")
    assert writer.flush()
    assert writer.dropped == 1
    os.close(writing)


def test_processes_that_take_turns_never_tear_each_others_lines(tmp_path: Path) -> None:
    with pipe() as (reader, writing):
        writers = [LineWriter(writing, interval=0.001) for _ in range(3)]  # each as in a process of its own
        for name, writer in enumerate(writers):
            writer.take_turns(tmp_path / "turn")
            for number in range(300):
                writer.write(f"{name}" * (5000 + number) + "\n")
        lines = [reader.readline() for _ in range(900)]
    assert all(len(set(line[:-1])) == 1 for line in lines)
    assert sorted(len(line) for line in lines if line[:1] == b"0") == list(range(5001, 5301))


def test_a_writer_that_was_never_used_has_no_thread() -> None:
    writer = LineWriter(1)
    assert writer.flush()
    assert writer._thread is None


@pytest.mark.parametrize("as_json", [True, False])
def test_records_become_one_line_each_whatever_they_say(as_json: bool) -> None:
    with pipe() as (reader, writing):
        handler = LogHandler(LineWriter(writing, interval=0.001), as_json=as_json)
        handler.emit(logging.makeLogRecord({"msg": "a\x1b[31m\nb %s", "args": ("c",), "levelname": "WARNING"}))
        assert handler.writer.flush()
        line = reader.readline().decode()
        assert "\x1b" not in line
        if as_json:
            document = json.loads(line)
            assert (document["message"], document["log.level"]) == ("a\x1b[31m\nb c", "warning")
        else:
            assert line.endswith("warning: a\\u001b[31m\\nb c\n")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_is_logged_with_the_request_it_belongs_to(as_json: bool) -> None:
    def failed() -> logging.LogRecord:
        try:
            raise ValueError("no such\x1b thing")
        except ValueError as error:
            info = (ValueError, error, error.__traceback__)
            return logging.makeLogRecord({"msg": "failed", "exc_info": info, "request_id": "r-1"})

    with pipe() as (reader, writing):
        handler = LogHandler(LineWriter(writing, interval=0.001), as_json=as_json)
        handler.closing = True  # waits for its line
        handler.emit(failed())
        text = os.read(reader.fileno(), 1 << 16).decode()
    assert "\x1b" not in text
    if as_json:
        document = json.loads(text)
        assert document["http.request.id"] == "r-1"
        assert document["error.type"] == "ValueError"
        assert "in failed" in document["error.stack_trace"]
    else:
        assert len(text.splitlines()) > 3
        assert text.splitlines()[-1] == "  ValueError: no such\\u001b thing"


def test_configuring_twice_leaves_one_handler_and_no_second_access_log(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        configure_logging(settings_of(tmp_path))
        handler = configure_logging(settings_of(tmp_path))
        assert [each for each in root.handlers if isinstance(each, LogHandler)] == [handler]
        assert not logging.getLogger("uvicorn.access").hasHandlers()
        assert logging.getLogger("uvicorn.error").hasHandlers()
    finally:
        root.handlers[:] = before
