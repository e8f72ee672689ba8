"""A snapshot as the service opens it: with a bounded number of footers, and the files that look-ups read."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.stored import StoredTable
from lookalike.tables import POST_INDEX, REJECTS, SPELLINGS, UNKNOWN_POSTS

# What no look-up reads. Only incremental runs do, and they check it.
_UNREAD: Final = frozenset(table.name for table in (SPELLINGS, REJECTS, POST_INDEX, UNKNOWN_POSTS))


class BoundedSnapshot(Snapshot):
    """A snapshot that keeps the footers of the files used last, a bounded number of them."""

    open_footers = 1024

    def __init__(self, output: Output, manifest: Manifest) -> None:
        """As the base class."""
        super().__init__(output, manifest)
        self._recent: OrderedDict[tuple[str, int | None], int] = OrderedDict()
        self._footers = 0

    def stored(self, table: str, bucket: int | None) -> StoredTable:
        """As the base class; what was used longest ago is forgotten."""
        place = (table, bucket)
        stored = super().stored(table, bucket)
        with self._lock:
            if place not in self._recent:
                self._footers += len(stored.entries)
            self._recent[place] = len(stored.entries)
            self._recent.move_to_end(place)
            while self._footers > self.open_footers and len(self._recent) > 1:
                oldest, files = self._recent.popitem(last=False)
                self._stored.pop(oldest, None)
                self._footers -= files
        return stored


def needed(snapshot: Snapshot) -> list[FileEntry]:
    """The files that look-ups read. Damage to another one does not stop serving."""
    return [entry for entry in snapshot.manifest.files if entry.table not in _UNREAD]
