"""Telling raw tab-separated files from RFC 4180 quoted ones, and reading their header."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Final

import numpy as np

from jobs.inputs.scanner import room, scan_quoted, scan_raw
from jobs.inputs.tables import Quoting

HEAD_BYTES: Final = 1 << 20
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UNFINISHED_TAIL: Final = 1 << 16  # bytes that the sample's last row may reasonably have lost
_LINE_FEED: Final = b"\n"


def read_header(head: bytes, quoting: Quoting) -> tuple[list[str], int]:
    """The names of the columns and the offset of the first byte after the header's line.

    head: the file's first bytes. The header is the first line that is not blank; no names if there is none.
    """
    at = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    while at < len(head):
        end = head.find(_LINE_FEED, at)
        after = len(head) if end < 0 else end + 1
        line = head[at:after].removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "backslashreplace")
        if line:
            return _names(line, quoting), after
        at = after
    return [], at


def _names(line: str, quoting: Quoting) -> list[str]:
    if quoting == "none":
        return line.split("\t")
    try:
        return next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error:
        return []


def detect_quoting(head: bytes, columns: Sequence[str], *, complete: bool) -> Quoting:
    """The reading of the file's head under which fewer rows are malformed; raw if there is no difference.

    head: the file's first bytes, all of them if `complete`. columns: what the header must name; a reading
    that does not find them loses to one that does.
    """
    if b'"' not in head:
        return "none"
    quoted_names, body = read_header(head, "rfc4180")
    raw_names, _ = read_header(head, "none")
    if set(columns) <= set(quoted_names) and not set(columns) <= set(raw_names):
        return "rfc4180"
    sample = head[body:]
    if not complete:
        sample = _whole_rows(sample, len(quoted_names))
    raw = malformed_rows(sample, len(raw_names), "none")
    return "rfc4180" if malformed_rows(sample, len(quoted_names), "rfc4180") < raw else "none"


def _whole_rows(sample: bytes, fields: int) -> bytes:
    """The sample without the row that it cuts: under RFC 4180 if it can be a row, else its last line."""
    end = _scan(sample, fields, "rfc4180", final=False)[1]
    if len(sample) - end <= _UNFINISHED_TAIL:
        return sample[:end]
    return sample[: sample.rfind(_LINE_FEED) + 1]


def malformed_rows(sample: bytes, fields: int, quoting: Quoting) -> int:
    """How many rows of the sample are malformed if a row has `fields` fields."""
    whole = sample if sample.endswith(_LINE_FEED) else sample + _LINE_FEED
    return _scan(whole, fields, quoting, final=True)[0]


def _scan(sample: bytes, fields: int, quoting: Quoting, *, final: bool) -> tuple[int, int]:
    """Number of malformed rows, and where the last complete row ends."""
    buffer = np.frombuffer(bytearray(sample), np.uint8)
    slots = np.full(fields, -1, np.int64)
    found = room(1, 1 << 12)
    malformed, at = 0, 0
    while True:
        if quoting == "none":
            rows, bad, at = scan_raw(buffer, at, len(buffer), len(buffer), slots, found)
        else:
            rows, bad, at = scan_quoted(buffer, at, len(buffer), len(buffer), slots, found, buffer, final)
        malformed += bad
        if max(rows, bad) < found.row.shape[1]:
            return malformed, at
