"""Input files as the manifest records them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Literal

from jobs.inputs.stores.choose import resolved
from jobs.inputs.tables import InputFile
from lookalike.snapshots.manifest import InputRecord


def input_records(table: Literal["posts", "accounts"], files: Iterable[InputFile]) -> tuple[InputRecord, ...]:
    """The files of a table as they were when they were examined; the copies of what Spark has read are one."""
    return tuple(_record(table, list(same)) for _, same in itertools.groupby(files, lambda file: file.path))


def _record(table: Literal["posts", "accounts"], files: Sequence[InputFile]) -> InputRecord:
    """A file, or what Spark has read, of which nothing tells whether it is still the same."""
    file = files[0]
    return InputRecord(
        table=table,
        path=file.path if file.copy else resolved(file.path),
        bytes=sum(one.size for one in files),
        modified_ns=0 if file.copy else file.modified_ns,
        version=file.version,
        format="spark" if file.copy else file.format,
        compression=file.compression,
        encoding=file.dialect.encoding,
        delimiter=chr(file.dialect.delimiter),
        quoting=file.dialect.quoting,
        separator=file.separator,
        preset=file.preset,
    )
