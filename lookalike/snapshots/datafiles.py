"""Writing the Parquet files of a snapshot: streamed, hashed, and seen only when they are whole."""

import contextlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from lookalike.errors import SnapshotError
from lookalike.outputs.checksums import Checksum
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import parse_data_path
from lookalike.outputs.newfile import NewFile
from lookalike.outputs.opening import shared_output
from lookalike.outputs.urls import OutputPlace
from lookalike.tables import TABLES, Table

# A look-up decodes whole row groups, so they are small.
ROW_GROUP_ROWS: Final = 16_384


class _HashingFile:
    """A new file that hashes and counts what passes through it."""

    def __init__(self, file: NewFile) -> None:
        self._file = file
        self._checksum = Checksum()
        self.bytes = 0
        self.closed = False
        self.abandoned = False

    def write(self, data: Any) -> int:
        view = memoryview(data)
        if not self.abandoned:
            self._checksum.update(view)
            self.bytes += len(view)
            self._file.write(view)
        return len(view)

    def flush(self) -> None:
        """Nothing is buffered here; Arrow asks for the method."""

    def finish(self) -> str:
        """Put the file under its name, and return the checksum."""
        self._file.finish()
        self.closed = True
        return self._checksum.text()

    def discard(self) -> None:
        """Forget what was written, unless it is finished."""
        if not self.closed:
            self.closed = True
            self._file.discard()

    def close(self) -> None:
        """Nothing to do: `finish` or `discard` close the file, and not Arrow."""


class OutputFile:
    """A data file that appears under its name only when `finish` has closed it; use as a context manager.

    Leaving the context without `finish` removes what was written; see NewFile.
    """

    def __init__(self, output: OutputPlace, path: str) -> None:
        """Start the file at `path`, which is relative to `output` (see layout.data_path)."""
        self.path, self.parts = path, parse_data_path(path)
        self.sink = _HashingFile(shared_output(output).create(path))

    def finish(self, rows: int) -> FileEntry:
        """Put the file under its name."""
        checksum = self.sink.finish()
        return FileEntry(
            path=self.path,
            table=self.parts.table,
            bucket=self.parts.bucket,
            rows=rows,
            bytes=self.sink.bytes,
            checksum=checksum,
        )

    def discard(self) -> None:
        """Forget what was written; nothing happens after `finish`."""
        self.sink.discard()

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget what was written if `finish` did not get to the end."""
        self.discard()


class TableWriter:
    """Streams record batches into an OutputFile; use as a context manager.

    Memory is bounded by a row group and the largest batch.
    """

    def __init__(self, output: OutputPlace, path: str, row_group_rows: int = ROW_GROUP_ROWS) -> None:
        """Open a file at `path`, which is relative to `output` and names the table (see layout.data_path)."""
        self._path, self._table = path, TABLES[parse_data_path(path).table]
        self._row_group_rows = row_group_rows
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self.rows = 0
        self._file = OutputFile(output, path)
        try:
            self._writer = _parquet_writer(self._file.sink, self._table)
        except BaseException:
            self._file.discard()
            raise

    def write(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Append rows. Large strings are narrowed; other differences from the table raise SnapshotError."""
        if not batch.num_rows:
            return
        self._waiting.append(conform(batch, self._table, self._path))
        self._waiting_rows += batch.num_rows
        self.rows += batch.num_rows
        if self._waiting_rows >= self._row_group_rows:
            self._flush(self._waiting_rows - self._waiting_rows % self._row_group_rows)

    def _flush(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        self._writer.write_table(table.slice(0, rows), row_group_size=self._row_group_rows)
        self._waiting = [table.slice(rows)] if rows < table.num_rows else []
        self._waiting_rows -= rows

    def close(self, footer: dict[bytes, bytes] | None = None) -> FileEntry:
        """Write the rest and put the file under its name. footer: values to add there, by key."""
        if self._waiting_rows:
            self._flush(self._waiting_rows)
        if footer is not None:
            self._writer.add_key_value_metadata(footer)
        self._writer.close()
        return self._file.finish(self.rows)

    def discard(self) -> None:
        """Forget what was written; nothing happens after `close`."""
        if not self._file.sink.closed:
            self._file.sink.abandoned = True  # Arrow's writer ends with a footer, wanted or not
            with contextlib.suppress(pa.ArrowException):  # unless an error has left it half-way
                self._writer.close()
        self._file.discard()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget what was written if `close` did not get to the end."""
        self.discard()


def write_table(
    output: OutputPlace,
    path: str,
    batches: Iterable[pa.RecordBatch | pa.Table],
    row_group_rows: int = ROW_GROUP_ROWS,
    footer: dict[bytes, bytes] | None = None,
) -> FileEntry:
    """Write one data file from batches that come already in the table's sort order. footer: see TableWriter.close."""
    with TableWriter(output, path, row_group_rows) as writer:
        for batch in batches:
            writer.write(batch)
        return writer.close(footer)


def row_groups(rows: int) -> Iterator[slice]:
    """The rows of each row group of a table of so many: for making a table a piece at a time."""
    return (slice(start, start + ROW_GROUP_ROWS) for start in range(0, rows, ROW_GROUP_ROWS))


def _parquet_writer(sink: _HashingFile, table: Table) -> pq.ParquetWriter:
    """A writer as the table's description has it.

    Uncompressed unless it says otherwise: of 16M members on one core, hashing and flushing included, that took 2.6 s
    and 1.2 GB, zstd-1 on ids and names 3.8 s and 0.7 GB, and a look-up reads an uncompressed row group in two thirds
    of the time.
    """
    by_encoding = {kind: [c.name for c in table.columns if c.encoding == kind] for kind in ("dictionary", "delta")}
    return pq.ParquetWriter(
        pa.PythonFile(sink, mode="w"),
        table.schema,
        compression=table.compression,
        use_dictionary=by_encoding["dictionary"],
        column_encoding=dict.fromkeys(by_encoding["delta"], "DELTA_BINARY_PACKED"),
        write_statistics=[column.name for column in table.columns if column.statistics],
        sorting_columns=[
            pq.SortingColumn(table.names.index(order.column), descending=order.descending) for order in table.order
        ],
        store_schema=False,  # plain Parquet types say all; no hidden Arrow schema to contradict them
    )


def conform(batch: pa.RecordBatch | pa.Table, wanted: Table, what: str) -> pa.Table:
    """The same rows under exactly the table's schema; large strings become strings, nothing else is converted."""
    table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    schema = wanted.schema
    if table.schema.equals(schema) and not any(
        table.column(number).null_count for number, field in enumerate(schema) if not field.nullable
    ):
        return table
    fields = []
    for field in table.schema:
        kind = pa.string() if field.type == pa.large_string() else field.type
        nullable = schema.field(field.name).nullable if field.name in schema.names else True
        if not nullable and table.column(field.name).null_count:
            raise SnapshotError(f"{what}: column {field.name!r} holds nulls")
        fields.append(pa.field(field.name, kind, nullable=nullable))
    found = pa.schema(fields)
    wanted.check(found, what)
    return table.cast(schema)
