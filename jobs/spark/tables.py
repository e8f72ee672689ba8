"""Copying what Spark's session reads, tables of its catalogue and formats that the job does not know."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from jobs.exchange.workplace import WorkPlace
from jobs.inputs.columns import find_column
from jobs.inputs.copies import Copied, Identity, Recorded, Source
from jobs.inputs.reading import Reading
from jobs.inputs.tables import InputFile, Table
from jobs.spark.copyrows import COPIES, HASH, VALUE, CopyRows, copied
from lookalike.errors import UsageError
from lookalike.inputurls import TABLE

_KEY: Final = "key"  # the partition's value as it is in the table
_MOST_PARTITIONS: Final = 10_000  # each costs what a file costs
_WHOLE_NUMBERS: Final = (T.ByteType, T.ShortType, T.IntegerType, T.LongType)
_PLAIN: Final = (T.StringType, T.BooleanType, T.DateType, *_WHOLE_NUMBERS)
_CAUSE: Final = re.compile(r"^(?:Caused by)?: (.*)$", re.MULTILINE)  # in a report of Java's


def read_with_spark(
    path: str,
    kind: str,
    table: Table,
    reading: Reading,
    work: WorkPlace,
    *,
    partition: str | None = None,
    recorded: Mapping[str, Recorded] | None = None,
) -> tuple[InputFile, ...]:
    """The rows that a path of the options names, copied to the work place.

    kind: a format of the session's, for a path that is not TABLE and a name. partition: the column that tells
    partitions apart. recorded: by path what the live snapshot knows of the rows; those that are the same are not
    copied, if they are all that it knows and at least half of what there is. Raises UsageError, naming the path, if
    there is nothing, if it cannot be read, and if a column is missing, there twice or of an unusable type.
    """
    with _naming(path):
        rows = _Rows.open(path, kind, table, reading, partition)
        unread, wanted = rows.split(recorded or {})
        found = rows.copy(work, wanted)
    files = rows.source.files(rows.file, found, unread)
    if unread and len({file.separator for file in files}) > 1:  # a few new rows may tell it wrongly
        return read_with_spark(path, kind, table, reading, work, partition=partition)
    return files


@dataclasses.dataclass(frozen=True)
class _Rows:
    """frame: the columns that are copied, named by number, HASH and, where there are partitions, _KEY.

    By numbers, because mapInArrow takes a dot in a name for a path into a struct.
    """

    source: Source
    file: InputFile
    frame: DataFrame

    @classmethod
    def open(cls, path: str, kind: str, table: Table, reading: Reading, partition: str | None) -> _Rows:
        opened = _opened(SparkSession.builder.getOrCreate(), path, kind)
        named = None if partition is None else _partition(path, partition, opened)
        source = Source.of(path, table, opened.columns, reading, named)
        names = [opened.columns[place] for place in source.columns]
        columns = [F.col(_quoted(name)).alias(str(number)) for number, name in enumerate(names)]
        schema = opened.select(columns).limit(0).toArrow().schema
        file = source.file(pa.schema([one.with_name(name) for one, name in zip(schema, names, strict=True)]))
        columns.append(_hash([opened.schema[place] for place in source.columns]).alias(HASH))
        if named is not None:
            columns.append(F.col(_quoted(named)).alias(_KEY))
        return cls(source, file, opened.select(columns))

    def split(self, recorded: Mapping[str, Recorded]) -> tuple[dict[str, Recorded], list[Any] | None]:
        """By path the partitions that need not be copied, and the values of those that must be; None for all."""
        before = {path: of for path, of in recorded.items() if self.source.has(path)}
        there = self._identities(before) if before else {}
        versions = {self.source.path(value): identity.version for value, (_, identity) in there.items()}
        if not before or any(versions.get(path) != of.version for path, of in before.items()):
            return {}, None
        new = {value: found for value, found in there.items() if self.source.path(value) not in before}
        rows = [sum(identity.rows for _, identity in parts.values()) for parts in (new, there)]
        return ({}, None) if 2 * rows[0] > rows[1] else (before, [key for key, _ in new.values()])

    def _identities(self, before: Mapping[str, Recorded]) -> dict[str | None, tuple[Any, Identity]]:
        """By value, as text, of each partition its value and what its rows are; none if they cannot be the same."""
        rows, checksum = F.count("*"), F.sum(F.col(HASH).cast("decimal(38,0)"))
        if self.source.partition is None:
            (known,) = before.values()
            if not known.version.startswith(f"{self.frame.count()}-"):  # which costs Spark little
                return {}
            return {None: (None, _identity(*self.frame.agg(rows, checksum).collect()[0]))}
        text = F.col(_KEY).cast("string")
        found = self.frame.groupBy(text, _KEY).agg(rows, checksum).limit(_MOST_PARTITIONS + 1).collect()
        self._check_number(len(found))
        return {value: (key, _identity(*counted)) for value, key, *counted in found}

    def copy(self, work: WorkPlace, wanted: Sequence[Any] | None) -> list[Copied]:
        """Copy the rows of some partitions, None for all."""
        frame = self.frame
        if wanted is not None and not wanted:
            return []
        if wanted is not None:
            frame = frame.where(_is_one_of(F.col(_KEY), wanted))
        if self.source.partition is not None:
            if wanted is None:
                self._check_number(frame.select(_KEY).distinct().limit(_MOST_PARTITIONS + 1).count())
            frame = frame.withColumn(VALUE, F.col(_KEY).cast("string")).drop(_KEY).sortWithinPartitions(VALUE)
        return [copied(row) for row in frame.mapInArrow(CopyRows(work), COPIES).collect()]

    def _check_number(self, partitions: int) -> None:
        if partitions > _MOST_PARTITIONS:
            raise UsageError(
                f"{self.source.name}: column {self.source.partition!r} has more than {_MOST_PARTITIONS:,} values; "
                "--partition-column takes one with fewer, such as the day"
            )


def _opened(session: SparkSession, path: str, kind: str) -> DataFrame:
    if path.startswith(TABLE):
        return session.table(path.removeprefix(TABLE))
    # Hadoop would look for a path without a scheme in its default file system, and it knows s3a only.
    place = re.sub("^s3://", "s3a://", path) if "://" in path else f"file://{Path(path).absolute()}"
    return session.read.format(kind).load(place)


def _identity(rows: int, checksum: Decimal | None) -> Identity:
    """checksum: the sum of the hashes, which are signed; None of no rows."""
    return Identity.of([Identity(rows, int(checksum or 0))])


def _quoted(name: str) -> str:
    """A column's name that is no path into a struct."""
    return "`" + name.replace("`", "``") + "`"


def _hash(fields: Sequence[T.StructField]) -> Column:
    """A hash of some columns. Spark's own passes over nulls, and does not tell where a list ends."""
    parts = []
    for field in fields:
        column = F.col(_quoted(field.name))
        is_list = isinstance(field.dataType, T.ArrayType)
        parts += [F.to_json(column) if is_list else column, F.isnull(column)]
    return F.xxhash64(*parts)


def _partition(path: str, wanted: str, opened: DataFrame) -> str:
    """The name of the column that tells partitions apart. UsageError if it is missing or no plain value."""
    place = find_column(path, wanted, opened.columns, "--partition-column")
    field = opened.schema[place]
    if not isinstance(field.dataType, _PLAIN):
        kind = field.dataType.simpleString()
        raise UsageError(
            f"{path}: column {field.name!r} is of type {kind}; --partition-column takes text, a whole number, a date "
            "or a boolean"
        )
    return field.name


def _is_one_of(column: Column, values: Sequence[Any]) -> Column:
    there = column.isin([value for value in values if value is not None])
    return there | column.isNull() if None in values else there


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
