"""Pairs below the snapshot's floor, compared on request within the bounds that the look-up has too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pyarrow as pa

from lookalike.tables import PAIRS, HashtagRow
from serving.api.answering import Call
from serving.api.ranges import START, Place
from serving.api.steps import at_once
from serving.lookup.live import LiveBoundError, LiveRows, compare_members, too_much
from serving.lookup.question import Question


class LivePairs:
    """The pairs of a hashtag that a comparison found. Places count pairs."""

    def __init__(self, key: str, rows: LiveRows) -> None:
        """key: the normalised hashtag."""
        self._key, self._rows = key, rows

    def pieces(self, begin: Place = START) -> Iterator[tuple[Place, pa.Table]]:
        """As in pairs.Pieces."""
        for part in self._rows.parts(begin.row):
            pairs = self._rows.pairs(part)
            rows = PAIRS.batch(
                hashtag=pa.repeat(self._key, len(pairs.similarity)),
                account_a=pairs.a,
                account_b=pairs.b,
                **{name: values[part] for name, values in self._rows.signals.items()},
            )
            yield Place(0, part.start), pa.Table.from_batches([rows])


async def compare_live(call: Call, row: HashtagRow, question: Question) -> LivePairs:
    """Compare a hashtag's members, once for all requests that wait. Raises InvalidParameter beyond the bounds."""
    settings, served = call.state.settings, call.served
    if row.members > settings.live_max_members:
        raise too_much(served.manifest, question, settings, f"this one has {row.members} accounts")
    key = "v1", "live", question.key, question.lowest
    rows: LiveRows | None = served.cache.get(key)
    if rows is None:
        rows = await served.flights.join(key, partial(_compare, call, question))
        served.cache.put(key, rows, rows.size)
    return LivePairs(question.key, rows)


async def _compare(call: Call, question: Question) -> LiveRows:
    stop = threading.Event()
    arguments = call.served.snapshot, question, call.state.settings, stop
    try:
        rows, seconds = await call.read(at_once(compare_members, *arguments), call.state.live)
    except LiveBoundError as error:
        raise too_much(call.served.manifest, question, call.state.settings, str(error)) from None
    finally:
        stop.set()
    call.state.metrics.live(seconds)
    return rows
