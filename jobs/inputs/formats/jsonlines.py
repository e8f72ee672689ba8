"""JSON Lines as input: an object a line; what the paths of the columns find becomes what a text file would hold."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from jobs.inputs.columns import ColumnsError, missing_columns, plain_name, shown
from jobs.inputs.formats.format import Head
from jobs.inputs.formats.jsonpaths import JsonPath
from jobs.inputs.presets.registry import preset_of_objects
from jobs.inputs.reading import NO_COLUMN, Reading
from jobs.inputs.separators.literals import hashtag_in
from jobs.inputs.tables import HASHTAGS, Column, InputFile, Part, Quoting, RowBatch, Table
from jobs.inputs.text.encodings import decoded
from jobs.inputs.text.header import after_mark
from jobs.inputs.text.quotes import no_tally
from jobs.inputs.text.window import fetch_places, read_part
from lookalike.errors import UsageError

LINES: Final = Table("lines", ("line",))
NO_DELIMITER: Final = 0  # JSON has no such byte
_OBJECTS: Final = 1000  # whose keys tell what a file has
_LONG_NUMBER: Final = re.compile(rb"\d{20}|-\d{19}")  # orjson makes whole numbers beyond 64 bits doubles
_EXACT: Final = 1 << 53  # below it a double has all digits of a whole number


@dataclasses.dataclass(frozen=True)
class JsonLines:
    """See Format."""

    title: str = "JSON Lines"
    is_text: bool = True

    def words(self, file: InputFile) -> list[str]:  # noqa: ARG002  # all are alike
        """See Format."""
        return [self.title]

    def recognises(self, content: bytes) -> bool:
        """Whether the first line that is not blank is an object."""
        lines = content[after_mark(content) :].splitlines()
        first = next((line for line in lines if line.strip()), b"")
        return first.lstrip().startswith(b"{") and _load(first) is not None

    def look(self, head: Head, table: Table) -> Head:
        """Preset, and the paths of the columns."""
        mark = after_mark(head.content)
        objects = list(itertools.islice(_objects_in(head.content[mark:]), _OBJECTS))
        if any(isinstance(one.get("data"), list) or {"data", "includes"} <= one.keys() for one in objects):
            raise UsageError(
                f"{head.path}: holds pages of Twitter's API v2, not a tweet a line; make it one by "
                f"twarc2 flatten {head.path} FLAT.jsonl"
            )
        head = head.of_preset(preset_of_objects(lambda path: _is_in(JsonPath.parse(path), objects)), table)
        paths, absent = find_paths(head.path, table, objects, head.reading)
        dialect = dataclasses.replace(head.dialect, delimiter=NO_DELIMITER)
        lists = HASHTAGS in table.columns and _has_lists(paths[table.columns.index(HASHTAGS)], objects)
        return dataclasses.replace(
            head, dialect=dialect, content=head.content[:mark], paths=paths, absent=absent, has_lists=lists
        )

    def examine(self, head: Head, table: Table, quoting: Quoting) -> InputFile:  # noqa: ARG002  # nothing is quoted
        """A line is one field. The first begins after a byte order mark."""
        file = head.file()
        return dataclasses.replace(
            file,
            columns=(0,),
            fields=1,
            body=len(head.content),
            paths=head.paths,
            absent=head.absent,
            separator="bar" if head.has_lists else file.separator,  # see text_of
        )

    def read(self, file: InputFile, part: Part, table: Table) -> Iterator[RowBatch]:
        """See Format."""
        return (parse_lines(batch, table, file) for batch in read_part(file, part, LINES))

    def fetch(self, file: InputFile, places: npt.NDArray[np.int64], table: Table) -> Iterator[RowBatch]:
        """See Format."""
        return (parse_lines(batch, table, file) for batch in fetch_places(file, places, LINES))


def _objects_in(head: bytes) -> Iterator[dict[str, Any]]:
    """The objects of the whole lines of a head."""
    for line in head[: head.rfind(b"\n") + 1].splitlines() or [head]:
        found = _load(line)
        if found is not None:
            yield found


def _load(line: bytes) -> dict[str, Any] | None:
    """The object in a line; None if it is none.

    Python's reader takes what orjson refuses, but other programs write: NaN, which is no value, halves of surrogate
    pairs, and bytes that are not UTF-8. It also keeps all digits of whole numbers beyond 64 bits.
    """
    found = None
    with contextlib.suppress(orjson.JSONDecodeError):
        found = None if _LONG_NUMBER.search(line) else orjson.loads(line)
    if found is None:
        try:
            found = json.loads(decoded(line), parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict) else None


def find_paths(
    path: str, table: Table, objects: Sequence[dict[str, Any]], reading: Reading
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The path of each column of a table, "" for none, and the columns that none of the objects has.

    ColumnsError if one of these must be there.
    """
    written = {key for one in objects for key in one}
    keys = {plain_name(key): key for key in sorted(written, reverse=True)}
    paths: dict[str, str] = {}
    absent: set[str] = set()
    for column in table.columns:
        like = column if column in written else keys.get(plain_name(column), column)
        text = reading.columns.get(column, like)
        if text == NO_COLUMN:
            continue
        try:
            wanted = _path(text)
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from None
        paths[column] = text
        asked_for = column == HASHTAGS and reading.hashtags_from == "column"
        if not (text.endswith("?") or asked_for or _is_in(wanted, objects)):
            absent.add(column)
    lacking = missing_columns(table, lambda column: column in paths and column not in absent, reading)
    if lacking:
        found = f"found: {shown(list(dict.fromkeys(_leaves(objects))))}; the file looks like JSON Lines"
        raise ColumnsError(path, table, lacking, found, reading, what="", place="PATH")
    return tuple(paths.get(column, "") for column in table.columns), frozenset(absent)


