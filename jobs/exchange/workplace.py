"""The interface of the place where a run keeps its work files: what only this run needs, and any of its tasks finds.

There are two of them: a folder that all machines see (workfolder.py), and objects below the output's URL, of which
each machine fetches a copy (workobjects.py). jobs/spark/choose.py chooses.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol


class Counter(Protocol):
    """What one task counts with; see WorkPlace.counter."""

    def add(self, steps: int) -> int:
        """Count so many, and return what all tasks have counted together, as far as it is known here."""


class WorkPlace(ABC):
    """Hashable, and can be sent to tasks. Names are those of files, without folders."""

    def __truediv__(self, name: str) -> WorkFile:
        """The file of this name, whether it exists or not."""
        return WorkFile(self, name)

    @abstractmethod
    def create(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file that appears under its name when the context is left without an error, or not at all.

        A task that runs again replaces it by the same.
        """

    @abstractmethod
    def local(self, name: str) -> Path:
        """A file of this machine with the content, to be read or mapped into memory, and not to be changed."""

    @abstractmethod
    def stream(self, name: str) -> AbstractContextManager[Any]:
        """A stream of Arrow's that can seek, to read some parts of a file without the others."""

    @abstractmethod
    def create_input(self, name: str) -> AbstractContextManager[BinaryIO]:
        """As create, for a file that tasks read in parts, as they read input, rather than map as a whole."""

    @abstractmethod
    def input_path(self, name: str) -> str:
        """The path or URL of a file of create_input."""

    def take_over(self) -> None:  # noqa: B027  # a folder has it
        """Take what the driver has written to its work folder, which it could before there was this place."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether there is such a file."""

    @abstractmethod
    def counter(self, name: str) -> AbstractContextManager[Counter]:
        """What a task adds to the count of this name with, which begins at 0. A task done twice counts twice."""


@dataclasses.dataclass(frozen=True)
class WorkFile:
    """A file of a work place; its methods are those of WorkPlace."""

    place: WorkPlace
    name: str

    def create(self) -> AbstractContextManager[BinaryIO]:
        """As in WorkPlace."""
        return self.place.create(self.name)

    def local(self) -> Path:
        """As in WorkPlace."""
        return self.place.local(self.name)

    def stream(self) -> AbstractContextManager[Any]:
        """As in WorkPlace."""
        return self.place.stream(self.name)

    def exists(self) -> bool:
        """As in WorkPlace."""
        return self.place.exists(self.name)

    def counter(self) -> AbstractContextManager[Counter]:
        """As in WorkPlace."""
        return self.place.counter(self.name)
