"""The rows of one table and bucket: all of them, or those of one key."""

import bisect
from collections.abc import Iterator, Sequence

import pyarrow as pa

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.snapshots.overlaidfile import overlaid_files
from lookalike.tables.schemas import SCHEMAS


class Run:
    """The files of one table and bucket: row groups in ascending order of the key, the table's first column.

    overlay: what lies over the files, which their row groups have in them; None if nothing does.
    """

    def __init__(
        self, output: Output, table: str, entries: list[FileEntry], overlay: Sequence[FileEntry] = ()
    ) -> None:
        """Read the footers of the files, in the order of their rows."""
        self.table = table
        self.entries = [*entries, *overlay]
        self.files, self.overlay = overlaid_files(output, entries, overlay)
        self._groups = [(file, group) for file in self.files for group in range(len(file.bounds))]
        self._least = [least for file in self.files for least, _ in file.bounds]
        self._greatest = [greatest for file in self.files for _, greatest in file.bounds]
        ordered = all(a <= b for a, b in zip(self._greatest, self._least[1:], strict=False))
        if not ordered:
            raise SnapshotError(f"{self.files[0].path}: its keys are not in order")

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of all rows, in one piece."""
        schema = pa.schema([SCHEMAS[self.table].field(name) for name in columns])
        pieces = [file.read_all(list(columns)) for file in self.files]
        return pa.concat_tables([schema.empty_table(), *pieces]).combine_chunks()

    def rows(self, key: bytes, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of one hashtag or account, in pieces of at most a row group; never an empty piece.

        columns: some, the key first; None for all.
        """
        wanted = None if columns is None else list(columns)
        for place in range(bisect.bisect_left(self._greatest, key), len(self._groups)):
            if self._least[place] > key:
                return
            file, group = self._groups[place]
            rows = file.read(group, wanted)
            if not self._least[place] == key == self._greatest[place]:
                keys = rows.column(0).combine_chunks()
                start = _first_at_least(keys, key, 0)
                stop = _first_above(keys, key, start)
                rows = rows.slice(start, stop - start)
            if rows.num_rows:
                yield rows


def _first_at_least(keys: pa.StringArray, key: bytes, start: int) -> int:
    return bisect.bisect_left(range(len(keys)), key, start, key=lambda row: _bytes(keys, row))


def _first_above(keys: pa.StringArray, key: bytes, start: int) -> int:
    return bisect.bisect_right(range(len(keys)), key, start, key=lambda row: _bytes(keys, row))


def _bytes(strings: pa.StringArray, row: int) -> bytes:
    value: bytes = strings[row].as_buffer().to_pybytes()
    return value
