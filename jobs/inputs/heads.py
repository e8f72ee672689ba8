"""One input file examined by its first bytes: its format, and how it is read but for the quoting."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Final

from jobs.inputs import parquet
from jobs.inputs.columns import positions
from jobs.inputs.dialects import find_delimiter, find_encoding_and_line_ends, looks_like, recode
from jobs.inputs.header import find_header_below, read_header
from jobs.inputs.jsonlines import NO_DELIMITER, find_paths, is_json_lines, looks_like_one_value, objects_in
from jobs.inputs.paths import JsonPath
from jobs.inputs.presets.preset import Preset
from jobs.inputs.presets.registry import PRESETS, preset_of_columns, preset_of_objects
from jobs.inputs.quoting import Judged, judge_head
from jobs.inputs.reading import DELIMITERS, Reading
from jobs.inputs.streams import compression_of, file_status, open_bytes
from jobs.inputs.tables import HASHTAGS, Compression, Dialect, Format, InputFile, Quoting, Table
from lookalike.errors import UsageError

HEAD_BYTES: Final = 1 << 20
_OBJECTS: Final = 1000  # whose keys tell what a file of JSON Lines has


@dataclasses.dataclass(frozen=True)
class Head:
    """What is known of a file before its rows are read.

    dialect: but for the quoting. content: the first bytes of a text as open_text gives it, to the end of the header.
    judged: how its quotes can be read; None where the options say it, and in other formats. reading: as asked for, with
    the names of the preset. preset: whose export it is. paths: JSON Lines only, of the columns.
    """

    path: str
    size: int
    modified_ns: int
    compression: Compression | None
    reading: Reading
    format: Format = "tsv"
    dialect: Dialect = Dialect()
    content: bytes = b""
    judged: Judged | None = None
    preset: Preset | None = None
    paths: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str, table: Table, reading: Reading) -> Head:
        """Read the first bytes of a file."""
        size, modified_ns = file_status(path)
        compression = compression_of(path)
        with open_bytes(path, compression) as stream:
            content = stream.read(HEAD_BYTES)
        head = cls(path, size, modified_ns, compression, reading)
        if content.startswith(parquet.MAGIC) and compression is None:
            return dataclasses.replace(head, format="parquet")
        complete = len(content) < HEAD_BYTES
        dialect = find_encoding_and_line_ends(content, reading)
        content = recode(content, dialect)
        if is_json_lines(content):
            return head._of_json_lines(content, dialect, table)
        return head._of_text(content, dialect, table, complete=complete)

    def _of_text(self, content: bytes, dialect: Dialect, table: Table, *, complete: bool) -> Head:
        if looks_like_one_value(content):
            raise UsageError(f"{self.path}: is JSON, but not an object a line, as JSON Lines are")
        delimiter = find_delimiter(content, table, self.reading)
        dialect = dataclasses.replace(dialect, delimiter=DELIMITERS[delimiter])
        names, body = read_header(content, dialect, self.reading.skip_lines)
        preset = _asked(self.reading) or preset_of_columns(names) if self.reading.preset != "none" else None
        reading = _named(self.reading, preset, table)
        judged = None
        if reading.quoting == "auto":
            judged = judge_head(self.path, content, table, reading, dialect, complete=complete)
        below = find_header_below(content, body, dialect, table, reading)
        header = content[: max(body, below)]  # the rest of many files is much
        return dataclasses.replace(
            self, dialect=dialect, content=header, judged=judged, preset=preset, reading=reading
        )

    def _of_json_lines(self, content: bytes, dialect: Dialect, table: Table) -> Head:
        objects = list(itertools.islice(objects_in(content), _OBJECTS))
        preset = None
        if self.reading.preset != "none":
            preset = _asked(self.reading) or preset_of_objects(
                lambda path: any(JsonPath.parse(path).find(one) is not None for one in objects)
            )
        reading = _named(self.reading, preset, table)
        paths = find_paths(self.path, table, objects, reading)
        dialect = dataclasses.replace(dialect, delimiter=NO_DELIMITER)
        return dataclasses.replace(
            self, format="jsonl", dialect=dialect, preset=preset, paths=paths, reading=reading
        )

    def examine(self, table: Table, quoting: Quoting) -> InputFile:
        """The file, its fields quoted as those of all of its table are."""
        file = InputFile(
            path=str(Path(self.path).absolute()),  # a cluster's tasks run in folders of their own
            size=self.size,
            modified_ns=self.modified_ns,
            format=self.format,
            compression=self.compression,
            dialect=self.dialect,
            day_first=self.reading.day_first,
            preset=None if self.preset is None else self.preset.name,
            separator=None if self.preset is None else self.preset.separator,
        )
        if self.format == "jsonl":
            return self._finished(dataclasses.replace(file, columns=(0,), fields=1, paths=self.paths), table)
        if self.format == "parquet":
            return self._finished(parquet.examine(file, table, self.reading), table)
        chosen = quoting if self.reading.quoting == "auto" else self.reading.quoting
        dialect = dataclasses.replace(self.dialect, quoting=chosen)
        names, body = read_header(self.content, dialect, self.reading.skip_lines)
        if not names:
            raise UsageError(f"{self.path}: empty, not even a header with the columns {', '.join(table.required)}")
        hint = looks_like(dialect)
        below = find_header_below(self.content, body, dialect, table, self.reading)
        if below:
            lines = self.content[:below].rstrip(b"\n").count(b"\n")
            hint += f"; the header may be in line {lines + 1}: --skip-lines {lines}"
        columns = positions(self.path, table, names, self.reading, hint)
        file = dataclasses.replace(file, dialect=dialect, columns=columns, fields=len(names), body=body)
        return self._finished(file, table)

    def _finished(self, file: InputFile, table: Table) -> InputFile:
        """With what the columns' names say of their values."""
        names = self.reading.columns
        filled = frozenset(column for column in table.columns if names.get(column, "").endswith("?"))
        asked = self.reading.hashtags_from
        has_column = HASHTAGS in table.columns and file.has(table, HASHTAGS)
        from_text = HASHTAGS in table.columns and (asked == "text" or (asked == "auto" and not has_column))
        if from_text:
            if not file.has(table, "text"):
                raise UsageError(f"{self.path}: no column 'text' to take hashtags from")
            file = dataclasses.replace(file, separator="bar")
        elif HASHTAGS in table.columns and not has_column:
            raise UsageError(f"{self.path}: no column 'hashtags'; see --hashtags-from")
        return dataclasses.replace(file, filled=filled, from_text=from_text)


def _asked(reading: Reading) -> Preset | None:
    return PRESETS.get(reading.preset)


def _named(reading: Reading, preset: Preset | None, table: Table) -> Reading:
    """With the names that the preset has for the columns of a table; those that the options name count before."""
    if preset is None:
        return reading
    names = preset.posts if table.name == "posts" else preset.accounts
    known = {column: name for column, name in names.items() if column in table.columns}
    return dataclasses.replace(reading, columns=known | dict(reading.columns))
