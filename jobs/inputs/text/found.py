"""Room for what is found in delimited bytes: rows, their values, malformed rows, and what quotes tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jobs.inputs.text.quotes import Tally, no_tally
from lookalike.strings.values import Places


class Found(NamedTuple):
    """Room for what a scan finds; all positions are bytes of the scanned buffer.

    row       int64[2, rows], begin and end of each well-formed row, its line end left out
    start,end int64[columns, rows], the value of each wanted column
    malformed int64[2, bad], begin and end of each row with a wrong number of fields or broken quotes
    quotes    int64[columns + 1, KINDS], what the wanted fields and the malformed rows tell of quoting
    """

    row: Places
    start: Places
    end: Places
    malformed: Places
    quotes: Tally


def room(columns: int, rows: int) -> Found:
    """Room for `rows` well-formed rows and as many malformed ones."""
    return Found(
        np.empty((2, rows), np.int64),
        np.empty((columns, rows), np.int64),
        np.empty((columns, rows), np.int64),
        np.empty((2, rows), np.int64),
        no_tally(columns),
    )
