"""Damaged manifests, CURRENTs and data files through the readers of the job, of its commands and of the service."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from jobs.snapshots.__main__ import main
from lookalike.errors import SnapshotError
from lookalike.outputs.comparedfolder import ComparedFolder
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.interface import Output
from lookalike.outputs.layout import CURRENT
from lookalike.outputs.pointer import POINTER_BYTES, Pointer
from lookalike.snapshots.manifest import parse
from lookalike.snapshots.origin import check_origin
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate
from lookalike.tables import TABLES
from serving.snapshots.opened import BoundedSnapshot
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import make_sample

_COMMANDS = ["list", "show", "verify", "pairs"]


class Published:
    """A published snapshot of few rows, whose files are damaged one after the other."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "output"
        snapshot = publish_sample(
            self.output, make_sample({"a": 9, "b": 4}, buckets=2, accounts=12), row_group_rows=4, generations=2
        )
        self.id = snapshot.manifest.id
        self._folder = self.output / "snapshots" / self.id
        self.manifest = (self._folder / "manifest.json").read_bytes()
        self.current = (self.output / CURRENT).read_bytes()
        self.entries = snapshot.manifest.files
        self.account = snapshot.stored("accounts", 0).read(["account_id"])["account_id"][0].as_py()
        self._rows = _all_rows(snapshot)

    def parse_manifest(self, path: Path, _: random.Random) -> None:
        """A manifest that is accepted is written again as one that says the same."""
        found = parse(path.read_bytes(), path)
        assert parse(found.dump(), path) == found

    def parse_pointer(self, path: Path, _: random.Random) -> None:
        """As a manifest."""
        found = Pointer.parse(path.read_bytes()[:POINTER_BYTES], str(path))
        assert Pointer.parse(found.line(), str(path)) == found

    def read_beside_manifest(self, path: Path, rng: random.Random) -> None:
        """A manifest that CURRENT names without its checksum, as earlier versions wrote it."""
        with self._replaced(self._folder / "manifest.json", path.read_bytes()):
            (self.output / CURRENT).write_bytes(self.current.split()[0] + b"\n")
            self._try_readers(rng)

    def read_beside_pointer(self, path: Path, rng: random.Random) -> None:
        """CURRENT."""
        with self._replaced(self.output / CURRENT, path.read_bytes()):
            self._try_readers(rng)

    def read_data(self, path: Path, rng: random.Random) -> None:
        """A byte with the place of an entry in the manifest, and the content of that data file."""
        content = path.read_bytes()
        entry = self.entries[content[0] % len(self.entries)]
        with self._replaced(self.output / entry.path, content[1:]):
            for snapshot in self._snapshots():
                with contextlib.suppress(SnapshotError):
                    assert snapshot.stored(entry.table, entry.bucket).read() == self._rows[entry.table, entry.bucket]
            self._try_command(rng)

    def _snapshots(self) -> list[Snapshot]:
        """As an incremental run opens it, and as the service does."""
        service: Output = FolderOutput(self.output)
        return [Snapshot.open(ComparedFolder(self.output)), BoundedSnapshot.open(service)]

    def _try_readers(self, rng: random.Random) -> None:
        """Whatever is opened can be checked and read, or is refused."""
        with contextlib.suppress(SnapshotError):
            snapshot = rng.choice(self._snapshots())
            check_origin(snapshot)
            if rng.random() < 0.5:
                validate(snapshot)
            else:
                _all_rows(snapshot)
        self._try_command(rng)

    def _try_command(self, rng: random.Random) -> None:
        command = rng.choice(_COMMANDS)
        argv = [command, str(self.output), *(["a"] if command == "pairs" else [])]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
            assert main(argv) in (0, 1, 2)
        assert said.getvalue().count("\n") <= 1, said.getvalue()

    @contextlib.contextmanager
    def _replaced(self, path: Path, content: bytes) -> Iterator[None]:
        """The file has this content while the context lasts."""
        whole = path.read_bytes()
        path.write_bytes(content)
        try:
            yield
        finally:
            path.write_bytes(whole)
            (self.output / CURRENT).write_bytes(self.current)


def _all_rows(snapshot: Snapshot) -> dict[tuple[str, int | None], pa.Table]:
    """Every row of every table and bucket."""
    buckets = range(snapshot.manifest.buckets)
    places = [(table.name, bucket) for table in TABLES.values() for bucket in (buckets if table.bucket else [None])]
    return {place: snapshot.stored(*place).read() for place in places}
