"""Rows cut into parts that follow each other in some order, on this machine's own disk.

A task that must put more rows in order than it should hold puts each part in order by itself.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.exchange import Exchange
from jobs.exchange.folder import FolderExchange
from jobs.exchange.parts import send_to_parts
from jobs.exchange.workfolder import WorkFolder


@contextlib.contextmanager
def rows_in_parts(
    batches: Iterable[pa.RecordBatch],
    parts: int,
    part_of: Callable[[pa.RecordBatch], npt.NDArray[Any]],
) -> Iterator[Iterator[pa.Table]]:
    """The rows of each part, in the order of the parts; those of a part in the order in which they came.

    batches: at least one. part_of: the part of each row, integers below `parts`, at most 65,536. Memory: a batch;
    the parts are mapped.
    """
    with tempfile.TemporaryDirectory() as folder:
        coming = iter(batches)
        first = next(coming)
        kept = FolderExchange(WorkFolder(Path(folder)), "parts", first.schema)
        with kept.source(0) as box:
            for rows in itertools.chain([first], coming):
                send_to_parts(box, rows, part_of(rows), parts)
        yield (kept.receive(part, [0]) for part in range(parts))


def batches_of(sent: Exchange, part: int, sources: int) -> Iterator[pa.RecordBatch]:
    """What so many sources have sent to a part; only that of one source is mapped at the same time."""
    for source in range(sources):
        yield from sent.receive(part, [source]).to_batches()
