"""Which rows of a row group follow each other when some go and others come: the plan by which columns are spliced."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

# int64[k, 3]: rows run[1] to run[2], of the old ones if run[0] is 0, of the new ones if it is 1.
Runs = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]


@numba.njit(cache=True, nogil=True)
def plan_runs(rows: int, removed: Rows, before: Rows) -> Runs:
    """The runs of a table of so many rows when the `removed` ones go, and new ones come before those at `before`.

    removed: int64[], ascending, each once, in [0, rows). before: int64[n], ascending, in [0, rows]; new rows before
    one place stay in their order, and come whether the row of that place goes or not.
    """
    runs = np.empty((2 * len(before) + len(removed) + 1, 3), np.int64)
    found = row = gone = come = 0
    while row < rows or come < len(before):
        next_gone = removed[gone] if gone < len(removed) else rows
        next_come = before[come] if come < len(before) else rows
        stop = min(next_gone, next_come)
        if stop > row:
            runs[found, 0], runs[found, 1], runs[found, 2] = 0, row, stop
            found += 1
            row = stop
        first = come
        while come < len(before) and before[come] == row:
            come += 1
        if come > first:
            runs[found, 0], runs[found, 1], runs[found, 2] = 1, first, come
            found += 1
        if gone < len(removed) and removed[gone] == row:
            gone += 1
            row += 1
    return runs[:found]


def cut_runs(runs: Runs, start: int, end: int) -> Runs:
    """The part of the runs that has the rows start to end of what they make."""
    ends = np.cumsum(runs[:, 2] - runs[:, 1])
    first, last = np.searchsorted(ends, [start, end - 1], side="right")
    part = runs[first : last + 1].copy()
    part[-1, 2] -= ends[last] - end
    part[0, 1] = runs[first, 2] - (ends[first] - start)
    return part


def all_rows(rows: int) -> Runs:
    """The old rows as they are."""
    return np.array([[0, 0, rows]], np.int64)
