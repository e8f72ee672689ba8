"""Where the columns of a Parquet file are, for a store to be asked for them before they are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

_LITTLE: Final = 1 << 20  # bytes between columns; asking a store for them costs less than another request


def chunks_of(metadata: Any, groups: Iterable[int], columns: Sequence[str]) -> list[tuple[int, int]]:
    """Where some columns of some groups of rows are: ranges of bytes, those with little between them as one.

    metadata: Arrow's, of the footer. columns: names at the top level.
    """
    chunks = []
    for group in groups:
        described = metadata.row_group(group)
        for chunk in map(described.column, range(described.num_columns)):
            path = chunk.path_in_schema
            if any(path == name or path.startswith(f"{name}.") for name in columns):
                start = min(chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset)
                chunks.append((start, start + chunk.total_compressed_size))
    joined: list[tuple[int, int]] = []
    for start, end in sorted(chunks):
        if joined and start - joined[-1][1] <= _LITTLE:
            start, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((start, end))
    return joined
