"""What a format of input files is: how it is recognised, examined and read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from jobs.inputs.presets.preset import Preset
from jobs.inputs.presets.registry import PRESETS
from jobs.inputs.reading import Reading
from jobs.inputs.stores.choose import absolute
from jobs.inputs.stores.store import FileStatus
from jobs.inputs.tables import PLAIN_TEXT, Compression, Dialect, InputFile, Part, Quoting, RowBatch, Table
from jobs.inputs.text.quoting import Judged


@dataclasses.dataclass(frozen=True)
class Head:
    """What is known of a file before it is known how all files of its table are quoted.

    format: a name of registry.FORMATS. dialect: of text, but for the quoting. content: the first bytes of text, as
    streams.open_text gives it. complete: whether these are all. judged: how the quotes can be read; None where the
    options say it, and in formats without quoting. reading: as asked for, with the names of the preset. preset: whose
    export it is. paths: where the columns are, in a format whose values are found by paths. absent: see
    InputFile. has_lists: whether hashtags are lists there.
    """

    path: str
    status: FileStatus
    compression: Compression | None
    reading: Reading
    format: str = ""
    dialect: Dialect = PLAIN_TEXT
    content: bytes = b""
    complete: bool = True
    judged: Judged | None = None
    preset: Preset | None = None
    paths: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()
    has_lists: bool = False

    def of_preset(self, found: Preset | None, table: Table) -> Head:
        """With a preset's names of the table's columns: of that which the options name, else of `found`.

        What the options name a column counts before the preset's name, and that before Reading.usual.
        """
        if self.reading.preset != "auto":
            found = PRESETS.get(self.reading.preset)
        names = {} if found is None else found.names_in(table.name)
        known = {column: name for column, name in names.items() if column in table.columns}
        reading = dataclasses.replace(self.reading, columns={**self.reading.usual, **known, **self.reading.columns})
        return dataclasses.replace(self, preset=found, reading=reading)

    def file(self) -> InputFile:
        """What the head tells, for the format to complete."""
        return InputFile(
            path=absolute(self.path),  # a cluster's tasks run in folders of their own
            size=self.status.size,
            modified_ns=self.status.modified_ns,
            version=self.status.version,
            format=self.format,
            compression=self.compression,
            dialect=self.dialect,
            day_first=self.reading.day_first,
            preset=None if self.preset is None else self.preset.name,
            separator=None if self.preset is None else self.preset.separator,
        )


class Format(Protocol):
    """A format: an entry of registry.FORMATS."""

    @property
    def title(self) -> str:
        """For a person."""

    @property
    def is_text(self) -> bool:
        """Whether the bytes are text, which is converted to UTF-8 with line feeds and may be compressed."""

    def words(self, file: InputFile) -> list[str]:
        """How a file is written, for a person."""

    def recognises(self, content: bytes) -> bool:
        """Whether a file that begins so is of this format."""

    def look(self, head: Head, table: Table) -> Head:
        """The head with what it tells of the columns. Raises UsageError."""

    def examine(self, head: Head, table: Table, quoting: Quoting) -> InputFile:
        """All that must be known to read the file. quoting: of all files of the table. Raises UsageError."""

    def read(self, file: InputFile, part: Part, table: Table) -> Iterator[RowBatch]:
        """The rows of a part of the file."""

    def fetch(self, file: InputFile, places: npt.NDArray[np.int64], table: Table) -> Iterator[RowBatch]:
        """The rows that begin at some places of a file that can be sought in."""
