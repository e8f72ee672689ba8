"""How rows travel through Spark's shuffle: by the thousand in one Arrow message, not one by one.

Spark pays for every row that it moves between its JVM and Python and through a shuffle. A blob is an Arrow record
batch of many rows for one partition, serialised, in a binary column: moving it costs what its bytes cost.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# The Spark schema of the stages' output, and the same for Arrow.
#   kind       what the payload is: posts, usages, pairs, or report (JSON of a dataclass, for the driver)
#   partition  which task of the next stage it is for
#   bucket     the bucket of hashtags that the rows belong to; 0 where they belong to none
BLOB: Final = "kind string, partition int, bucket int, payload binary"
_BLOB: Final = pa.schema(
    [("kind", pa.string()), ("partition", pa.int32()), ("bucket", pa.int32()), ("payload", pa.binary())]
)
REPORT: Final = "report"


def blob(kind: str, partition: int, bucket: int, rows: pa.RecordBatch) -> pa.RecordBatch:
    """A row of BLOB that carries `rows`."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_batch(rows)
    return _row(kind, partition, bucket, sink.getvalue().to_pybytes())


def report(content: Any) -> pa.RecordBatch:
    """A row of BLOB that carries a dataclass to the driver."""
    return _row(REPORT, 0, 0, json.dumps(dataclasses.asdict(content)).encode())


def _row(kind: str, partition: int, bucket: int, payload: bytes) -> pa.RecordBatch:
    return pa.record_batch([[kind], [partition], [bucket], [payload]], schema=_BLOB)


def unpack(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, int, pa.RecordBatch]]:
    """(kind, bucket, row of BLOB) for each row of the stage before."""
    for batch in batches:
        for row in range(batch.num_rows):
            one = batch.slice(row, 1)
            yield one["kind"][0].as_py(), one["bucket"][0].as_py(), one


def rows_of(carrier: pa.RecordBatch) -> pa.RecordBatch:
    """The rows that a row of BLOB carries; their buffers are the message's own."""
    with pa.ipc.open_stream(carrier["payload"][0].as_buffer()) as reader:
        return reader.read_next_batch()


def spelled(codes: npt.NDArray[np.int32] | npt.NDArray[np.int64], spellings: pa.StringArray) -> pa.DictionaryArray:
    """Strings given by code, as an Arrow dictionary array with no more strings than it uses."""
    used, compact = np.unique(codes, return_inverse=True)
    return pa.DictionaryArray.from_arrays(
        pa.array(compact.astype(np.int32, copy=False)), spellings.take(pa.array(used))
    )


def slices_by(part_of: npt.NDArray[np.int64], parts: int) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """(part, rows of that part in their order) for every part that has rows."""
    order = np.argsort(part_of, kind="stable")
    ends = np.cumsum(np.bincount(part_of, minlength=parts))
    start = 0
    for part, end in enumerate(ends.tolist()):
        if end > start:
            yield part, order[start:end]
        start = end
