"""Points in time on their way into a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.dates.timeparts import NULL_TIME


def as_times(micros: npt.NDArray[np.int64]) -> pa.TimestampArray:
    """Microseconds since 1970 as Arrow timestamps, NULL_TIME as null."""
    return pa.array(micros, mask=micros == NULL_TIME).cast(pa.timestamp("us", tz="UTC"))


def micros(times: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """int64[n]: what as_times was given."""
    return times.cast(pa.int64()).fill_null(NULL_TIME).to_numpy()
