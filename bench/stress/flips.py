"""Flipped bits: which, and where."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import CURRENT, MANIFEST, snapshot_folder
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import TABLES

OTHER_FILES: Final = (CURRENT, MANIFEST)
FLIPPED: Final = (*TABLES, *OTHER_FILES)  # what bits are flipped in
# A run that makes groups of identical names is full, so no later run uses that table.
USED_BY_RUNS: Final = tuple(name for name in FLIPPED if name != "identical")


@dataclass(frozen=True)
class Flip:
    """A bit of a file. path: relative to the output. bit: counted from the file's first."""

    path: str
    bit: int

    def do(self, output: Path) -> None:
        """Flip it; to do it again mends the file."""
        with (output / self.path).open("r+b") as file:
            file.seek(self.bit // 8)
            (byte,) = file.read(1)
            file.seek(self.bit // 8)
            file.write(bytes([byte ^ 1 << self.bit % 8]))

    def __str__(self) -> str:
        return f"byte {self.bit // 8}, bit {self.bit % 8} of {self.path}"


def random_flips(output: Path, what: str, count: int, seed: int) -> list[Flip]:
    """Random bits of what the live snapshot holds of a table, or of CURRENT or the manifest."""
    snapshot = Snapshot.open(FolderOutput(output))
    if what in TABLES:
        sizes = {entry.path: entry.bytes for entry in snapshot.manifest.files if entry.table == what}
    else:
        path = CURRENT if what == CURRENT else f"{snapshot_folder(snapshot.manifest.id)}/{MANIFEST}"
        sizes = {path: (output / path).stat().st_size}
    rng = random.Random(f"{what} {seed}")
    paths = rng.choices(list(sizes), weights=list(sizes.values()), k=count)
    return [Flip(path, rng.randrange(8 * sizes[path])) for path in paths]
