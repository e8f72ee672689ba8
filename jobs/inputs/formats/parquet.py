"""Parquet files as input: every column becomes the bytes that a tab-separated file would hold."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from jobs.inputs.columns import positions
from jobs.inputs.formats.chunks import chunks_of
from jobs.inputs.formats.format import Head
from jobs.inputs.presets.registry import preset_of_columns
from jobs.inputs.reading import Reading
from jobs.inputs.separators.literals import HASHTAG_KEYS
from jobs.inputs.stores.choose import place_of
from jobs.inputs.streams import Ahead, open_file
from jobs.inputs.tables import HASHTAGS, Column, InputFile, Part, Quoting, RowBatch, Table
from jobs.inputs.text.quotes import no_tally
from lookalike.errors import UsageError

_MAGIC: Final = b"PAR1"
_MAX_BATCH_ROWS: Final = 1 << 17
_MOST_TEXT: Final = 64 << 20  # bytes of a piece, where no single value is larger


@dataclasses.dataclass(frozen=True)
class Parquet:
    """See Format."""

    title: str = "Parquet"
    is_text: bool = False

    def words(self, file: InputFile) -> list[str]:  # noqa: ARG002  # all are alike
        """See Format."""
        return [self.title]

    def recognises(self, content: bytes) -> bool:
        """Whether it begins like one."""
        return content.startswith(_MAGIC)

    def look(self, head: Head, table: Table) -> Head:
        """Preset."""
        with _opened(head) as source:
            return head.of_preset(preset_of_columns(source.schema_arrow.names), table)

    def examine(self, head: Head, table: Table, quoting: Quoting) -> InputFile:  # noqa: ARG002  # nothing is quoted
        """With the positions of the table's columns and the bytes of each row group.

        Hashtags that are lists are read as text with bars. UsageError names what is wrong: a column that is missing,
        there twice, or of a type that cannot be used.
        """
        with _opened(head) as source:
            file = of_schema(head.file(), table, source.schema_arrow, head.reading)
            return dataclasses.replace(file, groups=group_bytes(source.metadata))

    def read(self, file: InputFile, part: Part, table: Table) -> Iterator[RowBatch]:
        """The rows of some row groups, in batches of about chunk_bytes bytes."""
        groups = file.groups or ()
        is_stored = place_of(file.path) is not None
        with (
            open_file(file.path, file.status, Ahead([])) as stream,
            pq.ParquetFile(stream, pre_buffer=False) as source,
        ):
            names = source.schema_arrow.names
            wanted = [names[at] for at in sorted(set(file.columns)) if at >= 0]  # Arrow reads them in this order
            sizes = [source.metadata.row_group(i).num_rows for i in range(source.metadata.num_row_groups)]
            place = sum(sizes[: part.start])
            in_part = range(part.start, min(part.end, len(sizes)))
            if is_stored:
                stream.expect(chunks_of(source.metadata, in_part, wanted))
            for group in in_part:
                row_bytes = max(1, groups[group] // max(1, sizes[group]))
                batch_size = min(_MAX_BATCH_ROWS, max(1, part.chunk_bytes // row_bytes))
                batches = source.iter_batches(
                    batch_size,
                    row_groups=[group],
                    columns=wanted,
                    use_threads=not is_stored,  # which would read the columns of a group in any order
                )
                for batch in _pieces(batches):
                    columns = tuple(
                        _no_column(len(batch)) if position < 0 else _column(_as_bytes(batch.column(names[position])))
                        for position in file.columns
                    )
                    rows = np.arange(place, place + len(batch), dtype=np.int64)
                    place += len(batch)
                    yield RowBatch(table, columns, rows, [], None, no_tally(len(columns)))

    def fetch(self, file: InputFile, places: npt.NDArray[np.int64], table: Table) -> NoReturn:  # see can_seek
        """Rows are read by group."""
        raise NotImplementedError


def of_schema(file: InputFile, table: Table, schema: pa.Schema, reading: Reading) -> InputFile:
    """A file with the places of the table's columns. Raises UsageError as Parquet.examine does."""
    columns = positions(file.path, table, schema.names, reading)
    for name, position in zip(table.columns, columns, strict=True):
        kind = None if position < 0 else schema.field(position).type
        if kind is not None and not _usable(name, kind):
            raise UsageError(f"{file.path}: column {name!r} is of type {kind}, which cannot be used")
        if name == HASHTAGS and kind is not None and _is_list(kind):
            file = dataclasses.replace(file, separator="bar")
    return dataclasses.replace(file, columns=columns, fields=len(schema.names))


def group_bytes(metadata: Any) -> tuple[int, ...]:
    """The bytes of each group of rows of a file, by its footer."""
    return tuple(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))


@contextlib.contextmanager
def _opened(head: Head) -> Iterator[pq.ParquetFile]:
    """The file, of which only the footer will be read."""
    with open_file(head.path, head.status, Ahead([])) as stream, pq.ParquetFile(stream) as source:
        yield source


