"""What the checks of a snapshot are made of."""

import pyarrow as pa
import pyarrow.compute as pc

from lookalike.errors import SnapshotError


def require(holds: bool, message: str) -> None:
    """Raise SnapshotError with the message unless something holds."""
    if not holds:
        raise SnapshotError(message)


def ascending(strings: pa.Array | pa.ChunkedArray, *, each_once: bool = True) -> bool:
    """Whether each string is greater than the one before it, or if they may repeat, not less."""
    comes_first = pc.less if each_once else pc.less_equal
    return all_true(comes_first(strings.slice(0, max(len(strings) - 1, 0)), strings.slice(1)))


def all_true(flags: pa.Array | pa.ChunkedArray) -> bool:
    """Whether no flag is false; nulls say nothing."""
    return bool(pc.all(flags).as_py() in (True, None))
