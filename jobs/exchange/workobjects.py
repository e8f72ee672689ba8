"""The run's work prefix in the store of its output, for machines that see no common folder.

A file is two objects: its content, under its checksum, and under the file's name a line with checksum and size. So a
machine's copy of a content is never out of date, also when a run starts over and writes a file again. A machine
fetches a content once, into a folder that all its processes use, and compares it before anyone maps it. What a
process writes is the copy of its machine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import io
import mmap
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import pyarrow as pa

from jobs.exchange.workplace import WorkPlace
from lookalike.errors import MissingObjectError, StoreError
from lookalike.outputs.checksums import Checksum
from lookalike.outputs.layout import WORK, snapshot_folder
from lookalike.outputs.opening import shared_store
from lookalike.outputs.store import PIECE, Store
from lookalike.outputs.upload import UploadedFile
from lookalike.outputs.urls import StoreUrl

_LINE_BYTES: Final = 200  # more than a line has
_AT_ONCE: Final = 4  # pieces of a file that are fetched at once
_COUNTED_EVERY: Final = 3.0  # seconds from one request of a counter to its next


@dataclasses.dataclass(frozen=True)
class WorkObjects(WorkPlace):
    """See WorkPlace. A store that fails raises StoreError.

    url: of the output. snapshot: id of what the run writes, in whose folder the objects are. driver_copies: the
    driver's folder for its copies. Processes of its machine use it as well; others use one among the files that Spark
    removes from their machine when the run ends.
    """

    url: StoreUrl
    snapshot: str
    driver_copies: Path

    @contextlib.contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """As in WorkPlace."""
        temporary = self._temporary()
        try:
            with temporary.open("xb") as file:
                yield file
            self._put(name, temporary)
        finally:
            temporary.unlink(missing_ok=True)

    def local(self, name: str) -> Path:
        """As in WorkPlace."""
        content = self._content(name)
        copy = self._copies / content.file_name
        if not copy.exists():
            with _one_process(copy.with_suffix(".lock")):
                if not copy.exists():  # no other process has fetched it meanwhile
                    self._fetch(content, copy)
        return copy

    @contextlib.contextmanager
    def stream(self, name: str) -> Iterator[Any]:
        """As in WorkPlace: each part is a request, if this machine has no copy. Parts are not compared."""
        content = self._content(name)
        copy, key = self._copies / content.file_name, self._key(content.file_name)
        if copy.exists():
            yield pa.memory_map(str(copy))
            return
        from jobs.inputs.stores.readahead import StoredStream  # not needed for work folders

        with StoredStream(lambda start, end: self._store.part(key, start, end, None), content.size, ()) as stream:
            yield pa.PythonFile(stream, mode="r")

    @contextlib.contextmanager
    def create_input(self, name: str) -> Iterator[BinaryIO]:
        """As in WorkPlace: an object of this name, sent while it is made. No machine has a copy."""
        file = UploadedFile(self._store, self._key(name))
        try:
            yield cast(BinaryIO, _Upload(file))
            file.finish()
        except BaseException:
            file.discard()
            raise

    def input_path(self, name: str) -> str:
        """As in WorkPlace."""
        return f"{self.url}/{self._key(name)}"

    def exists(self, name: str) -> bool:
        """As in WorkPlace."""
        try:
            self._line(name)
        except MissingObjectError:
            return False
        return True

    @contextlib.contextmanager
    def counter(self, name: str) -> Iterator[ObjectCounter]:
        """As in WorkPlace: an object for each task, with a byte for each step, whose sizes a listing tells.

        What others have counted is known as it was some seconds ago, what has ended exactly.
        """
        counter = ObjectCounter(self._store, self._key(name))
        yield counter
        counter.finish()

    def remove(self) -> None:
        """Remove all objects; for the driver, once no task needs them. The copies go with their folders."""
        self._store.delete([found.key for found in self._store.list(self._folder)])

    def take_over(self) -> None:
        """As in WorkPlace: its work folder is the folder of its copies."""
        for path in sorted(self.driver_copies.iterdir()):
            self._put(path.name, path)

    @property
    def _store(self) -> Store:
        return shared_store(self.url)

    @property
    def _copies(self) -> Path:
        if os.access(self.driver_copies, os.R_OK | os.W_OK | os.X_OK):
            return self.driver_copies
        # Spark names its folders for blocks, which are in the application's folder on this machine.
        blocks = os.environ.get("SPARK_LOCAL_DIRS")
        parent = Path(tempfile.gettempdir()) if blocks is None else Path(blocks.split(",")[0]).parent
        folder = parent / f"lookalike-{self.snapshot}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def _folder(self) -> str:
        return f"{snapshot_folder(self.snapshot)}/{WORK}"

    def _temporary(self) -> Path:
        return self._copies / f".{uuid.uuid4().hex}.tmp"

    def _key(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _put(self, name: str, path: Path) -> None:
        """Put a file of the folder of copies under a name; it becomes a copy."""
        content = _Content.of(path)
        with path.open("rb") as file:
            self._store.put_pieces(self._key(content.file_name), iter(lambda: file.read(PIECE), b""))
        self._store.put(self._key(name), content.line())
        path.rename(self._copies / content.file_name)

    def _line(self, name: str) -> bytes:
        return self._store.get(self._key(name), _LINE_BYTES)[0]

    def _content(self, name: str) -> _Content:
        try:
            return _Content.parse(self._line(name))
        except MissingObjectError as error:  # which would be taken for damage of the live snapshot
            raise StoreError(f"{error}; start the run again") from None

    def _fetch(self, content: _Content, copy: Path) -> None:
        key, temporary = self._key(content.file_name), self._temporary()
        try:
            with temporary.open("xb") as file, ThreadPoolExecutor(_AT_ONCE) as pool:

                def fetch(start: int) -> None:
                    piece = self._store.part(key, start, min(start + PIECE, content.size), None)
                    os.pwrite(file.fileno(), piece, start)

                list(pool.map(fetch, range(0, content.size, PIECE)))
            if _Content.of(temporary) != content:
                raise StoreError(f"{self._store.name(key)}: came damaged; start the run again")
            temporary.rename(copy)
        except MissingObjectError as error:
            raise StoreError(f"{error}; start the run again") from None
        finally:
            temporary.unlink(missing_ok=True)


@dataclasses.dataclass(frozen=True)
class _Content:
    """The content of a file. checksum: as Checksum writes it. size: bytes."""

    checksum: str
    size: int

    @classmethod
    def of(cls, path: Path) -> _Content:
        """That of a file."""
        checksum, size = Checksum(), path.stat().st_size
        if size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) as content:
                for start in range(0, size, PIECE):
                    checksum.update(content[start : start + PIECE])
        return cls(checksum.text(), size)

    @classmethod
    def parse(cls, line: bytes) -> _Content:
        """That which `line` has written."""
        checksum, size = line.decode().split()
        return cls(checksum, int(size))

    def line(self) -> bytes:
        """As the object under the file's name has it."""
        return f"{self.checksum} {self.size}\n".encode()

    @property
    def file_name(self) -> str:
        """Of the object, and of the copies."""
        return self.checksum.replace(":", "-")


class _Upload(io.RawIOBase):
    """What writes to an object, as a stream of Python's."""

    def __init__(self, file: UploadedFile) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._file.write(view)
        return view.nbytes


class ObjectCounter:
    """As Counter."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store, self._folder = store, folder
        self._key = f"{folder}/{uuid.uuid4().hex}"
        self._own = self._told = 0
        self._all = 0
        self._asked = -_COUNTED_EVERY

    def add(self, steps: int) -> int:
        """As in Counter."""
        self._own += steps
        now = time.monotonic()
        if now - self._asked >= _COUNTED_EVERY:
            self._tell()
            self._all = sum(found.bytes for found in self._store.list(self._folder))
            self._asked = now
        return self._all + self._own - self._told

    def finish(self) -> None:
        """Tell the others what this task has counted."""
        if self._own > self._told:
            self._tell()

    def _tell(self) -> None:
        self._store.put(self._key, bytes(self._own))
        self._told = self._own


@contextlib.contextmanager
def _one_process(path: Path) -> Iterator[None]:
    """Wait until no other process of this machine is in this context with the same path. A dead one is in none."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
