"""How rows travel through Spark's shuffle: by the thousand in one Arrow message, not one by one.

Spark pays for every row that it moves between its JVM and Python and through a shuffle. A blob is an Arrow record
batch of many rows for one partition, serialised, in a binary column: moving it costs what its bytes cost.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# The Spark schema of the stages' output, and the same for Arrow.
#   partition  which task of the next stage the payload is for, or REPORT: JSON of a dataclass, for the driver
BLOB: Final = "partition int, payload binary"
_BLOB: Final = pa.schema([("partition", pa.int32()), ("payload", pa.binary())])
REPORT: Final = -1


def blob(partition: int, rows: pa.RecordBatch) -> pa.RecordBatch:
    """A row of BLOB that carries `rows`."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_batch(rows)
    return _row(partition, sink.getvalue().to_pybytes())


def report(content: Any) -> pa.RecordBatch:
    """A row of BLOB that carries a dataclass to the driver."""
    return _row(REPORT, json.dumps(dataclasses.asdict(content)).encode())


def _row(partition: int, payload: bytes) -> pa.RecordBatch:
    return pa.record_batch([[partition], [payload]], schema=_BLOB)


def unpack(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(partition, row of BLOB) for each row of the stage before."""
    for batch in batches:
        for row, partition in enumerate(batch["partition"].to_pylist()):
            yield partition, batch.slice(row, 1)


def rows_of(carrier: pa.RecordBatch) -> pa.RecordBatch:
    """The rows that a row of BLOB carries; their buffers are the message's own."""
    with pa.ipc.open_stream(carrier["payload"][0].as_buffer()) as reader:
        return reader.read_next_batch()


def parts_of(part: npt.NDArray[Any], parts: int) -> tuple[npt.NDArray[np.int64], list[tuple[int, int, int]]]:
    """How to put rows into the order of their parts, and (part, start, end) of every part that then has rows.

    part: the part of each row, any integers below `parts`, at most 65,536. Rows of a part keep their order.
    """
    # Of 16-bit integers numpy sorts by radix.
    narrow = part.astype(np.uint16)
    order = np.argsort(narrow, kind="stable")
    edges = np.concatenate([[0], np.cumsum(np.bincount(narrow, minlength=parts))]).tolist()
    spans = itertools.pairwise(edges)
    return order, [(number, start, end) for number, (start, end) in enumerate(spans) if start < end]
