"""Input files as the manifest records them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from jobs.inputs.stores.choose import resolved
from jobs.inputs.tables import SPARK, InputFile
from lookalike.snapshots.manifest import InputRecord


def input_records(table: Literal["posts", "accounts"], files: Iterable[InputFile]) -> tuple[InputRecord, ...]:
    """The files of a table as they were when they were examined."""
    return tuple(_record(table, file) for file in files)


def _record(table: Literal["posts", "accounts"], file: InputFile) -> InputRecord:
    return InputRecord(
        table=table,
        path=file.path if file.format == SPARK else resolved(file.path),
        bytes=file.size,
        modified_ns=file.modified_ns,
        version=file.version,
        format=file.format,
        compression=file.compression,
        encoding=file.dialect.encoding,
        delimiter=chr(file.dialect.delimiter),
        quoting=file.dialect.quoting,
        separator=file.separator,
        preset=file.preset,
    )
