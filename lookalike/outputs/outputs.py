"""Where snapshots are: a folder, or an output elsewhere that offers what is asked of a folder here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lookalike.outputs.entries import FileEntry


class RemoteOutput(Protocol):
    """An output that is no folder; see lookalike.outputs.stores.output for what each method does.

    Raises SnapshotError.
    """

    def name(self, path: str) -> str:
        """The address of what lies at a path, for messages."""

    def current(self) -> bytes | None:
        """What CURRENT holds; None if nothing has been published."""

    def manifest(self, snapshot: str) -> bytes:
        """The manifest of a snapshot, as it was written."""

    def open_file(
        self, entry: FileEntry, footer: Any, groups: Sequence[int] | None, columns: Sequence[str] | None
    ) -> AbstractContextManager[Any]:
        """A data file, open as a pq.ParquetFile to read its footer, or columns of row groups."""

    def check_sizes(self, entries: Sequence[FileEntry]) -> None:
        """All files are there with the sizes of their entries."""

    def check_size(self, entry: FileEntry) -> None:
        """The same of one."""

    def check_file(self, entry: FileEntry) -> None:
        """It has the size and checksum of its entry."""

    def snapshots(self) -> list[str]:
        """The ids of all snapshots that have a folder, the newest first."""

    def published(self) -> list[str]:
        """The ids of those with a manifest, the newest first."""

    def objects_of(self, snapshot: str) -> Sequence[Any]:
        """What lies in the folder of a snapshot, each with `key` and `bytes`."""

    def is_pinned(self, snapshot: str) -> bool:
        """Whether a snapshot must not be pruned."""

    def set_pinned(self, snapshot: str, pinned: bool) -> None:
        """Pin or unpin it."""

    def mark_live(self, snapshot: str) -> None:
        """Note that a snapshot is live until now at least."""

    def marked(self, snapshot: str) -> float:
        """When that was noted last, in seconds since 1970."""

    def switched(self) -> float:
        """When CURRENT was written, likewise."""

    def was_edited(self, live: str) -> bool:
        """Whether CURRENT was written by another hand."""

    def locked(self, wait: float = 0) -> AbstractContextManager[None]:
        """Hold the lock."""

    def confirm(self) -> None:
        """The lock is still held."""

    def switch(self, snapshot: str) -> None:
        """Make a snapshot live if CURRENT is as it was when the lock was taken."""

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects."""


Output = Path | RemoteOutput


def open_output(place: Path | str, *, block_cache_bytes: int | None = None, brisk: bool = False) -> Output:
    """What a folder or a URL (lookalike.outputs.stores.urls) stands for.

    block_cache_bytes: that may be kept of what was read. brisk: whether a request gives up early, for somebody waits.
    """
    if isinstance(place, Path):
        return place
    from lookalike.outputs.stores.objects import BRISK, PATIENT  # not for folders
    from lookalike.outputs.stores.output import ObjectOutput
    from lookalike.outputs.stores.urls import StoreUrl

    more = {} if block_cache_bytes is None else {"block_cache_bytes": block_cache_bytes}
    return ObjectOutput(StoreUrl.parse(place), patience=BRISK if brisk else PATIENT, **more)
