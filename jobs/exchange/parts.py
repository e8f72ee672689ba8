"""Rows sorted by the task that they are for."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.exchange import Outbox


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


def send_to_parts(box: Outbox, rows: pa.RecordBatch, part: npt.NDArray[Any], parts: int) -> None:
    """Send each row to its part; part, parts: as in parts_of."""
    order, spans = parts_of(part, parts)
    ordered = rows.take(pa.array(order))
    for number, start, end in spans:
        box.send(number, ordered.slice(start, end - start))