def _has_lists(path: str, objects: Sequence[dict[str, Any]]) -> bool:
    """Whether one of the objects has a list there."""
    return path != "" and any(isinstance(_path(path).find(one), list) for one in objects)


def _path(text: str) -> JsonPath:
    """The path of a column, without the sign that only its presence counts. Raises ValueError if it is none."""
    return JsonPath.parse(text.removesuffix("?"))


def _is_in(path: JsonPath, objects: Sequence[dict[str, Any]]) -> bool:
    """Whether one of the objects has a value there."""
    return any(path.find(one) is not None for one in objects)


def _leaves(objects: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The paths of all values that are no objects."""
    for one in objects:
        for key, value in one.items():
            if isinstance(value, dict):
                yield from (f"{key}.{below}" for below in _leaves([value]))
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                yield from (f"{key}[].{below}" for below in _leaves(value[:1]))
            else:
                yield key


def parse_lines(lines: RowBatch, table: Table, file: InputFile) -> RowBatch:
    """The values that the file's paths find in each line; a line that is no object is malformed.

    UsageError if an object has what the first ones lacked, and the file is read without.
    """
    paths = file.paths
    unexpected = JsonPath.parse(file.unexpected) if file.unexpected else None
    wanted = [_path(text) if text else None for text in paths]
    values: list[list[bytes]] = [[] for _ in paths]
    good, malformed = [], list(lines.malformed)
    for i in range(len(lines)):
        line = lines.raw(i)
        found = _load(line)
        if found is None:
            malformed.append((int(lines.place[i]), line))
            continue
        if unexpected is not None and unexpected.find(found) is not None:
            raise UsageError(
                f"{file.path}: the first {_OBJECTS:,} objects have no {file.unexpected!r}, so that hashtags come "
                "from the texts, but a later one has it; choose with --hashtags-from column or --hashtags-from text"
            )
        good.append(i)
        for column, path, text in zip(values, wanted, paths, strict=True):
            value = None if path is None else path.find(found)
            some = isinstance(value, list) and text.endswith("?")  # a list that is found is not empty
            column.append(b"1" if some else text_of(value))
    kept = lines.take(np.array(good, np.intp))
    columns = tuple(map(Column.of, values))
    malformed.sort(key=lambda one: one[0])
    return RowBatch(table, columns, kept.place, malformed, kept.written, no_tally(len(columns)))


def text_of(value: Any) -> bytes:
    """A JSON value as a text file would hold it; a list as hashtags with bars between them."""
    if value is None:
        return b""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        value = int(value)
    if isinstance(value, list):
        return b"|".join(text_of(hashtag_in(one) if isinstance(one, dict) else one) for one in value)
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value).encode("utf-8", "replace")
