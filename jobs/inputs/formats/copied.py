"""The rows of Parquet files that hold what Spark has read, as those of one file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from jobs.inputs.formats.parquet import Parquet
from jobs.inputs.tables import InputFile, Part, RowBatch, Table


def read_copies(file: InputFile, part: Part, table: Table) -> Iterator[RowBatch]:
    """The rows of some groups of rows of a file of the format SPARK. Groups and places go on from copy to copy."""
    groups = rows = 0
    for copy in file.copies:
        start, end = max(0, part.start - groups), part.end - groups
        if start < len(copy.groups) and end > 0:
            size, modified_ns, version = copy.status
            one = dataclasses.replace(
                file, path=copy.path, size=size, modified_ns=modified_ns, version=version, groups=copy.groups
            )
            for batch in Parquet().read(one, dataclasses.replace(part, start=start, end=end), table):
                yield dataclasses.replace(batch, place=batch.place + rows)
        groups += len(copy.groups)
        rows += copy.rows
