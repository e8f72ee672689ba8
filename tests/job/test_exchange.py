"""Rows through the work folder: what is sent arrives, whoever sends twice, and what is lost is noticed."""

from pathlib import Path

import pyarrow as pa
import pytest

from jobs.exchange.folder import FolderExchange
from jobs.exchange.workfiles import flush_files

SCHEMA = pa.schema([pa.field("number", pa.int64(), nullable=False)])


def rows(*numbers: int) -> pa.RecordBatch:
    return pa.record_batch([pa.array(numbers, pa.int64())], ["number"])


def received(exchange: FolderExchange, target: int, sources: list[int]) -> list[int]:
    return list(exchange.receive(target, sources).column("number").to_pylist())


def test_each_target_gets_what_was_sent_to_it_in_the_order_of_sources_and_calls(tmp_path: Path) -> None:
    exchange = FolderExchange(tmp_path, "numbers", SCHEMA)
    with exchange.source(1) as box:
        box.send(7, rows(70, 71))
        box.send(0, rows(1))
        box.send(7, rows(72))
    with exchange.source(0) as box:
        box.send(7, rows(60))
    with exchange.source(2):
        pass
    assert received(exchange, 7, [0, 1, 2]) == [60, 70, 71, 72]
    assert received(exchange, 0, [0, 1, 2]) == [1]
    assert received(exchange, 5, [0, 1, 2]) == []


def test_a_task_that_fails_sends_nothing_and_its_second_attempt_all(tmp_path: Path) -> None:
    flush_files(tmp_path)
    before = set(tmp_path.iterdir())
    exchange = FolderExchange(tmp_path, "numbers", SCHEMA)

    def fail_halfway() -> None:
        with exchange.source(0) as box:
            box.send(0, rows(1))
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        fail_halfway()
    assert set(tmp_path.iterdir()) == before
    for _ in range(2):
        with exchange.source(0) as box:
            box.send(0, rows(1, 2))
    assert received(exchange, 0, [0]) == [1, 2]


@pytest.mark.parametrize("kept", [0, 10, -1])
def test_a_file_without_its_end_is_not_taken_for_an_empty_one(tmp_path: Path, kept: int) -> None:
    exchange = FolderExchange(tmp_path, "numbers", SCHEMA)
    with exchange.source(0) as box:
        box.send(0, rows(1))
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    file.write_bytes(content[:kept].ljust(len(content), b"\0"))
    with pytest.raises(RuntimeError, match="start the run again"):
        received(exchange, 0, [0])
