"""Look-ups in one published snapshot: manifest, bucket, row group, rows. Nothing is loaded beforehand."""

import math
import threading
from collections.abc import Iterator, Sequence
from typing import Literal, Self

import numpy as np
import pyarrow as pa

from lookalike.errors import SnapshotError
from lookalike.outputs.buckets import bucket_of
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.outputs.layout import MANIFEST, snapshot_folder
from lookalike.snapshots.groupedpairs import GroupedPairs
from lookalike.snapshots.manifest import Manifest, parse
from lookalike.snapshots.namegroups import NameGroups
from lookalike.snapshots.stored import StoredTable, in_order
from lookalike.strings.compiler import is_interpreting
from lookalike.tables import MEMBERS, TABLES, AccountRow, HashtagRow
from lookalike.threshold import Threshold


class Snapshot:
    """One snapshot, open for look-ups from any number of threads.

    A footer is read when its bucket is first asked for, checked against the manifest, and kept; a file is open only
    while rows are read.
    Look-ups raise SnapshotError if a file is missing or damaged.
    """

    def __init__(self, output: Output, manifest: Manifest) -> None:
        """Use an output and a manifest that is already loaded."""
        self.output = output
        self.manifest = manifest
        self._files: dict[tuple[str, int | None], list[FileEntry]] = {}
        for entry in manifest.files:
            self._files.setdefault((entry.table, entry.bucket), []).append(entry)
        self._stored: dict[tuple[str, int | None], StoredTable] = {}
        self._lock = threading.Lock()
        self._opening: dict[tuple[str, int | None], threading.Lock] = {}

    @classmethod
    def open(cls, output: Output, snapshot: str | None = None) -> Self:
        """Open the snapshot with this id, or the live one, whose manifest must be the one that CURRENT names."""
        snapshot = output.live() if snapshot is None else snapshot
        folder = snapshot_folder(snapshot)
        content = output.manifest(snapshot)
        manifest = parse(content, output.name(f"{folder}/{MANIFEST}"))
        output.check_manifest(snapshot, content)
        if manifest.id != snapshot:
            raise SnapshotError(f"{output}/{folder}: holds the manifest of {manifest.id}")
        return cls(output, manifest)

    def hashtag(self, key: str) -> HashtagRow | None:
        """The row of a hashtag, given as the normalised key; None if no account used it."""
        for rows in self._rows("hashtags", key):
            return HashtagRow(**rows.to_pylist()[0])
        return None

    def members(self, key: str) -> pa.Table:
        """The members of a hashtag (tables.MEMBERS), sorted by account id; empty if no account used it."""
        return self._sorted("members", key)

    def iter_members(self, key: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The same rows in pieces of at most a row group, generation by generation. columns: some; None for all."""
        return self._rows("members", key, columns)

    def account(self, account_id: str) -> AccountRow | None:
        """The row of an account; None if the input did not have it."""
        for rows in self._rows("accounts", account_id):
            return AccountRow(**rows.to_pylist()[0])
        return None

    def names(self, account_id: str) -> pa.Table:
        """All names that an account had (tables.NAMES), if there were several."""
        return _concat(self._rows("names", account_id), "names")

    def account_hashtags(self, account_id: str) -> pa.Table:
        """The hashtags that an account used (tables.ACCOUNT_HASHTAGS), sorted by hashtag."""
        return self._sorted("account_hashtags", account_id)

    def lookalikes(self, account_id: str) -> pa.Table:
        """The accounts that look like one (tables.LOOKALIKES), those that share most hashtags first."""
        return _concat(self._rows("lookalikes", account_id), "lookalikes")

    def pairs(self, key: str, min_similarity: Threshold | None = None) -> pa.Table:
        """The similar pairs of a hashtag (tables.PAIRS), the most similar first.

        Pairs whose exact similarity (m - d) / m is below min_similarity are left out. Pairs below the
        snapshot's floor are not stored: asking for less than the floor gives no more than the floor.
        """
        return _concat(self.iter_pairs(key, min_similarity), "pairs")

    def iter_pairs(self, key: str, min_similarity: Threshold | None = None) -> Iterator[pa.Table]:
        """The same rows in pieces of at most a row group, so that memory stays flat whatever their number."""
        lowest = -math.inf if min_similarity is None else min_similarity.lowest_similarity
        if self.manifest.is_grouped:
            yield from (piece.rows(key) for piece in self.grouped_pairs(key).pieces(lowest))
            return
        for rows in self._rows("pairs", key):
            similarity = rows.column("similarity").combine_chunks().to_numpy()
            head = int(np.searchsorted(-similarity, -lowest, side="right"))
            if head:
                yield rows.slice(0, head)
            if head < len(similarity):
                return

    def grouped_pairs(self, key: str, *, plainly: bool = False) -> GroupedPairs:
        """All similar pairs of a hashtag of a snapshot that has identical names as groups, not listed yet.

        plainly: by nothing compiled; so are those of a process that runs functions as Python.
        """
        columns = ["account_id", "screen_name"]
        members = pa.concat_tables([MEMBERS.part(columns).empty_table(), *self._rows("members", key, columns)])
        fold: Literal["none", "case"] = "case" if self.manifest.configuration.get("fold") == "case" else "none"
        groups = NameGroups.of(members, self.identical(key), fold=fold, plainly=plainly or is_interpreting())
        return GroupedPairs(groups, lambda: self.stored_pairs(key))

    def identical(self, key: str) -> pa.Table:
        """The members of a hashtag with the name of an earlier one (tables.IDENTICAL)."""
        return _concat(self._rows("identical", key), "identical")

    def stored_pairs(self, key: str) -> Iterator[pa.Table]:
        """The rows of a hashtag in the table of pairs, in pieces of at most a row group."""
        return self._rows("pairs", key)

    def count_pairs(self, key: str, min_similarity: Threshold) -> int:
        """How many pairs of a hashtag have at least this similarity; see `pairs`."""
        if self.manifest.is_grouped:
            totals, lowest = (
                self.grouped_pairs(key).totals(),
                min_similarity.lowest_similarity,
            )
            return sum(pairs for similarity, pairs in totals if similarity >= lowest)
        return sum(rows.num_rows for rows in self.iter_pairs(key, min_similarity))

    def entries(self, table: str, bucket: int | None) -> list[FileEntry]:
        """The files of a table in a bucket, the newest generation first; nothing is read."""
        return in_order(self._files.get((table, bucket), []))

    def stored(self, table: str, bucket: int | None) -> StoredTable:
        """What a table has in a bucket; bucket None where a table has none."""
        place = (table, bucket)
        stored = self._stored.get(place)
        if stored is None:
            with self._lock:
                opening = self._opening.setdefault(place, threading.Lock())
            with opening:  # others wait that ask for the same, and nobody else
                stored = self._stored.get(place)
                if stored is None:
                    stored = self._stored[place] = StoredTable(self.output, table, self._files.get(place, []))
        return stored

    def stored_for(self, table: str, key: str) -> StoredTable:
        """What a table has in the bucket of a hashtag or an account."""
        return self.stored(table, bucket_of(key, self.manifest.buckets) if TABLES[table].bucket else None)

    def _rows(self, table: str, key: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        try:
            encoded = key.encode()
        except UnicodeEncodeError:  # half of a surrogate pair: no text, so nobody's hashtag
            return iter(())
        return self.stored_for(table, key).rows(encoded, columns)

    def _sorted(self, table: str, key: str) -> pa.Table:
        """The rows of a key in the table's order, whatever generation they are of."""
        rows = _concat(self._rows(table, key), table)
        is_in_order = self.stored_for(table, key).generations == 1 if rows.num_rows else True
        return rows if is_in_order else rows.sort_by([(TABLES[table].key[1], "ascending")])


def _concat(pieces: Iterator[pa.Table], table: str) -> pa.Table:
    found = list(pieces)
    return pa.concat_tables(found) if found else TABLES[table].schema.empty_table()
