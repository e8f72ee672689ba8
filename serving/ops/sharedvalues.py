"""An array of doubles a process, which the worker processes of one service can read of each other.

A worker counts in memory that is mapped from a small file; whoever is asked for the metrics adds up the files
of all workers. Nothing is locked, sent or flushed: a count costs the same as in a list, and is seen at once.
Files of workers that have ended stay, so that counters never run backwards; the folder of a service that has
ended is removed by the next one that starts.
"""

from __future__ import annotations

import contextlib
import mmap
import multiprocessing
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

_PREFIX: Final = "lookalike"


class Values(NamedTuple):
    """The doubles of one process, its number, and whether it still runs."""

    doubles: Sequence[float]
    process: int
    alive: bool


class SharedValues:
    """`own`: the doubles of this process, all zero at first. `layout` tells apart what must not be added up."""

    def __init__(self, size: int, layout: int, folder: Path | None) -> None:
        self.folder = folder
        self._pattern = f"{layout & 0xFFFFFFFF:08x}-{size}-"
        self.own: list[float] | memoryview[float] = [0.0] * size  # twice as quick as mapped memory
        if folder is None:
            return
        self._file = folder / f"{self._pattern}{os.getpid()}-{time.time_ns():x}"
        temporary = folder / f".{self._file.name}.tmp"
        with temporary.open("x+b") as file:
            file.truncate(8 * size)
            self.own = memoryview(mmap.mmap(file.fileno(), 8 * size)).cast("d")
        temporary.rename(self._file)  # seen by others only at its full size

    def all(self) -> Iterator[Values]:
        """The doubles of every worker, this one's first."""
        yield Values(self.own, os.getpid(), alive=True)
        if self.folder is None:
            return
        for file in sorted(self.folder.glob(f"{self._pattern}*")):
            if file != self._file:
                process = int(file.name.split("-")[2])
                with contextlib.suppress(OSError):
                    yield Values(memoryview(file.read_bytes()).cast("d"), process, alive=_is_alive(process))


def worker_folder() -> Path | None:
    """The folder that the workers of this service share; None in a service of one process.

    Workers know each other by the process that started them. Other services' folders are removed if the
    process in their name is gone.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is None or supervisor.pid is None:
        return None
    base = Path(tempfile.gettempdir())
    own = base / _folder_name(supervisor.pid)
    for folder in base.glob(f"{_PREFIX}-{os.getuid()}-*"):
        process = folder.name.split("-")[2]
        if folder != own and process.isdigit() and (int(process) == supervisor.pid or not _is_alive(int(process))):
            shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(FileExistsError):
        own.mkdir(mode=0o700)
    found = own.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{own}: belongs to somebody else; remove it, or set TMPDIR to another folder")
    return own


def _folder_name(process: int) -> str:
    """With the process's time of start, as far as it can be told: numbers of processes come round again."""
    with contextlib.suppress(OSError, IndexError):
        started = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{_PREFIX}-{os.getuid()}-{process}-{started}"
    return f"{_PREFIX}-{os.getuid()}-{process}-0"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
