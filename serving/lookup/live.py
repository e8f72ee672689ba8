"""Pairs below the snapshot's floor: compared now, from its members, by the job's own kernel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.kernel import PairBatch, Threshold, encode_names, signals, similar_pairs
from lookalike.kernel.names import EncodedNames, compared_names
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from serving.lookup import compiled
from serving.lookup.encoding import Pairs
from serving.lookup.plain import similar_pairs_plainly
from serving.lookup.question import Question
from serving.problems.kinds import InvalidParameter, NotReady
from serving.settings import Settings

_PIECE: Final = 1 << 14  # pairs
# Names that are compared with the others between two looks at the clock: some hundredths of a second.
_STEP: Final = 2048


class LiveBoundError(Exception):
    """A comparison that would go beyond the bounds. The message says which."""


def too_much(manifest: Manifest, question: Question, settings: Settings, what: str) -> InvalidParameter:
    """The refusal of a comparison that would go beyond the bounds. what: goes beyond them."""
    detail = (
        f"min_similarity: {float(question.min_similarity)} is below {manifest.floor}, for which this snapshot was "
        f"made. For lower values the service compares on request, for hashtags of up to {settings.live_max_members} "
        f"accounts and {settings.live_max_pairs} pairs, in up to {settings.live_max_seconds:g} seconds; {what}."
    )
    return InvalidParameter(detail, parameter="min_similarity")


class LiveRows:
    """The pairs that a comparison found: index pairs and their signals in the order of the contract."""

    def __init__(
        self,
        ids: pa.Array,
        left: npt.NDArray[np.uint32],
        right: npt.NDArray[np.uint32],
        signals: dict[str, npt.NDArray[Any]],
    ) -> None:
        """ids: the members' account ids, ascending; left < right are indices of them. signals: see the kernel's."""
        self._ids, self._left, self._right = ids, left, right
        self.signals, self._similarity = signals, signals["similarity"]

    @property
    def size(self) -> int:
        """Bytes of memory."""
        arrays = self._left, self._right, *self.signals.values()
        return sum(array.nbytes for array in arrays) + int(self._ids.nbytes)

    def pieces(self, lowest: float, offset: int = 0, limit: int | None = None) -> Iterator[Pairs]:
        """As in serving.lookup.rows.Rows."""
        head = int(np.searchsorted(-self._similarity, -lowest, side="right"))
        stop = head if limit is None else min(head, offset + limit)
        for part in self.parts(offset, stop):
            yield self.pairs(part)

    def parts(self, start: int, stop: int | None = None) -> Iterator[slice]:
        """Slices of the pairs [start, stop), of all that follow without `stop`, of a few megabytes each."""
        stop = len(self._similarity) if stop is None else stop
        for begin in range(start, stop, _PIECE):
            yield slice(begin, min(stop, begin + _PIECE))

    def pairs(self, part: slice) -> Pairs:
        """Some of the pairs."""
        a, b = (self._ids.take(pa.array(side[part])) for side in (self._left, self._right))
        return Pairs(a, b, self._similarity[part])


def compare_members(
    snapshot: Snapshot, question: Question, settings: Settings, stop: threading.Event
) -> tuple[LiveRows, float]:
    """Every pair of a hashtag's members that a question asks for, and the seconds it took. Blocks.

    stop: set when no request waits any more. Raises LiveBoundError beyond the settings' pairs or seconds; NotReady
    beyond the seconds if the kernel is not compiled yet.
    """
    begun = time.monotonic()
    is_compiled = compiled.are_ready()
    check = partial(_check, begun + settings.live_max_seconds, stop, is_compiled)
    check()
    members = snapshot.members(question.key)
    texts, threshold = names_as_compared(snapshot.manifest, members), question.min_similarity.for_kernel()
    names = encode_names(texts, summarise=is_compiled)
    steps = _in_steps(names, threshold, check) if is_compiled else similar_pairs_plainly(texts, threshold)
    batches: list[PairBatch] = []
    found = 0
    for batch in steps:
        check()
        batches.append(batch)
        found += len(batch)
        if found > settings.live_max_pairs:
            raise LiveBoundError("this one has more pairs")
    left = np.concatenate([np.zeros(0, np.uint32), *(batch.left for batch in batches)])
    right = np.concatenate([np.zeros(0, np.uint32), *(batch.right for batch in batches)])
    distance = np.concatenate([np.zeros(0, np.int32), *(batch.distance for batch in batches)])
    del batches
    known = signals(names, left, right, distance)
    similarity = known["similarity"]
    kept = np.flatnonzero(similarity >= question.lowest)
    kept = kept[np.lexsort((right[kept], left[kept], -similarity[kept]))]
    ids = members.column("account_id").combine_chunks()
    known = {name: values[kept] for name, values in known.items()}
    return LiveRows(ids=ids, left=left[kept], right=right[kept], signals=known), time.monotonic() - begun


def _in_steps(names: EncodedNames, threshold: Threshold, check: Callable[[], None]) -> Iterator[PairBatch]:
    for begin in range(0, len(names), _STEP):
        yield from similar_pairs(names, threshold, begin=begin, end=min(len(names), begin + _STEP))
        check()


def _check(deadline: float, stop: threading.Event, is_compiled: bool) -> None:
    if stop.is_set() or time.monotonic() > deadline:
        if not is_compiled:
            raise NotReady("The comparison is being compiled. Until it is ready, this one takes too long.")
        raise LiveBoundError("this one takes longer")


def names_as_compared(manifest: Manifest, members: pa.Table) -> pa.LargeStringArray:
    """The members' screen names as the job that made the snapshot compared them."""
    names = members.column("screen_name").combine_chunks().cast(pa.large_string())
    return compared_names(names, fold="case" if manifest.configuration.get("fold") == "case" else "none")
