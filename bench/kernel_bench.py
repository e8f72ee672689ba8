"""The kernel alone against symscan and rapidfuzz: one core, the same names, the same pairs found.

    python bench/kernel_bench.py 10000 100000

Every peer starts from what it takes best: the kernel from an Arrow array (encoding is part of its time),
symscan and rapidfuzz from a list of str. symscan knows a fixed distance only. It searches once within the
distance that the longest name allows and its result is cut down to the threshold; one search for each
allowed distance, over the names that it concerns, took as long on 10k and 100k names.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a plain script, bench/ is the root

from bench.names import screen_names
from bench.peers import Pairs, cdist_pairs, concatenated, symscan_pairs
from lookalike.kernel import Threshold, encode_names, similar_pairs

MIN_SIMILARITY = Fraction("0.8")
THRESHOLD = Threshold.parse("0.8")
LARGEST_FOR_CDIST = 20_000  # names: rapidfuzz fills the whole matrix

Names = Any  # pa.LargeStringArray: pyarrow ships no types


def kernel_pairs(names: Names) -> Pairs:
    """Similar pairs by the project's kernel."""
    encoded = encode_names(names)
    return concatenated([(batch.left, batch.right, batch.distance) for batch in similar_pairs(encoded, THRESHOLD)])


def _sorted_pairs(pairs: Pairs, n: int) -> npt.NDArray[np.int64]:
    """Rows of (lower index * n + higher index, distance): equal for equal results."""
    left, right, distance = (column.astype(np.int64) for column in pairs)
    key = np.minimum(left, right) * n + np.maximum(left, right)
    order = np.argsort(key)
    return np.stack([key[order], distance[order]])


def compare(n: int, rounds: int = 3) -> dict[str, float]:
    """Median processor seconds of each peer on n names; AssertionError unless all find the same pairs.

    Processor time of all threads, not time on the clock: other work on the machine does not count in.
    """
    names = screen_names(n)
    strings = names.to_pylist()
    peers: dict[str, Callable[[], Pairs]] = {
        "kernel": lambda: kernel_pairs(names),
        "symscan": lambda: symscan_pairs(strings, MIN_SIMILARITY),
    }
    if n <= LARGEST_FOR_CDIST:
        peers["cdist"] = lambda: cdist_pairs(strings, MIN_SIMILARITY)
    seconds: dict[str, list[float]] = {peer: [] for peer in peers}
    expected: npt.NDArray[np.int64] | None = None
    for _ in range(rounds):
        for peer, run in peers.items():
            started = time.process_time()
            pairs = run()
            seconds[peer].append(time.process_time() - started)
            found = _sorted_pairs(pairs, n)
            expected = found if expected is None else expected
            assert np.array_equal(expected, found), f"{peer} finds other pairs among {n} names"
    medians = {peer: statistics.median(runs) for peer, runs in seconds.items()}
    return {"names": n, "pairs": 0 if expected is None else expected.shape[1], **medians}


def main(argv: list[str] | None = None) -> int:
    """Print a line of `name=value` for each number of names."""
    parser = argparse.ArgumentParser(description="the kernel alone against symscan and rapidfuzz, one core")
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000, 100_000], metavar="NAMES")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds; the median counts (default 3)")
    options = parser.parse_args(argv)
    os.environ["RAYON_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):  # Linux: one core for everyone
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    kernel_pairs(screen_names(5_000))  # compiles, or loads what was compiled
    for n in options.sizes:
        figures = compare(n, options.rounds)
        # Plain decimals: .4g alone would print 1000000 as 1e+06.
        print(*(f"{key}={value:.4g}" if value < 1000 else f"{key}={value:.0f}" for key, value in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
