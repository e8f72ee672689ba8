"""Pairs below the snapshot's floor, compared on request within the bounds that the look-up has too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.snapshots.reader import HashtagRow, Snapshot
from lookalike.tables.schemas import PAIRS
from serving.api.answering import Call
from serving.api.ranges import START, Place
from serving.api.steps import at_once
from serving.lookup.live import LiveBoundError, LiveRows, compare_members, names_as_compared
from serving.lookup.question import Question
from serving.problems import InvalidParameter


class LivePairs:
    """The pairs of a hashtag that a comparison found. Places count pairs."""

    def __init__(self, snapshot: Snapshot, question: Question, rows: LiveRows) -> None:
        """rows: what `question` was answered with. Nothing is read yet."""
        self._snapshot, self._question, self._rows = snapshot, question, rows

    def pieces(self, begin: Place = START) -> Iterator[tuple[Place, pa.Table]]:
        """As in pairs.Pieces."""
        members = self._snapshot.members(self._question.key)
        ids = members.column("account_id").combine_chunks()
        lengths = pc.utf8_length(names_as_compared(self._snapshot.manifest, members)).to_numpy()
        at = begin.row
        for pairs in self._rows.pieces(self._question.lowest, at):
            longer = np.maximum(*(lengths[pc.index_in(side, ids).to_numpy()] for side in (pairs.a, pairs.b)))
            distance = np.rint((1 - pairs.similarity) * longer).astype(np.int32)
            hashtag = pa.repeat(self._question.key, len(distance))
            columns = [hashtag, pairs.a, pairs.b, pa.array(distance), pa.array(pairs.similarity)]
            yield Place(0, at), pa.table(columns, schema=PAIRS)
            at += len(distance)


async def compare_live(call: Call, row: HashtagRow, question: Question) -> LivePairs:
    """Compare the members of a hashtag, once for all who ask at once. Raises InvalidParameter if too many."""
    settings, served = call.state.settings, call.served
    if row.members > settings.live_max_members:
        raise _beyond(call, question, f"this one has {row.members}")
    key = "v1", "live", question.key, question.lowest
    rows: LiveRows | None = served.cache.get(key)
    if rows is None:
        rows = await served.flights.join(key, partial(_compare, call, question))
        served.cache.put(key, rows, rows.size)
    return LivePairs(served.snapshot, question, rows)


async def _compare(call: Call, question: Question) -> LiveRows:
    stop = threading.Event()
    arguments = call.served.snapshot, question, call.state.settings, stop
    try:
        rows, seconds = await call.read(at_once(compare_members, *arguments), call.state.live)
    except LiveBoundError as error:
        raise _beyond(call, question, str(error)) from None
    finally:
        stop.set()
    call.state.metrics.live(seconds)
    return rows


def _beyond(call: Call, question: Question, what: str) -> InvalidParameter:
    settings = call.state.settings
    detail = (
        f"min_similarity: {question.min_similarity} is below {call.served.manifest.floor}, for which this snapshot "
        f"was made. Below that, pairs are compared on request, for hashtags of up to {settings.live_max_members} "
        f"accounts and {settings.live_max_pairs} pairs, in up to {settings.live_max_seconds:g} seconds; {what}."
    )
    return InvalidParameter(detail, parameter="min_similarity")
