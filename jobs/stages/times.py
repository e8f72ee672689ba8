"""Points in time on their way into a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.timestamps import NULL_TIME


def as_times(micros: npt.NDArray[np.int64]) -> pa.TimestampArray:
    """Microseconds since 1970 as Arrow timestamps, NULL_TIME as null."""
    return pa.array(micros, mask=micros == NULL_TIME).cast(pa.timestamp("us", tz="UTC"))
