"""Writing the Parquet files of a snapshot: streamed, hashed, flushed, and renamed into place."""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.errors import SnapshotError
from jobs.snapshots.durable import temporary_beside
from jobs.snapshots.layout import SCHEMAS, SORTED_BY, check_schema, join_path, parse_data_path
from jobs.snapshots.outputs import Output

# A look-up decodes whole row groups, so they are small.
ROW_GROUP_ROWS: Final = 16_384

# Seconds of one core and size for 16M members (scaled from 1M in 4 files), hashing and fsync included: as below
# 2.6 s and 1.2 GB; zstd-1 on the ids and names 3.8 s and 0.7 GB; zstd-1 on everything 4.3 s and 0.7 GB. A
# look-up also decodes an uncompressed row group in two thirds of the time.
# Dictionaries only where values repeat inside a row group: building one for ids costs time and saves nothing.
_DICTIONARY: Final = {
    "pairs": ["hashtag", "distance", "similarity"],
    "members": ["hashtag", "posts", "reposts"],
    "hashtags": ["posts", "members", "pairs"],
    "accounts": ["posts", "hashtags", "lookalikes"],
    "account_hashtags": ["account_id", "posts", "reposts"],
    "lookalikes": ["account_id", "distance", "similarity", "hashtags"],
    "rejects": ["source", "file", "reason"],
}
# Differences of timestamps are narrower than timestamps.
_ENCODING: Final = {
    "members": dict.fromkeys(["first_post", "last_post", "account_created"], "DELTA_BINARY_PACKED"),
    "accounts": {"account_created": "DELTA_BINARY_PACKED"},
    "account_hashtags": dict.fromkeys(["first_post", "last_post"], "DELTA_BINARY_PACKED"),
}
# What look-ups skip row groups by; on the other columns they would only cost.
_STATISTICS: Final = {
    "pairs": ["hashtag", "similarity"],
    "members": ["hashtag"],
    "hashtags": ["hashtag"],
    "accounts": ["account_id"],
    "account_hashtags": ["account_id"],
    "lookalikes": ["account_id"],
}
# Whole posts, rarely read.
_COMPRESSION: Final = {"rejects": "zstd"}


@dataclass(frozen=True)
class FileEntry:
    """One data file of a snapshot, as the manifest lists it.

    path: relative to the output folder, not to the snapshot's, because a snapshot may name files of
    an earlier one. bytes: size on disk. sha256: of the file's bytes, in hexadecimal.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # for the manifest

    path: str
    table: str
    bucket: int | None
    rows: int
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        """Refuse an entry whose path is unsafe or contradicts the rest."""
        parts = parse_data_path(self.path)
        if (parts.table, parts.bucket) != (self.table, self.bucket):
            raise SnapshotError(f"{self.path}: is not of table {self.table!r}, bucket {self.bucket}")
        if self.rows < 0 or self.bytes < 1:
            raise SnapshotError(f"{self.path}: {self.rows} rows in {self.bytes} bytes")
        if len(self.sha256) != 64 or not set(self.sha256) <= set("0123456789abcdef"):
            raise SnapshotError(f"{self.path}: not a SHA-256: {self.sha256[:80]!r}")

    @property
    def snapshot(self) -> str:
        """The id of the snapshot in whose folder the file lies."""
        return parse_data_path(self.path).snapshot


class _HashingFile:
    """A file open for writing that hashes and counts what passes through it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._hash = hashlib.sha256()
        self.bytes = 0
        self.closed = False
        self.abandoned = False

    def write(self, data: Any) -> int:
        view = memoryview(data)
        if self.abandoned:
            return len(view)
        self._hash.update(view)
        self.bytes += len(view)
        written = 0
        while written < len(view):  # a raw file may write less than asked
            written += self._file.write(view[written:])
        return written

    def flush(self) -> None:
        """Nothing is buffered here; Arrow asks for the method."""

    def finish(self) -> str:
        """Flush to the disk, close, and return the SHA-256 in hexadecimal."""
        os.fsync(self._file.fileno())
        self.close()
        return self._hash.hexdigest()

    def close(self) -> None:
        self.closed = True
        self._file.close()


