"""Rows between stages: what is sent arrives once, even if it is sent twice, and what is lost is noticed."""

import random
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.exchange.exchange import Exchange
from jobs.exchange.folder import FolderExchange
from jobs.exchange.shuffle import Mail, Received, Sent, ShuffleExchange
from jobs.exchange.workfolder import WorkFolder

SCHEMA = pa.schema([pa.field("number", pa.int64(), nullable=False)])


def rows(*numbers: int) -> pa.RecordBatch:
    return pa.record_batch([pa.array(numbers, pa.int64())], ["number"])


def received(exchange: Exchange, target: int, sources: list[int]) -> list[int]:
    return list(exchange.receive(target, sources).column("number").to_pylist())


def test_each_target_gets_what_was_sent_to_it_in_the_order_of_sources_and_calls(tmp_path: Path) -> None:
    exchange = FolderExchange(WorkFolder(tmp_path), "numbers", SCHEMA)
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
    before = set(tmp_path.iterdir())
    exchange = FolderExchange(WorkFolder(tmp_path, flushed=True), "numbers", SCHEMA)

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
    exchange = FolderExchange(WorkFolder(tmp_path), "numbers", SCHEMA)
    with exchange.source(0) as box:
        box.send(0, rows(1))
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    file.write_bytes(content[:kept].ljust(len(content), b"\0"))
    with pytest.raises(RuntimeError, match="start the run again"):
        received(exchange, 0, [0])


def blobs_of(*messages: tuple[int, int, list[int]]) -> list[pa.RecordBatch]:
    """What tasks send through the shuffle, a row for each message (source, target, numbers)."""
    rows_sent = []
    for source in sorted({message[0] for message in messages}):
        with Sent(["numbers"]) as sent:
            mail = Mail(Received([]), sent)
            with ShuffleExchange(mail, "numbers", SCHEMA).source(source) as box:
                for _, target, numbers in (message for message in messages if message[0] == source):
                    box.send(target, rows(*numbers))
            table = pa.Table.from_batches(sent.batches())
            rows_sent += [table.slice(row, 1).to_batches()[0] for row in range(len(table))]
    return rows_sent


def delivered(batches: list[pa.RecordBatch]) -> Exchange:
    mail = Mail(Received(["numbers"]), Sent([]))
    for batch in batches:
        mail.received.deliver(batch)
    return ShuffleExchange(mail, "numbers", SCHEMA)


MESSAGES = [(1, 7, [70, 71]), (1, 0, [1]), (1, 7, [72]), (1, 7, []), (1, 7, [73]), (0, 7, [60]), (12, 7, [120])]


@pytest.mark.parametrize("seed", range(5))
def test_through_the_shuffle_rows_have_one_order_in_whichever_they_come(seed: int) -> None:
    batches = blobs_of(*MESSAGES)
    random.Random(seed).shuffle(batches)
    exchange = delivered(batches)
    assert received(exchange, 7, [0, 1, 2, 12]) == [60, 70, 71, 72, 73, 120]
    assert received(exchange, 7, [12, 1]) == [120, 70, 71, 72, 73]
    assert received(exchange, 0, [0, 1, 2, 12]) == [1]
    assert received(exchange, 5, [0, 1, 2, 12]) == []


@pytest.mark.parametrize("repeated", [0, 2])
def test_rows_that_come_twice_through_the_shuffle_are_noticed(repeated: int) -> None:
    batches = blobs_of(*MESSAGES)
    exchange = delivered([*batches, batches[[0, 1, 3][repeated]]])
    with pytest.raises(RuntimeError, match="were lost or came twice; start the run again"):
        received(exchange, 7, [0, 1, 2, 12])


def test_a_hole_in_what_comes_through_the_shuffle_is_noticed() -> None:
    batches = blobs_of(*MESSAGES)
    lost = next(i for i, batch in enumerate(batches) if batch.to_pylist()[0]["source"] == 1)
    exchange = delivered(batches[:lost] + batches[lost + 1 :])
    with pytest.raises(RuntimeError, match="numbers: rows from 1 to 7 were lost or came twice"):
        received(exchange, 7, [1])


def test_a_stage_must_name_the_channels_that_it_uses() -> None:
    with Sent(["others"]) as sent:
        exchange = ShuffleExchange(Mail(Received(["others"]), sent), "numbers", SCHEMA)
        with pytest.raises(ValueError, match="numbers is not one of the stage's channels"), exchange.source(0) as box:
            box.send(0, rows(1))
        with pytest.raises(ValueError, match="numbers is not one of the stage's channels"):
            received(exchange, 0, [0])
