"""What a data file that is not as it should be makes its readers raise."""

from typing import Final

import pyarrow as pa

DAMAGE: Final = (pa.ArrowException, OSError, ValueError, IndexError)


def first_line(error: BaseException) -> str:
    """What an error says, without what Arrow adds of its own sources."""
    return str(error).partition("\n")[0]
