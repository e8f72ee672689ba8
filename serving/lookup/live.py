"""Pairs below the snapshot's floor: compared now, from its members, by the job's own kernel."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.kernel import PairBatch, Threshold, encode_names, similar_pairs, similarities
from lookalike.kernel.names import EncodedNames, compared_names
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from lookalike.threshold import MAX_DECIMALS
from serving.lookup.encoding import Pairs
from serving.lookup.question import Question
from serving.settings import Settings

_PIECE: Final = 1 << 14  # pairs
# Names that are compared with the others between two looks at the clock: some hundredths of a second.
_STEP: Final = 2048


class LiveBoundError(Exception):
    """A comparison that would go beyond the bounds. The message says which."""


class LiveRows:
    """The pairs that a comparison found: index pairs and similarities in the order of the contract."""

    def __init__(
        self,
        ids: pa.Array,
        left: npt.NDArray[np.uint32],
        right: npt.NDArray[np.uint32],
        similarity: npt.NDArray[np.float64],
    ) -> None:
        """ids: the members' account ids, ascending; left < right are indices of them."""
        self._ids, self._left, self._right, self._similarity = ids, left, right, similarity

    @property
    def size(self) -> int:
        """Bytes of memory."""
        arrays = self._left, self._right, self._similarity
        return sum(array.nbytes for array in arrays) + int(self._ids.nbytes)

    def pieces(self, lowest: float, offset: int = 0, limit: int | None = None) -> Iterator[Pairs]:
        """As in serving.lookup.rows.Rows."""
        head = int(np.searchsorted(-self._similarity, -lowest, side="right"))
        stop = head if limit is None else min(head, offset + limit)
        for start in range(offset, stop, _PIECE):
            part = slice(start, min(stop, start + _PIECE))
            a, b = (self._ids.take(pa.array(side[part])) for side in (self._left, self._right))
            yield Pairs(a, b, self._similarity[part])


def compare_members(
    snapshot: Snapshot, question: Question, settings: Settings, stop: threading.Event
) -> tuple[LiveRows, float]:
    """Every pair of a hashtag's members that a question asks for, and the seconds it took. Blocks.

    stop: set when nobody waits any more. Raises LiveBoundError beyond the settings' pairs or seconds.
    """
    begun = time.monotonic()
    deadline = begun + settings.live_max_seconds
    _check(deadline, stop)
    members = snapshot.members(question.key)
    names = encode_names(names_as_compared(snapshot.manifest, members))
    batches: list[PairBatch] = []
    found = 0
    for batch in _in_steps(names, _threshold(question.min_similarity), deadline, stop):
        batches.append(batch)
        found += len(batch)
        if found > settings.live_max_pairs:
            raise LiveBoundError("it has more pairs")
    left = np.concatenate([np.zeros(0, np.uint32), *(batch.left for batch in batches)])
    right = np.concatenate([np.zeros(0, np.uint32), *(batch.right for batch in batches)])
    distance = np.concatenate([np.zeros(0, np.int32), *(batch.distance for batch in batches)])
    del batches
    similarity = similarities(names, left, right, distance)
    kept = np.flatnonzero(similarity >= question.lowest)
    left, right, similarity = left[kept], right[kept], similarity[kept]
    order = np.lexsort((right, left, -similarity))
    ids = members.column("account_id").combine_chunks()
    return LiveRows(ids, left[order], right[order], similarity[order]), time.monotonic() - begun


def _in_steps(
    names: EncodedNames, threshold: Threshold, deadline: float, stop: threading.Event
) -> Iterator[PairBatch]:
    for begin in range(0, len(names), _STEP):
        for batch in similar_pairs(names, threshold, begin=begin, end=min(len(names), begin + _STEP)):
            _check(deadline, stop)
            yield batch
        _check(deadline, stop)


def _check(deadline: float, stop: threading.Event) -> None:
    if stop.is_set() or time.monotonic() > deadline:
        raise LiveBoundError("it takes longer")


def names_as_compared(manifest: Manifest, members: pa.Table) -> pa.LargeStringArray:
    """The members' screen names as the job that made the snapshot compared them."""
    names = members.column("screen_name").combine_chunks().cast(pa.large_string())
    return compared_names(names, fold="case" if manifest.configuration.get("fold") == "case" else "none")


def _threshold(min_similarity: Decimal) -> Threshold:
    """The greatest threshold of the kernel's that is not above: what it lets through is looked at again."""
    scale = 10**MAX_DECIMALS
    exact = Fraction(int(max(min_similarity, Decimal(0)) * scale), scale)
    return Threshold(exact.numerator, exact.denominator)