def _pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches, those in pieces whose dictionaries would become much text: a few bytes can stand for gigabytes."""
    for batch in batches:
        sizes = np.zeros(len(batch), np.int64)
        for column in batch.columns:
            if types.is_dictionary(column.type) and _is_text(column.type):
                sizes += _lengths(column)
        pieces = np.cumsum(sizes) // _MOST_TEXT
        edges = [0, *(1 + np.flatnonzero(np.diff(pieces))).tolist(), len(batch)]
        yield from (batch.slice(start, end - start) for start, end in itertools.pairwise(edges))


def _lengths(column: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    """int64[n]: the bytes of each value."""
    import pyarrow.compute as pc  # loads slowly, and --inspect is fast

    lengths = pc.binary_length(column.dictionary.cast(pa.large_binary())).fill_null(0)
    return np.asarray(lengths.take(column.indices).fill_null(0)).astype(np.int64)


# What a value can be, and how it becomes text. The first that fits counts.
_TEXTS: Final[Sequence[Callable[[Any], bool]]] = (
    types.is_string,
    types.is_large_string,
    types.is_string_view,
    types.is_binary,
    types.is_large_binary,
    types.is_binary_view,
    types.is_fixed_size_binary,
    types.is_null,
)


def _plain(kind: Any) -> Any:
    """The type of the values of a dictionary, and the type that an extension is stored as."""
    while types.is_dictionary(kind) or isinstance(kind, pa.BaseExtensionType):
        kind = kind.value_type if types.is_dictionary(kind) else kind.storage_type
    return kind


def _is_text(kind: Any) -> bool:
    return any(test(_plain(kind)) for test in _TEXTS)


def _is_list(kind: Any) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind))


def _is_number(kind: Any) -> bool:
    kind = _plain(kind)
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _hashtag_field(kind: Any) -> str | None:
    """The field of a struct that holds the hashtag."""
    if not types.is_struct(kind):
        return None
    names = [kind.field(i).name for i in range(kind.num_fields)]
    return next((name for name in HASHTAG_KEYS if name in names and _is_text(kind.field(name).type)), None)


def _usable(name: str, kind: Any) -> bool:
    if _is_text(kind):
        return True
    if name in ("created_at", "seen_at"):
        return bool(types.is_timestamp(kind) or types.is_date(kind)) or _is_number(kind)
    if name == "is_repost":
        return bool(types.is_boolean(kind)) or _is_number(kind)
    if name == "hashtags":
        return _is_list(kind) and (_is_text(kind.value_type) or _hashtag_field(kind.value_type) is not None)
    return name in ("id", "author_id") and _is_number(kind)


def _as_bytes(array: Any) -> Any:
    """The values as a LargeBinaryArray without nulls."""
    import pyarrow.compute as pc  # loads slowly, and --inspect is fast

    is_uuid = isinstance(array.type, pa.UuidType)
    while types.is_dictionary(array.type) or isinstance(array.type, pa.BaseExtensionType):
        array = array.dictionary_decode() if types.is_dictionary(array.type) else array.storage
    kind = array.type
    if is_uuid:
        array = _uuids(array)
    elif _is_list(kind):
        array = _joined(array)
    elif types.is_timestamp(kind):
        # To UTC first, without which the text would have the zone's offset; finer than a microsecond is cut.
        zone = None if kind.tz is None else "UTC"
        array = array.cast(pa.timestamp("us", zone), safe=False).cast(pa.string())
    elif types.is_floating(kind):
        array = _without_fraction(array)
    elif types.is_decimal(kind):
        array = pc.replace_substring_regex(array.cast(pa.large_string()), r"\.0*$", "")
    if not types.is_large_binary(array.type):
        through = array if _is_text(array.type) else array.cast(pa.large_string())
        array = through.cast(pa.large_binary())
    return array.fill_null(b"") if array.null_count else array


def _uuids(array: Any) -> Any:
    """UUIDs in their usual form of 36 characters."""
    return pa.array([None if one is None else str(uuid.UUID(bytes=one)) for one in array.to_pylist()], pa.string())


def _without_fraction(array: Any) -> Any:
    """Whole numbers as such, 1.0 as 1, as long as a double holds them exactly; others as Arrow writes them."""
    import pyarrow.compute as pc  # loads slowly, and --inspect is fast

    whole = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), float(1 << 53)))
    array = pc.if_else(pc.is_nan(array), None, array)  # as data frames write what is not there
    whole = whole.fill_null(False)
    numbers = pc.if_else(whole, array, 0).cast(pa.int64()).cast(pa.large_string())
    return pc.if_else(whole, numbers, array.cast(pa.large_string()))


def _joined(lists: Any) -> Any:
    """Lists of strings, or of structs with the hashtag in them, joined by |; a null in a list is an empty string."""
    import pyarrow.compute as pc  # loads slowly, and --inspect is fast

    values = lists.values
    field = _hashtag_field(values.type)
    values = _as_bytes(values if field is None else pc.struct_field(values, field))
    offsets = lists.offsets.cast(pa.int64())
    lists = pa.LargeListArray.from_arrays(offsets, values, mask=lists.is_null())
    return pc.binary_join(lists, pa.scalar(b"|", pa.large_binary()))


def _column(array: Any) -> Column:
    _, offsets, values = array.buffers()
    if len(array) == 0 or offsets is None:
        return _no_column(len(array))
    place = np.frombuffer(offsets, np.int64, len(array) + 1, array.offset * 8)
    buffer = np.zeros(0, np.uint8) if values is None or not values.size else np.frombuffer(values, np.uint8)
    return Column(buffer, place[:-1], place[1:])


def _no_column(rows: int) -> Column:
    """So many empty values."""
    nothing = np.zeros(rows, np.int64)
    return Column(np.zeros(0, np.uint8), nothing, nothing)
