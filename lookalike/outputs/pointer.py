"""The content of CURRENT: one line with the id of the live snapshot, a space and the checksum of its manifest.

The checksum guards what a manifest says and no file repeats, such as the inputs. A line with the id alone is read,
too: earlier versions wrote it, and so does a person who edits CURRENT.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Self

from lookalike.errors import SnapshotError
from lookalike.outputs.checksums import Checksum, is_checksum
from lookalike.outputs.layout import is_snapshot_id

POINTER_BYTES: Final = 200  # more than any line has


class Pointer(NamedTuple):
    """snapshot: the id of the live one. manifest: the checksum of its manifest; None if the line has none."""

    snapshot: str
    manifest: str | None

    @classmethod
    def to(cls, snapshot: str, manifest: bytes) -> Self:
        """To a snapshot, given the content of its manifest."""
        checksum = Checksum()
        checksum.update(manifest)
        return cls(snapshot, checksum.text())

    @classmethod
    def parse(cls, content: bytes, name: str) -> Self:
        """name: of CURRENT, for messages. Raises SnapshotError if this is no such line."""
        snapshot, space, checksum = content.decode("ascii", "replace").removesuffix("\n").partition(" ")
        if not is_snapshot_id(snapshot):
            raise SnapshotError(f"{name}: holds no snapshot id")
        if space and not is_checksum(checksum):
            raise SnapshotError(f"{name}: holds no checksum after the snapshot id")
        return cls(snapshot, checksum if space else None)

    def line(self) -> bytes:
        """The content of CURRENT."""
        return f"{' '.join(filter(None, self))}\n".encode()

    def check(self, manifest: bytes, name: str) -> None:
        """Raise SnapshotError unless this is the content of the manifest. name: of it, for messages."""
        if self.manifest is None:
            return
        checksum = Checksum(self.manifest)
        checksum.update(manifest)
        if checksum.text() != self.manifest:
            raise SnapshotError(f"{name}: its checksum is not the one in CURRENT: it is damaged or was edited")
