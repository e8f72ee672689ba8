"""The formats that pairs are written in, and which of them a request asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, Literal

import pyarrow as pa

from serving.api.evidence import EVIDENCE, PAIR, SIDE
from serving.api.text import csv_lines, joined, json_objects
from serving.problems.kinds import NotAcceptable

Format = Literal["json", "ndjson", "csv", "arrow"]
MEDIA_TYPES: Final[dict[Format, str]] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
}
# Other names of the same.
_ALIASES: Final[dict[str, Format]] = {
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/vnd.apache.arrow.stream": "arrow",
}
# Rows that are written at once: some 2 MB of text.
_LOT: Final = 4096
_RANGE: Final = re.compile(r"\s*([\w!#$&^.+*-]+)/([\w!#$&^.+*-]+)\s*((?:;[^;]*)*)", re.ASCII)
_QUALITY: Final = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.ASCII | re.IGNORECASE)
# A pair's own members, and those of each of its accounts after the id.
_PAIR: Final = (*PAIR.names, "created_gap_seconds")
_SIDE: Final = [name for name in SIDE.names if name != "account_id"]


def negotiate(accept: str | None) -> Format:
    """The format that an Accept header likes best, ours first among equals; JSON without a header.

    Raises NotAcceptable if it takes none of them. What is no media range in it is passed over.
    """
    if accept is None or not accept.strip():
        return "json"
    liked = [(_quality(accept, media_type), format) for format, media_type in MEDIA_TYPES.items()]
    liked += [(_quality(accept, alias, exactly=True), format) for alias, format in _ALIASES.items()]
    best, format = max(liked, key=lambda choice: choice[0])
    if best <= 0:
        raise NotAcceptable(
            f"Accept: the answer is available as {', '.join(MEDIA_TYPES.values())}.", parameter="Accept"
        )
    return format


def _quality(accept: str, media_type: str, *, exactly: bool = False) -> float:
    """The quality that the most specific range gives to a media type; 0 if none matches."""
    kind = media_type.partition("/")[0]
    ranks = {media_type: 2} if exactly else {media_type: 2, f"{kind}/*": 1, "*/*": 0}
    found = (-1, 0.0)
    for part in accept.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            continue
        rank = ranks.get(f"{match[1]}/{match[2]}".lower())
        if rank is not None and rank > found[0]:
            found = rank, _weight(match[3])
    return found[1]


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        match = _QUALITY.fullmatch(parameter)
        if match is not None:
            return float(match[1])
    return 1.0


def content_type(format: Format) -> str:
    """The Content-Type of a format."""
    return f"{MEDIA_TYPES[format]}; charset=utf-8; header=present" if format == "csv" else MEDIA_TYPES[format]


def encoded(
    format: Format,
    tables: Iterator[pa.Table],
    head: dict[str, Any],
    tail: dict[str, Any],
    *,
    marked_ids: bool = False,
) -> Iterator[bytes]:
    """Pairs with their evidence (EVIDENCE) in a format, a lot at a time.

    JSON is one object: the members of `head`, then `pairs`, then the members of `tail`. The other formats are
    the pairs alone. marked_ids: in CSV the ids begin with '.
    """
    writers: dict[str, Callable[[Iterator[pa.Table]], Iterator[bytes]]] = {
        "ndjson": _ndjson,
        "csv": partial(_csv, marked_ids=marked_ids),
        "arrow": _arrow,
    }
    lots = (table.slice(start, _LOT) for table in tables for start in range(0, table.num_rows, _LOT))
    return _json(lots, head, tail) if format == "json" else writers[format](lots)


def pair_objects(rows: pa.Table) -> Any:
    """Each pair as the JSON object that pairs.Pair describes."""
    sides = {
        side: [("account_id", rows.column(f"account_{side}"))]
        + [(name, rows.column(f"{name}_{side}")) for name in _SIDE]
        for side in "ab"
    }
    return json_objects([*((name, rows.column(name)) for name in _PAIR), ("a", sides["a"]), ("b", sides["b"])])


def _json(lots: Iterator[pa.Table], head: dict[str, Any], tail: dict[str, Any]) -> Iterator[bytes]:
    yield _members(head).encode() + b',"pairs":['
    for number, rows in enumerate(lots):
        yield (b"," if number else b"") + joined(pair_objects(rows), ",")
    yield b"]," + _members(tail)[1:].encode() + b"}"


def _members(values: dict[str, Any]) -> str:
    """A JSON object without its end."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))[:-1]


def _ndjson(lots: Iterator[pa.Table]) -> Iterator[bytes]:
    for rows in lots:
        yield joined(pair_objects(rows), "\n") + b"\n"


def _csv(lots: Iterator[pa.Table], *, marked_ids: bool) -> Iterator[bytes]:
    marked = [EVIDENCE.names.index(f"account_{side}") for side in "ab"] if marked_ids else []
    # Not before the first rows are read: what goes wrong with them can then still be said.
    head = ",".join(EVIDENCE.names).encode() + b"\r\n"
    for rows in lots:
        yield head + joined(csv_lines(rows.columns, marked), "\r\n") + b"\r\n"
        head = b""
    yield head


class _Sink:
    """A file for Arrow to write to, emptied lot by lot."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def _arrow(lots: Iterator[pa.Table]) -> Iterator[bytes]:
    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), EVIDENCE) as writer:
        for rows in lots:
            writer.write_table(rows)
            yield sink.taken()
    yield sink.taken()
