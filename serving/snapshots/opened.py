"""A snapshot as the service opens it: with a bounded number of footers, and the files that look-ups read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.snapshots.groupedpairs import GroupedPairs
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.stored import StoredTable
from lookalike.tables import POST_INDEX, REJECTS, SPELLINGS, UNKNOWN_POSTS

_MOST_GROUPED: Final = 64  # hashtags
# What no look-up reads. Only incremental runs do, and they check it.
_UNREAD: Final = frozenset(table.name for table in (SPELLINGS, REJECTS, POST_INDEX, UNKNOWN_POSTS))


class BoundedSnapshot(Snapshot):
    """A snapshot that keeps the footers of the files used last, a bounded number of them.

    verified: files whose checksums were compared. The others are compared before they are first opened, because Arrow
    may crash on a damaged one.
    """

    open_footers = 1024
    grouped_bytes = 64 << 20

    def __init__(self, output: Output, manifest: Manifest) -> None:
        """As the base class."""
        super().__init__(output, manifest)
        self.verified: set[FileEntry] = set()
        self.forget_checks()
        self._recent: OrderedDict[tuple[str, int | None], int] = OrderedDict()
        self._footers = 0
        self._grouped: OrderedDict[str, GroupedPairs] = OrderedDict()

    def stored(self, table: str, bucket: int | None) -> StoredTable:
        """As the base class; what was used longest ago is forgotten."""
        place = (table, bucket)
        if place not in self._stored:
            self.verify(self.entries(table, bucket))
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

    def grouped_pairs(self, key: str, *, plainly: bool = False) -> GroupedPairs:
        """As the base class. A few of those used last are kept, in `grouped_bytes` of memory; one may take more."""
        with self._lock:
            found = self._grouped.get(key)
        if found is None or (found.groups.plainly and not plainly):
            found = super().grouped_pairs(key, plainly=plainly)
        with self._lock:
            self._grouped[key] = found
            self._grouped.move_to_end(key)
            while len(self._grouped) > _MOST_GROUPED or (
                len(self._grouped) > 1 and self._grouped_size() > self.grouped_bytes
            ):
                self._grouped.popitem(last=False)
        return found

    def _grouped_size(self) -> int:
        return sum(pairs.nbytes for pairs in self._grouped.values())

    def verify(self, entries: Iterable[FileEntry], is_over: Callable[[], bool] = lambda: False) -> None:
        """Compare checksums, each once. Raises SnapshotError if one is wrong, or once it is over."""
        for entry in entries:
            if is_over():
                raise SnapshotError("the check was interrupted")
            if entry not in self.verified:
                self.output.check_file(entry)
                self.verified.add(entry)

    def forget_checks(self) -> None:
        """Compare all again, unless the output does so whenever it reads: at once it would take hours there."""
        self.verified = set(self.manifest.files) if self.output.compares_checksums else set()


def needed(snapshot: Snapshot) -> list[FileEntry]:
    """The files that look-ups read. Damage to another one does not stop serving."""
    return [entry for entry in snapshot.manifest.files if entry.table not in _UNREAD]
