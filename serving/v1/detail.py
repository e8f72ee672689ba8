"""What is known of one hashtag beside its row: how similar its pairs are, and when it was used."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.snapshots.reader import Snapshot, lowest_similarity
from lookalike.tables import HashtagRow
from serving.v1.ranges import with_key
from serving.v1.steps import Steps
from serving.v1.text import timestamps

_GROUPS_A_STEP = 16
_STEPS = 100  # of similarity, between 0 and 1


class Bin(NamedTuple):
    """Pairs of similarity >= at_least and < below; below None: of exactly at_least, which is 1."""

    at_least: float
    below: float | None
    pairs: int


class Detail(NamedTuple):
    """A hashtag in full. Posts' times as ISO 8601, None where no post has a readable one."""

    row: HashtagRow
    histogram: list[Bin]
    first_post: str | None
    last_post: str | None


def detail(snapshot: Snapshot, key: str) -> Steps[Detail | None]:
    """Everything about a hashtag; None if nobody used it. Memory: a row group."""
    row = snapshot.hashtag(key)
    if row is None:
        return None
    edges = bin_edges(Fraction(snapshot.manifest.floor))
    lowest = np.array([lowest_similarity(edge) for edge in edges])
    counts = np.zeros(len(edges), np.int64)
    for rows in _pieces(snapshot, "pairs", key, "similarity"):
        counts += _count(rows.column("similarity").to_numpy(), lowest)
        yield
    moments: list[tuple[int, int]] = []  # of a piece: microseconds since 1970
    for rows in _pieces(snapshot, "members", key, "first_post", "last_post"):
        first, last = (rows.column(name).cast(pa.int64()) for name in ("first_post", "last_post"))
        if first.null_count < len(first):  # the two are null together
            moments.append((pc.min(first).as_py(), pc.max(last).as_py()))
        yield
    first_post = last_post = None
    if moments:
        extremes = [min(first for first, _ in moments), max(last for _, last in moments)]
        first_post, last_post = timestamps(pa.array(extremes, pa.timestamp("us", "UTC"))).to_pylist()
    bounds = [float(edge) for edge in edges]
    bins = zip(bounds, [*bounds[1:], None], counts.tolist(), strict=True)
    return Detail(row, [Bin(*values) for values in bins], first_post, last_post)


def bin_edges(floor: Fraction) -> list[Fraction]:
    """Where the bins begin: at the floor, then at every hundredth above it, the last at 1."""
    first = floor * _STEPS // 1 + 1
    return [floor, *(Fraction(step, _STEPS) for step in range(int(first), _STEPS + 1))]


def _count(similarity: npt.NDArray[np.float64], lowest: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    bins = np.searchsorted(lowest, similarity, side="right") - 1
    return np.bincount(np.maximum(bins, 0), minlength=len(lowest))


def _pieces(snapshot: Snapshot, table: str, key: str, *columns: str) -> Iterator[pa.Table]:
    for piece in with_key(snapshot.stored_for(table, key), key):
        yield piece.read(columns)
