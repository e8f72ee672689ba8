"""The exchange through Spark's shuffle, for machines that see no common folder.

What a task sends is gathered in a file of its own machine, and leaves the task as rows of BLOBS. Spark moves
each row to the task that it is for, and there the rows are the task's mail. Spark may run a task several times and
hands rows over in any order: the mail is sorted by source and by the order in which this source sent it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import mmap
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextvars import ContextVar
from typing import IO, Final, Self

import numpy as np
import pyarrow as pa

# One blob: the rows of one call of Outbox.send as an Arrow message. sequence: which of this source's to the target.
BLOBS: Final = pa.schema(
    [
        ("channel", pa.string()),
        ("source", pa.int32()),
        ("sequence", pa.int32()),
        ("target", pa.int32()),
        ("payload", pa.binary()),
    ]
)

_ALIGNED: Final = 64  # bytes: where Arrow wants a batch to begin
_BATCH_BYTES: Final = 8 << 20  # that leave a task together


class Received:
    """What was sent to a task through some channels."""

    def __init__(self, channels: Collection[str]) -> None:
        self._channels = channels
        self._blobs: defaultdict[tuple[str, int], defaultdict[int, list[tuple[int, pa.Buffer]]]]
        self._blobs = defaultdict(lambda: defaultdict(list))  # by channel and target, then by source

    def deliver(self, batch: pa.RecordBatch) -> None:
        """Take rows of BLOBS; nothing is copied."""
        names = ("channel", "target", "source", "sequence")
        keys = zip(*(batch[name].to_pylist() for name in names), strict=True)
        for (channel, target, source, sequence), payload in zip(keys, batch["payload"], strict=True):
            self._blobs[channel, target][source].append((sequence, payload.as_buffer()))

    def targets(self, channel: str) -> list[int]:
        """The targets for which a channel has something, ascending."""
        return sorted(target for name, target in self._blobs if name == channel)

    def take(self, channel: str, target: int, source: int) -> list[pa.Buffer]:
        """What a source has sent to a target, in that order."""
        _check(channel, self._channels)
        by_source = self._blobs.get((channel, target))
        blobs = [] if by_source is None else sorted(by_source.get(source, []), key=lambda blob: blob[0])
        if [sequence for sequence, _ in blobs] != list(range(len(blobs))):
            raise RuntimeError(
                f"{channel}: rows from {source} to {target} were lost or came twice; start the run again"
            )
        return [payload for _, payload in blobs]


class Sent:
    """What a task sends through some channels, in a file without a name. Use it as a context manager."""

    def __init__(self, channels: Collection[str]) -> None:
        self._channels = channels
        self._sequences: defaultdict[tuple[str, int, int], int] = defaultdict(int)
        self._blobs: list[_Blob] = []
        self._file: IO[bytes]

    def __enter__(self) -> Self:
        """Open the file."""
        self._file = tempfile.TemporaryFile()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file."""
        self._file.close()

    def add(self, channel: str, source: int, target: int, payload: pa.Buffer) -> None:
        """Send a blob."""
        _check(channel, self._channels)
        sequence = self._sequences[channel, source, target]
        self._sequences[channel, source, target] += 1
        self._blobs.append(_Blob(channel, source, sequence, target, self._file.tell()))
        self._file.write(payload)
        self._file.write(b"\0" * (-payload.size % _ALIGNED))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All of it as rows of BLOBS, mapped."""
        size = self._file.tell()
        if not size:
            return
        self._file.flush()
        content = pa.py_buffer(mmap.mmap(self._file.fileno(), size, prot=mmap.PROT_READ))
        edges = np.array([*(blob.offset for blob in self._blobs), size])
        first = 0
        while first < len(self._blobs):
            last = max(first + 1, int(np.searchsorted(edges, edges[first] + _BATCH_BYTES, side="right")) - 1)
            yield _rows(self._blobs[first:last], content, edges[first : last + 1])
            first = last


def _check(channel: str, channels: Collection[str]) -> None:
    """Rows of a channel that the stage does not name would be lost."""
    if channel not in channels:
        raise ValueError(f"{channel} is not one of the stage's channels {sorted(channels)}")


@dataclasses.dataclass(frozen=True)
class Mail:
    """What a task receives and sends."""

    received: Received
    sent: Sent


@dataclasses.dataclass(frozen=True)
class _Blob:
    """offset: where its payload begins in the file. It ends where the next one begins."""

    channel: str
    source: int
    sequence: int
    target: int
    offset: int


def _rows(
    blobs: list[_Blob], content: pa.Buffer, edges: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> pa.RecordBatch:
    """Blobs that follow each other, without a copy of what they hold. edges: int64[n + 1]."""
    offsets = pa.py_buffer((edges - edges[0]).astype(np.int32))
    payload = content[int(edges[0]) : int(edges[-1])]
    columns = [[getattr(blob, name) for blob in blobs] for name in BLOBS.names[:-1]]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, BLOBS, strict=False)]
    return pa.record_batch(
        [*arrays, pa.Array.from_buffers(pa.binary(), len(blobs), [None, offsets, payload])], schema=BLOBS
    )


_OPEN: ContextVar[Mail | None] = ContextVar("mail", default=None)


@contextlib.contextmanager
def opened(mail: Mail) -> Iterator[None]:
    """Let the exchanges of this process's task take from a mail and put into it."""
    token = _OPEN.set(mail)
    try:
        yield
    finally:
        _OPEN.reset(token)


def open_mail() -> Mail | None:
    """The mail of the task that runs in this process; None where rows go through the work folder."""
    return _OPEN.get()


@dataclasses.dataclass(frozen=True)
class ShuffleExchange:
    """An exchange over a task's mail; see Exchange."""

    mail: Mail
    name: str
    schema: pa.Schema

    @contextlib.contextmanager
    def source(self, number: int) -> Iterator[MailOutbox]:
        """As in Exchange. Spark discards what a task has sent that fails."""
        yield MailOutbox(self, number)

    def receive(self, target: int, sources: Iterable[int]) -> pa.Table:
        """As in Exchange."""
        blobs = [blob for source in sources for blob in self.mail.received.take(self.name, target, source)]
        return pa.Table.from_batches([pa.ipc.read_record_batch(blob, self.schema) for blob in blobs], self.schema)


@dataclasses.dataclass(frozen=True)
class MailOutbox:
    """As Outbox."""

    exchange: ShuffleExchange
    source: int

    def send(self, target: int, rows: pa.RecordBatch) -> None:
        """As in Outbox."""
        exchange = self.exchange
        exchange.mail.sent.add(exchange.name, self.source, target, rows.cast(exchange.schema).serialize())