class TableWriter:
    """Streams record batches into one data file; use as a context manager.

    The file appears under its name only when `close` has flushed it; leaving the context without
    `close` removes what was written. A second attempt at the same path replaces the first, so a task
    that Spark runs again does no harm. Memory is bounded by a row group and the largest batch.
    """

    def __init__(self, output: Path, path: str, schema: pa.Schema, row_group_rows: int = ROW_GROUP_ROWS) -> None:
        """Open a temporary file beside `path`, which is relative to `output` (see layout.data_path)."""
        parts = parse_data_path(path)
        check_schema(schema, SCHEMAS[parts.table], path)
        self._path, self._parts, self._schema = path, parts, SCHEMAS[parts.table]
        self._row_group_rows = row_group_rows
        self._target = join_path(output, path)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = temporary_beside(self._target)
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self.rows = 0
        self._sink = _HashingFile(self._temporary)
        try:
            sink = pa.PythonFile(self._sink, mode="w")
            self._writer = pq.ParquetWriter(sink, self._schema, **_options(parts.table, self._schema))
        except BaseException:
            self._sink.close()
            self._temporary.unlink()
            raise

    def write(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Append rows. Large strings are narrowed; other differences from the schema raise SnapshotError."""
        if not batch.num_rows:
            return
        self._waiting.append(_conform(batch, self._schema, self._path))
        self._waiting_rows += batch.num_rows
        self.rows += batch.num_rows
        if self._waiting_rows >= self._row_group_rows:
            self._flush(self._waiting_rows - self._waiting_rows % self._row_group_rows)

    def _flush(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        self._writer.write_table(table.slice(0, rows), row_group_size=self._row_group_rows)
        self._waiting = [table.slice(rows)] if rows < table.num_rows else []
        self._waiting_rows -= rows

    def close(self) -> FileEntry:
        """Flush everything to the disk and put the file under its name."""
        if self._waiting_rows:
            self._flush(self._waiting_rows)
        self._writer.close()
        sha256 = self._sink.finish()
        self._temporary.replace(self._target)
        return FileEntry(
            path=self._path,
            table=self._parts.table,
            bucket=self._parts.bucket,
            rows=self.rows,
            bytes=self._sink.bytes,
            sha256=sha256,
        )

    def discard(self) -> None:
        """Forget what was written; nothing happens after `close`."""
        if not self._sink.closed:
            self._sink.abandoned = True  # the Parquet writer ends with a footer, wanted or not
            with contextlib.suppress(pa.ArrowException):  # unless an error has left it half-way
                self._writer.close()
            self._sink.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the temporary file if `close` did not get to rename it."""
        self.discard()


def write_table(
    output: Path,
    path: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch | pa.Table],
    row_group_rows: int = ROW_GROUP_ROWS,
) -> FileEntry:
    """Write one data file from batches that come already in the table's sort order."""
    with TableWriter(output, path, schema, row_group_rows) as writer:
        for batch in batches:
            writer.write(batch)
        return writer.close()


def row_groups(rows: int) -> Iterator[slice]:
    """Which of so many rows stand in each row group: for making a table a piece at a time."""
    return (slice(start, start + ROW_GROUP_ROWS) for start in range(0, rows, ROW_GROUP_ROWS))


def check_sizes(output: Output, entries: Sequence[FileEntry]) -> None:
    """Raise SnapshotError unless all files are there with the sizes of their entries, as they are now."""
    if isinstance(output, Path):
        for entry in entries:
            check_size(output, entry)
    else:
        output.check_sizes(entries)


def check_size(output: Output, entry: FileEntry) -> None:
    """Raise SnapshotError unless the file is there with the size of its entry."""
    if not isinstance(output, Path):
        output.check_size(entry)
        return
    path = join_path(output, entry.path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None
    if size != entry.bytes:
        raise SnapshotError(f"{path}: has {size} bytes, the manifest says {entry.bytes}")


def check_file(output: Output, entry: FileEntry) -> None:
    """Raise SnapshotError unless the file is there with the size and checksum of its entry."""
    if not isinstance(output, Path):
        output.check_file(entry)
        return
    path = join_path(output, entry.path)
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if size != entry.bytes:
                raise SnapshotError(f"{path}: has {size} bytes, the manifest says {entry.bytes}")
            if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
                raise SnapshotError(f"{path}: its checksum is not the manifest's")
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None


def _options(table: str, schema: pa.Schema) -> dict[str, Any]:
    sorting = [pq.SortingColumn(schema.get_field_index(n), descending=down) for n, down in SORTED_BY[table]]
    return {
        "compression": _COMPRESSION.get(table, "none"),
        "use_dictionary": _DICTIONARY[table],
        "column_encoding": _ENCODING.get(table),
        "write_statistics": _STATISTICS.get(table, False),
        "write_page_index": True,
        "sorting_columns": sorting or None,
        "store_schema": False,  # plain Parquet types say all; no hidden Arrow schema to contradict them
    }


def _conform(batch: pa.RecordBatch | pa.Table, schema: pa.Schema, what: str) -> pa.Table:
    """The same rows under exactly `schema`; large strings become strings, nothing else is converted."""
    table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    fields = []
    for field in table.schema:
        kind = pa.string() if field.type == pa.large_string() else field.type
        wanted = schema.field(field.name).nullable if field.name in schema.names else True
        if not wanted and table.column(field.name).null_count:
            raise SnapshotError(f"{what}: column {field.name!r} holds nulls")
        fields.append(pa.field(field.name, kind, nullable=wanted))
    found = pa.schema(fields)
    check_schema(found, schema, what)
    return table.cast(schema)
