"""Copying what Spark's session reads, tables of its catalogue and formats that the job does not know."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import re
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JError
from pyspark import TaskContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.exchange.workfolder import WorkFolder
from jobs.inputs.copies import Copy, Source
from jobs.inputs.formats.parquet import group_bytes
from jobs.inputs.reading import Reading
from jobs.inputs.tables import InputFile, Table
from lookalike.errors import UsageError
from lookalike.inputurls import TABLE

_COPIES: Final = "partition int, path string, groups array<long>"
_GROUP_BYTES: Final = 32 << 20  # in memory, of the rows that a task holds before it writes them
_CAUSE: Final = re.compile(r"^Caused by: (.*)$", re.MULTILINE)


def read_with_spark(path: str, kind: str, table: Table, reading: Reading, work: WorkFolder) -> tuple[InputFile, ...]:
    """The rows that a path of the options names, copied to the work folder.

    kind: a format of the session's, for a path that is not TABLE and a name. Raises UsageError, naming the path, if
    there is nothing, if it cannot be read, and if a column is missing, there twice or of an unusable type.
    """
    with _naming(path):
        frame = _opened(SparkSession.builder.getOrCreate(), path, kind)
        source = Source.of(path, table, frame.columns, reading)
        names = [frame.columns[place] for place in source.columns]
        # By numbers: mapInArrow takes a dot in a name for a path into a struct.
        frame = frame.select([F.col(_quoted(name)).alias(str(number)) for number, name in enumerate(names)])
        schema = frame.limit(0).toArrow().schema
        file = source.file(pa.schema([one.with_name(name) for one, name in zip(schema, names, strict=True)]))
        rows = frame.mapInArrow(CopyRows(work), _COPIES).collect()
    copies = [Copy(row.partition, row.path, tuple(row.groups)) for row in rows]
    if not copies:
        name = _new_name()
        copies = [Copy(0, str(work.local(name)), _write(work, name, schema, []))]
    return source.files(file, copies)


def _opened(session: SparkSession, path: str, kind: str) -> DataFrame:
    if path.startswith(TABLE):
        return session.table(path.removeprefix(TABLE))
    # Hadoop would look for a path without a scheme in its default file system, and it knows s3a only.
    place = re.sub("^s3://", "s3a://", path) if "://" in path else f"file://{Path(path).absolute()}"
    return session.read.format(kind).load(place)


def _quoted(name: str) -> str:
    """A column's name that is no path into a struct."""
    return "`" + name.replace("`", "``") + "`"


@dataclasses.dataclass(frozen=True)
class CopyRows:
    """Function of mapInArrow: the rows of a partition in, the copy that holds them out; none of no rows.

    Every attempt of a task writes a file of its own. Spark hands over what one of them returns, and that names the
    file that counts.
    """

    work: WorkFolder

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Copy."""
        filled = (batch for batch in batches if len(batch))
        for first in filled:  # and all others with it
            name = _new_name()
            groups = _write(self.work, name, first.schema, itertools.chain([first], filled))
            context = TaskContext.get()
            partition = 0 if context is None else context.partitionId()
            yield pa.RecordBatch.from_pylist(
                [{"partition": partition, "path": str(self.work.local(name)), "groups": groups}],
                pa.schema({"partition": pa.int32(), "path": pa.string(), "groups": pa.list_(pa.int64())}),
            )


def _new_name() -> str:
    return f"{uuid.uuid4().hex}.parquet"


def _write(work: WorkFolder, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> tuple[int, ...]:
    """Write rows to a Parquet file. Returns the bytes of each group of rows."""
    with (
        work.create(name) as file,
        pq.ParquetWriter(file, schema, compression="lz4", write_statistics=False) as writer,
    ):
        held: list[pa.RecordBatch] = []
        for batch in batches:
            held.append(batch)
            if sum(one.nbytes for one in held) >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(held))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held))
    return group_bytes(pq.read_metadata(work.local(name)))


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """Turn what Spark cannot read into a UsageError of one line. Errors of a task's Python pass."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        report = str(error)
        if "Traceback (most recent call last)" in report:
            raise
        causes = _CAUSE.findall(report)
        reason = causes[-1] if causes else next(filter(None, report.splitlines()), type(error).__name__)
        raise UsageError(f"{path}: cannot be read by Spark: {' '.join(reason.split())}") from None
