"""Files of a store that are fetched whole, and compared with their checksums before anything of them is used.

For a run that builds on a snapshot; see comparedfolder.py. Such a run reads most of a file anyway.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from lookalike.outputs.checksums import Checksum
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import check_checksum
from lookalike.outputs.openparquet import OpenParquet

if TYPE_CHECKING:
    from lookalike.outputs.storedoutput import StoredOutput

_KEPT_BYTES: Final = 64 << 20


class WholeFiles:
    """For any number of threads. Memory: the file that was opened last, and others with it up to _KEPT_BYTES."""

    def __init__(self, output: StoredOutput) -> None:
        """Nothing is asked of the store yet."""
        self._output = output
        self._kept: OrderedDict[FileEntry, memoryview] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, entry: FileEntry) -> bool:
        """Whether the file has been compared, and is kept."""
        return entry in self._kept

    def open(
        self, entry: FileEntry, footer: pq.FileMetaData | None, encoded: Sequence[str] | None
    ) -> contextlib.AbstractContextManager[Any]:
        """As in Output. encoded: columns of strings to read as dictionaries."""
        return _ParquetInMemory(self._output, entry, footer, self._content(entry), encoded)

    def _content(self, entry: FileEntry) -> memoryview:
        with self._lock:
            content = self._kept.pop(entry, None)
            if content is None:
                content = self._output.store.part(entry.path, 0, entry.bytes, None)
                checksum = Checksum(entry.checksum)
                checksum.update(content)
                check_checksum(self._output, entry, checksum.text())
            self._kept[entry] = content
            while len(self._kept) > 1 and sum(one.nbytes for one in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
            return content


class _ParquetInMemory(OpenParquet):
    """See OpenParquet. encoded: columns of strings to read as dictionaries."""

    def __init__(
        self,
        output: StoredOutput,
        entry: FileEntry,
        footer: pq.FileMetaData | None,
        content: memoryview,
        encoded: Sequence[str] | None,
    ) -> None:
        super().__init__(output, entry, footer)
        self._content, self._encoded = content, encoded

    def _opened(self) -> pq.ParquetFile:
        source = pa.BufferReader(self._content)
        return pq.ParquetFile(source, metadata=self._footer, read_dictionary=self._encoded)
