"""The compiled functions that look-ups run: made ready all at once, by running each of them.

A service runs `python -m serving.lookup.compiled` to compile them into numba's cache, see warmup. Until they are
ready look-ups are answered by serving.lookup.plain, so that no request waits for a compiler.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import threading
from typing import Final

import numpy as np
import pyarrow as pa

from lookalike.kernel import Threshold, encode_names, similar_pairs
from lookalike.snapshots.groupedpairs import START, GroupedPairs
from lookalike.snapshots.namegroups import NameGroups
from lookalike.strings.compilecache import NotCompiledError, only_loading, why_not_kept
from serving.lookup import encoding
from serving.lookup.encoding import Pairs, encode

# Lengths on both sides of a machine word, and of one of them names enough for an index: see lookalike.kernel.join.
_NAMES_OF_LENGTH: Final = {3: 20, 12: 1100, 70: 20}
_ready: Final = threading.Event()  # of this process: all its services share the functions


def are_ready() -> bool:
    """Whether running them compiles and loads nothing any more."""
    return _ready.is_set()


def folder() -> str | None:
    """Where numba keeps what it compiles of serving.lookup; None if there is no folder that can be written to."""
    found: str | None = encoding._write.stats.cache_path
    return found


def load() -> None:
    """Make them ready if all are in numba's cache. Raises NotCompiledError if one has to be compiled.

    It takes a second at first, and holds the interpreter for some hundredths of a second at a time.
    """
    if _ready.is_set():
        return
    if folder() is None:
        raise NotCompiledError("no folder can be written to")
    with only_loading():
        _run_each()
    _ready.set()


def compile_all() -> None:
    """Make them ready. Where one has to be compiled it takes up to a minute, and slows other threads down."""
    _run_each()
    _ready.set()


def _run_each() -> None:
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


def main() -> int:
    """The command, for services alone: it ends when its standard input does, with the service at the latest."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(OSError):
        os.nice(10)  # where all processors are busy, the service loses a tenth of its own at most
    compile_all()
    if (error := why_not_kept()) is not None:
        print(f"{folder()}: compiled functions cannot be kept: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)  # at once: the main thread may be inside the compiler


if __name__ == "__main__":
    sys.exit(main())
