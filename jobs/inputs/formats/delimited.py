"""Text with a row on a line and a delimiter between its fields, such as TSV and CSV."""

from __future__ import annotations

import dataclasses
from typing import Final

from jobs.inputs.columns import has_columns, positions
from jobs.inputs.formats.format import Head
from jobs.inputs.presets.registry import preset_of_columns
from jobs.inputs.reading import DELIMITERS, Reading
from jobs.inputs.tables import Dialect, InputFile, Quoting, Table
from jobs.inputs.text.dialects import find_delimiter, looks_like, words_of
from jobs.inputs.text.header import after_mark, find_header_below, read_header
from jobs.inputs.text.misfits import refuse_longer_rows, refuse_spaces
from jobs.inputs.text.quoting import Judged, judge_head
from jobs.inputs.text.window import fetch_places, read_part
from lookalike.errors import UsageError

_JSON: Final = (b"[", b"{")


@dataclasses.dataclass(frozen=True)
class Delimited:
    """See Format."""

    title: str = "delimited text"
    is_text: bool = True

    def words(self, file: InputFile) -> list[str]:
        """See Format."""
        return words_of(file.dialect)

    def recognises(self, content: bytes) -> bool:  # noqa: ARG002  # what nothing else is
        """Any text."""
        return True

    def look(self, head: Head, table: Table) -> Head:
        """Delimiter, preset, and what the quotes tell."""
        content = head.content
        if content.lstrip()[:1] in _JSON:
            raise UsageError(
                f"{head.path}: is JSON, but not an object a line, as JSON Lines are. For an array, jq -c '.[]' FILE "
                "writes them; for pages of Twitter's API v2, twarc2 flatten"
            )
        if head.reading.skip_lines and _begins_with_header(content, table, head.reading):
            head = dataclasses.replace(head, reading=dataclasses.replace(head.reading, skip_lines=0))
        delimiter = find_delimiter(content, table, head.reading)
        dialect = dataclasses.replace(head.dialect, delimiter=DELIMITERS[delimiter])
        names, body = read_header(content, dialect, head.reading.skip_lines)
        head = head.of_preset(preset_of_columns(names), table)
        judged = None
        if head.reading.quoting == "auto":
            judged = judge_head(head.path, content, table, head.reading, dialect, complete=head.complete)
        ways = [dataclasses.replace(dialect, quoting=quoting) for quoting in _quotings(head.reading, judged)]
        refuse_longer_rows(head.path, content, table, head.reading, ways, complete=head.complete)
        below = find_header_below(content, body, dialect, table, head.reading)
        header = content[: max(body, below)]  # the rest of many files is much
        return dataclasses.replace(head, dialect=dialect, content=header, judged=judged)

    def examine(self, head: Head, table: Table, quoting: Quoting) -> InputFile:
        """With the positions of the columns."""
        reading = head.reading
        chosen = quoting if reading.quoting == "auto" else reading.quoting
        dialect = dataclasses.replace(head.dialect, quoting=chosen)
        refuse_spaces(head.path, head.content, table, reading, dialect)
        names, body = read_header(head.content, dialect, reading.skip_lines)
        if not names:
            lines = head.content[after_mark(head.content) :].splitlines()[reading.skip_lines :]
            if any(map(bytes.strip, lines)):
                raise UsageError(f"{head.path}: a quote in the header does not close in its line; rename that column")
            raise UsageError(f"{head.path}: empty, not even a header with the columns {', '.join(table.required)}")
        hint = _header_below(head, table, dialect, body)
        looks = looks_like(dialect) if len(names) > 1 else "; there is one column alone"
        columns = positions(head.path, table, names, reading, looks, hint)
        return dataclasses.replace(head.file(), dialect=dialect, columns=columns, fields=len(names), body=body)

    read = staticmethod(read_part)
    fetch = staticmethod(fetch_places)


def _quotings(reading: Reading, judged: Judged | None) -> tuple[Quoting, ...]:
    """In which ways a file may be quoted. Where no row fits the header, its quotes tell no more than that it is."""
    if reading.quoting != "auto":
        return (reading.quoting,)
    return ("none",) if judged is None or judged.best == "none" else ("rfc4180", "backslash")


def _begins_with_header(content: bytes, table: Table, reading: Reading) -> bool:
    """Whether there is nothing above the header: not all files of a run need to have the same notes there."""
    reading = dataclasses.replace(reading, skip_lines=0)
    dialect = Dialect(DELIMITERS[find_delimiter(content, table, reading)])
    names, _ = read_header(content, dialect)
    return preset_of_columns(names) is not None or has_columns(table, names, reading)


def _header_below(head: Head, table: Table, dialect: Dialect, body: int) -> str:
    """Where the header may be, if it is not the first line."""
    below = find_header_below(head.content, body, dialect, table, head.reading)
    if not below:
        return ""
    lines = head.content[:below].rstrip(b"\n").count(b"\n")
    return f"the header may be in line {lines + 1}: --skip-lines {lines}"
