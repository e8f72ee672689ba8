"""Look-ups in one published snapshot: manifest, bucket, row group, rows. Nothing is loaded beforehand."""

import math
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa

from lookalike.errors import SnapshotError
from lookalike.outputs.buckets import bucket_of
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import CURRENT, MANIFEST, is_snapshot_id, snapshot_folder
from lookalike.outputs.outputs import Output
from lookalike.snapshots.manifest import Manifest, load, parse
from lookalike.snapshots.run import Run
from lookalike.tables.schemas import BUCKETED, OVERLAYS, SCHEMAS
from lookalike.threshold import Threshold


class HashtagRow(NamedTuple):
    """A row of the table of hashtags; see schemas.HASHTAGS."""

    hashtag: str
    display: str
    posts: int
    members: int
    pairs: int


class AccountRow(NamedTuple):
    """A row of the table of accounts; see schemas.ACCOUNTS."""

    account_id: str
    screen_name: str
    account_created: datetime | None
    posts: int
    hashtags: int
    lookalikes: int


def current_id(output: Output) -> str:
    """The id of the live snapshot. Raises SnapshotError if none has been published."""
    snapshot = live_or_none(output)
    if snapshot is None:
        raise SnapshotError(f"{output}: no snapshot has been published here")
    return snapshot


def live_or_none(output: Output) -> str | None:
    """The same; None if none has been published."""
    if isinstance(output, Path):
        place = str(output / CURRENT)
        try:
            with (output / CURRENT).open("rb") as file:
                data = file.read(100)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SnapshotError(f"{place}: {error.strerror}") from None
    else:
        place = output.name(CURRENT)
        found = output.current()
        if found is None:
            return None
        data = found
    snapshot = data.decode("ascii", "replace").removesuffix("\n")
    if not is_snapshot_id(snapshot):
        raise SnapshotError(f"{place}: holds no snapshot id")
    return snapshot


class Snapshot:
    """One snapshot, open for look-ups from any number of threads.

    A footer is read when its bucket is first asked for, and so are the places of an overlay's rows, checked against
    the manifest, and kept; a file is open only while rows are read.
    Look-ups raise SnapshotError if a file is missing or damaged.
    """

    def __init__(self, output: Output, manifest: Manifest) -> None:
        """Use an output and a manifest that is already loaded."""
        self.output = output
        self.manifest = manifest
        self._files: dict[tuple[str, int | None], list[FileEntry]] = {}
        for entry in manifest.files:
            self._files.setdefault((entry.table, entry.bucket), []).append(entry)
        self._runs: dict[tuple[str, int | None], Run] = {}
        self._lock = threading.Lock()
        self._opening: dict[tuple[str, int | None], threading.Lock] = {}

    @classmethod
    def open(cls, output: Output, snapshot: str | None = None) -> Self:
        """Open the snapshot with this id, or the live one."""
        snapshot = current_id(output) if snapshot is None else snapshot
        folder = snapshot_folder(snapshot)
        if isinstance(output, Path):
            manifest = load(output / folder / MANIFEST)
        else:
            manifest = parse(output.manifest(snapshot), output.name(f"{folder}/{MANIFEST}"))
        if manifest.id != snapshot:
            raise SnapshotError(f"{output}/{folder}: holds the manifest of {manifest.id}")
        return cls(output, manifest)

    def hashtag(self, key: str) -> HashtagRow | None:
        """The row of a hashtag, given as the normalised key; None if nobody used it."""
        for rows in self._rows("hashtags", key):
            return HashtagRow(**rows.to_pylist()[0])
        return None

    def members(self, key: str) -> pa.Table:
        """The members of a hashtag (schemas.MEMBERS), sorted by account id; empty if nobody used it."""
        return _concat(self.iter_members(key), "members")

    def iter_members(self, key: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The same rows in pieces of at most a row group. columns: some, the hashtag first; None for all."""
        return self._rows("members", key, columns)

    def account(self, account_id: str) -> AccountRow | None:
        """The row of an account; None if the input did not have it."""
        for rows in self._rows("accounts", account_id):
            return AccountRow(**rows.to_pylist()[0])
        return None

    def account_hashtags(self, account_id: str) -> pa.Table:
        """The hashtags that an account used (schemas.ACCOUNT_HASHTAGS), sorted by hashtag."""
        return _concat(self._rows("account_hashtags", account_id), "account_hashtags")

    def lookalikes(self, account_id: str) -> pa.Table:
        """The accounts that look like one (schemas.LOOKALIKES), those that share most hashtags first."""
        return _concat(self._rows("lookalikes", account_id), "lookalikes")

    def pairs(self, key: str, min_similarity: Threshold | None = None) -> pa.Table:
        """The similar pairs of a hashtag (schemas.PAIRS), the most similar first.

        Pairs whose exact similarity (m - d) / m is below min_similarity are left out. Pairs below the
        snapshot's floor are not stored: asking for less than the floor gives no more than the floor.
        """
        return _concat(self.iter_pairs(key, min_similarity), "pairs")

    def iter_pairs(self, key: str, min_similarity: Threshold | None = None) -> Iterator[pa.Table]:
        """The same rows in pieces of at most a row group, so that memory stays flat whatever their number."""
        lowest = -math.inf if min_similarity is None else min_similarity.lowest_similarity
        for rows in self._rows("pairs", key):
            similarity = rows.column("similarity").combine_chunks().to_numpy()
            head = int(np.searchsorted(-similarity, -lowest, side="right"))
            if head:
                yield rows.slice(0, head)
            if head < len(similarity):
                return

    def run(self, table: str, bucket: int | None) -> Run:
        """The sorted run of rows that a table has in a bucket; bucket None where a table has none."""
        place = (table, bucket)
        run = self._runs.get(place)
        if run is None:
            with self._lock:
                opening = self._opening.setdefault(place, threading.Lock())
            with opening:  # others wait that ask for the same, and nobody else
                run = self._runs.get(place)
                if run is None:
                    overlay = self._files.get((OVERLAYS.get(table, ""), bucket), [])
                    run = self._runs[place] = Run(self.output, table, self._files.get(place, []), overlay)
        return run

    def _rows(self, table: str, key: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        try:
            encoded = key.encode()
        except UnicodeEncodeError:  # half of a surrogate pair: no text, so nobody's hashtag
            return iter(())
        bucket = bucket_of(encoded, self.manifest.buckets) if table in BUCKETED else None
        return self.run(table, bucket).rows(encoded, columns)


def _concat(pieces: Iterator[pa.Table], table: str) -> pa.Table:
    found = list(pieces)
    return pa.concat_tables(found) if found else SCHEMAS[table].empty_table()
