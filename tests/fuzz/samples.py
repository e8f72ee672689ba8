"""Valid content of every kind that is read: what damage is done to."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.inputs.exports import EXAMPLES, as_csv, as_lines
from tests.writers import DELIMITED, JSON_LINES, PACKED, TABLES, Lines, Row

_POSTS = ("id", "created_at", "author_id", "is_repost", "text", "hashtags")
_POST_ROWS: Sequence[Row] = [
    ("1", "2023-01-01 10:00:00", "a1", "False", 'so "they" say', "Vote|covid"),
    ("2", "2023-01-01T10:00:00Z", "a2", "True", "", "#vote"),
    ("3", "", "a3", "0", "Straße, café\tand 東京", "covid"),
    ("2", "2023-01-01T10:00:00Z", "a2", "True", "", "#vote"),
    ("4", "10 Oct 2023", "nobody", "", "line\nfeed", ""),
]
_ACCOUNTS = ("id", "created_at", "screen_name")
_ACCOUNT_ROWS: Sequence[Row] = [
    ("a1", "2020-01-01", "maga_eagle_01"),
    ("a2", "2020-01-02T00:00:00Z", "maga_eagle_02"),
    ("a3", "", "Zoë_東京"),
    ("a1", "2020-01-01", "maga_eagle_01"),
    ("a2", "2020-01-03", "renamed"),
]
_TABLES = ((_POSTS, _POST_ROWS), (_ACCOUNTS, _ACCOUNT_ROWS))
# Without Arrow's own schema most of the footer is what every reader of Parquet interprets.
_PARQUET: list[dict[str, Any]] = [
    {"compression": "none", "store_schema": False, "row_group_size": 2},
    {"compression": "zstd", "data_page_version": "2.0", "use_dictionary": False},
    {"write_page_checksum": True, "write_page_index": True},
]
_RECODED = {"utf-16": "utf-16", "utf-8-sig": "utf-8-sig", "cp1252": "latin-1"}


def _plain(rows: Sequence[Row]) -> list[Row]:
    """The rows without what a raw file cannot hold."""
    return [tuple(str(value).replace("\n", " ").replace("\t", " ") for value in row) for row in rows]


def texts() -> list[bytes]:
    """Delimited text: every writer, and every export that is a table."""
    found = []
    for names, rows in _TABLES:
        for name in ("raw", "csv", "csv, all quoted", "backslashes"):
            for delimiter, line_end in (("\t", "\n"), (",", "\r\n"), (";", "\r")):
                values = _plain(rows) if name == "raw" or line_end == "\r" else rows
                text = DELIMITED[name].write(Lines(names, values, delimiter, line_end, True))
                found.append(text.encode())
        found += [text.encode(codec, "replace") for codec in _RECODED for text in [found[-4].decode()]]
    return found + _exports(as_csv)


def lines() -> list[bytes]:
    """JSON Lines: every writer, and every export of objects."""
    found = [write(names, rows).encode() for names, rows in _TABLES for write in _writers()]
    return found + _exports(as_lines)


def _writers() -> list[Any]:
    return [JSON_LINES[name] for name in ("escaped", "not escaped", "nulls")]


def _exports(write: Any) -> list[bytes]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in EXAMPLES.values():
            flat = all(isinstance(value, str) for row in rows for value in row.values())
            if flat == (write is as_csv):
                write(Path(folder, "export"), rows)
                found.append(Path(folder, "export").read_bytes())
    return found


def parquets() -> list[bytes]:
    """Parquet: every type of text, encoded in several ways."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for names, rows in _TABLES:
            lists = [(*row[:-1], str(row[-1]).split("|")) for row in rows] if names is _POSTS else rows
            for table in [make(names, rows) for make in TABLES.values()] + [TABLES["strings"](names, lists)]:
                for options in _PARQUET:
                    pq.write_table(table, Path(folder, "rows"), **options)
                    found.append(Path(folder, "rows").read_bytes())
    return found


def packed(content: bytes) -> list[bytes]:
    """The content compressed in every way."""
    return [pack(content) for name, pack in PACKED.items() if name != "not at all"]


TARGETS_OF_REQUESTS = [
    "/api/get_similar_accounts?hashtag=a",
    "/api/get_similar_accounts?hashtag=%23B&min_similarity=0.3&limit=2",
    "/api/v1/hashtags?limit=1&q=a&sort=pairs",
    "/api/v1/hashtags/a",
    "/api/v1/hashtags/a/pairs?limit=1&min_similarity=0.55&format=csv",
    "/api/v1/hashtags/b/pairs?limit=1",
    "/api/v1/accounts/{account}",
    "/api/v1/compare?a={account}&b={account}",
    "/api/v1/snapshot",
    "/livez",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
]
HEADERS = [
    (b"accept", b"application/json, text/csv;q=0.5, */*;q=0.1"),
    (b"accept-encoding", b"gzip, deflate;q=0.5, br"),
    (b"if-none-match", b'W/"20261123T150102Z-1a2b3c", "x"'),
    (b"x-forwarded-for", b"192.0.2.1, 198.51.100.7"),
    (b"authorization", b"Bearer abc"),
    (b"x-request-id", b"0123456789abcdef"),
    (b"host", b"localhost:8080"),
    (b"range", b"bytes=0-10"),
    (b"content-length", b"3"),
    (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
]
