"""New evidence of memberships added to what the base has of them."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.stages.evidence import Evidence
from jobs.stages.times import micros

FROM_BASE: Final = ("posts", "reposts", "first_post", "last_post")


def with_base(new: Evidence, hit: npt.NDArray[np.bool_], rows: pa.Table) -> Evidence:
    """hit: bool[len(new)], which of the memberships the base has; rows: FROM_BASE of these."""
    posts, reposts = (rows[name].to_numpy().astype(np.int32) for name in ("posts", "reposts"))
    return new.plus(np.flatnonzero(hit), posts, reposts, micros(rows["first_post"]), micros(rows["last_post"]))
