"""What a snapshot looks like on disk: names and paths.

<output>/CURRENT                                        which snapshot is live, see pointer.py
<output>/.lock                                          held by the run that writes
<output>/runs.jsonl                                     a line for each run, failed ones too
<output>/snapshots/<id>/manifest.json                   the truth about everything below
<output>/snapshots/<id>/work/                           only while a run writes the snapshot
<output>/snapshots/<id>/<table>/bucket=NNN/part-NNNNN.parquet   a table that is split into buckets
<output>/snapshots/<id>/<table>/part-NNNNN.parquet              any other, see lookalike.tables
"""

import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from lookalike.errors import SnapshotError
from lookalike.outputs.buckets import MAX_BUCKETS
from lookalike.tables import TABLES

CURRENT: Final = "CURRENT"
LOCK: Final = ".lock"
RUNS: Final = "runs.jsonl"
SNAPSHOTS: Final = "snapshots"
MANIFEST: Final = "manifest.json"
UNCHECKED: Final = f"{MANIFEST}.unchecked"  # its name until the snapshot has been checked
WORK: Final = "work"

_MOMENT: Final = "%Y%m%dT%H%M%SZ"
_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
_DATA_PATH: Final = re.compile(
    rf"snapshots/(?P<id>{_ID.pattern})/(?P<table>{'|'.join(TABLES)})"
    r"(?:/bucket=(?P<bucket>[0-9]{3,4}))?/part-[0-9]{5}\.parquet"
)


class DataPath(NamedTuple):
    """What the relative path of a data file says."""

    snapshot: str
    table: str
    bucket: int | None


def new_snapshot_id(now: datetime | None = None) -> str:
    """An id such as `20261123T150102Z-1a2b3c`: ids sort by time, and two of one second still differ."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{moment:{_MOMENT}}-{secrets.token_hex(3)}"


def id_after(snapshot: str, newest: str | None) -> str:
    """A snapshot's id if it sorts after that of the newest so far; else, as the clock was set back, the next id."""
    if newest is None or snapshot > newest:
        return snapshot
    try:
        moment = datetime.strptime(newest.partition("-")[0], _MOMENT).replace(tzinfo=UTC)
        return new_snapshot_id(moment + timedelta(seconds=1))
    except (ValueError, OverflowError):  # no moment, or the last that there is
        return snapshot


def is_snapshot_id(text: str) -> bool:
    """Whether `text` is a snapshot id, and so safe as one segment of a path."""
    return _ID.fullmatch(text) is not None


def snapshot_folder(snapshot: str) -> str:
    """The folder of a snapshot, relative to the output."""
    if not is_snapshot_id(snapshot):
        raise SnapshotError(f"not a snapshot id: {snapshot[:80]!r}")
    return f"{SNAPSHOTS}/{snapshot}"


def data_path(snapshot: str, table: str, *, bucket: int | None = None, part: int = 0) -> str:
    """The path of a data file, relative to the output folder."""
    folder = "" if bucket is None else f"bucket={bucket:03d}/"
    path = f"{snapshot_folder(snapshot)}/{table}/{folder}part-{part:05d}.parquet"
    parse_data_path(path)
    return path


def parse_data_path(path: str) -> DataPath:
    """Take the relative path of a data file apart.

    Only what `data_path` makes is accepted, so a path that passes cannot leave the output folder.
    Raises SnapshotError for anything else.
    """
    match = _DATA_PATH.fullmatch(path)
    if match is None or (match["bucket"] is None) != (TABLES[match["table"]].bucket is None):
        raise SnapshotError(f"not the path of a data file: {path[:200]!r}")
    bucket = None if match["bucket"] is None else int(match["bucket"])
    if bucket is not None and (bucket >= MAX_BUCKETS or match["bucket"] != f"{bucket:03d}"):
        raise SnapshotError(f"not the path of a data file: {path[:200]!r}")
    return DataPath(match["id"], match["table"], bucket)


def join_path(output: Path, path: str) -> Path:
    """The place of a data file on this machine. Raises SnapshotError for an unsafe path."""
    parse_data_path(path)
    return output / path
