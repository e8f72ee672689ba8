"""Compiles, or loads as compiled before, what look-ups run, before the first of them needs it."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import time
from typing import Final

import numpy as np
import pyarrow as pa

from lookalike.kernel import Threshold, encode_names, similar_pairs
from lookalike.snapshots.groupedpairs import START, GroupedPairs
from lookalike.snapshots.namegroups import NameGroups
from serving.lookup.encoding import Pairs, encode
from serving.state import State

_log = logging.getLogger("serving")
_PAUSE: Final = 1.0  # seconds before a warm-up that failed is tried again; twice as many each time
_LONGEST_PAUSE: Final = 60.0
# Lengths on both sides of a machine word, and of one of them names enough for an index: see lookalike.kernel.join.
_NAMES_OF_LENGTH: Final = {3: 20, 12: 1100, 70: 20}


async def warm_up_later(state: State) -> None:
    """Do it in a thread; then the state is marked as warmed. After a failure it is tried again: it may pass."""
    pause = _PAUSE
    while True:
        try:
            await asyncio.get_running_loop().run_in_executor(state.executor, warm_up)
            break
        except Exception:
            _log.exception("the comparison could not be compiled; tried again in %.0f seconds", pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    gc.collect()
    gc.freeze()  # what lives as long as the service need not be looked at in every full collection
    state.warmed = True


def warm_up() -> None:
    """Run every compiled function once. Blocks, for a minute where nothing has been compiled yet."""
    begun = time.monotonic()
    ids = pa.array(["a", '"'])
    for pair in ((ids[:1], ids[1:]), (ids[:1], ids[:1])):
        encode(Pairs(*pair, np.ones(1)))
    # Few different characters and many: names are then encoded in one byte or in four.
    for alphabet in ("abcdefgh", "".join(map(chr, range(0x4E00, 0x4F80)))):
        letters = itertools.cycle(alphabet)
        names = [
            "".join(itertools.islice(letters, length + 1))[1:]
            for length, count in _NAMES_OF_LENGTH.items()
            for _ in range(count)
        ]
        for threshold, few in (("0.8", 1), ("0", 50)):
            for _ in similar_pairs(encode_names(names[::few]), Threshold.parse(threshold)):
                pass
    rows = {"account_id": ["1", "2"], "screen_name": ["a", "a"]}
    groups = NameGroups.of(pa.table(rows), pa.table({"account_a": ["1"], "account_b": ["2"]}), fold="none")
    pairs = GroupedPairs(groups, lambda: iter(()))
    for _ in pairs.pieces(begin=pairs.position(0) or START):
        pass
    _log.info("compiled functions are ready after %.1f seconds", time.monotonic() - begun)
