"""Similar pairs with what is known of both accounts: who they are, how they used the hashtag, when they began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lookalike.errors import SnapshotError
from lookalike.snapshots.datafiles import ROW_GROUP_ROWS
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import MEMBERS, PAIRS
from serving.api.columns import Shown
from serving.api.ranges import with_key

# A pair in an answer, and each of its accounts.
PAIR: Final = Shown(PAIRS, without=("account_a", "account_b"))
SIDE: Final = Shown(MEMBERS, without=("hashtag",))
_OF_MEMBERS: Final = [name for name in SIDE.names if name != "account_id"]
_OF_PAIRS: Final = [name for name in PAIRS.names if name not in PAIRS.key]
_COLUMNS: Final = ["account_id", *_OF_MEMBERS]
# Pieces of pairs, each of a row group at most, that members are looked for at once: some 30 MB with the evidence.
PIECES_AT_ONCE: Final = 8
# Members of a hashtag up to which all of them are kept for the pairs that follow: some 20 MB. Beyond, each lot of
# pairs looks for its own.
KEPT_MEMBERS: Final = 100_000


def _both(names: Sequence[str]) -> list[pa.Field]:
    return [MEMBERS.schema.field(name).with_name(f"{name}_{side}") for name in names for side in "ab"]


# Key: hashtag, account_a, account_b; account_a < account_b. The columns of tables.PAIRS, and those of
# tables.MEMBERS for either account. created_gap_seconds: between the creations of the accounts, never negative; null
# where one of them is unknown. In the order of tables.PAIRS.
EVIDENCE: Final = pa.schema(
    [
        *PAIRS.part(list(PAIRS.key)),
        *_both(["screen_name"]),
        *PAIRS.part(_OF_PAIRS),
        *_both([name for name in _OF_MEMBERS if name != "screen_name"]),
        pa.field("created_gap_seconds", pa.float64()),
    ]
)


class Witness:
    """Attaches the evidence to pairs of one hashtag. For one thread at a time."""

    def __init__(self, snapshot: Snapshot, key: str, members: int) -> None:
        """members: how many the hashtag has. Nothing is read yet."""
        self._snapshot, self._key, self._members = snapshot, key, members
        self._kept: pa.Table | None = None

    def attach(self, pairs: pa.Table) -> pa.Table:
        """Pairs (tables.PAIRS) as EVIDENCE, in the same order."""
        wanted = pa.chunked_array(
            [*pairs.column("account_a").chunks, *pairs.column("account_b").chunks], pa.string()
        ).unique()
        members = self._rows(wanted)
        ids = members.column("account_id").combine_chunks()
        columns: dict[str, pa.ChunkedArray] = {name: pairs.column(name) for name in pairs.column_names}
        for side in "ab":
            rows = pc.index_in(pairs.column(f"account_{side}"), value_set=ids)
            if rows.null_count:
                raise SnapshotError(f"{self._key[:80]!r}: a pair of accounts that are not among its members")
            columns |= {f"{name}_{side}": members.column(name).take(rows) for name in _OF_MEMBERS}
        created = [columns[f"created_at_{side}"].cast(pa.int64()) for side in "ab"]
        gap = pc.abs(pc.subtract(*created)).cast(pa.float64())
        columns["created_gap_seconds"] = pc.divide(gap, 1e6)
        return pa.table([columns[name] for name in EVIDENCE.names], schema=EVIDENCE)

    def attach_all(self, pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """All pairs, the first piece alone so that an answer begins soon, then ever more of them at once.

        A lot of pairs may need every row group of the members: the more pairs a lot has, the less often.
        """
        most = 1
        waiting: list[pa.Table] = []
        for piece in pieces:
            waiting.append(piece)
            if len(waiting) == most:
                yield self.attach(pa.concat_tables(waiting))
                waiting, most = [], min(2 * most, PIECES_AT_ONCE)
        if waiting:
            yield self.attach(pa.concat_tables(waiting))

    def _rows(self, wanted: pa.Array) -> pa.Table:
        """At least the wanted members."""
        if self._kept is not None:
            return self._kept
        if self._members <= KEPT_MEMBERS and len(wanted) > self._members // 8:
            self._kept = _concat(self._snapshot.iter_members(self._key, _COLUMNS))
            return self._kept
        return _concat(self._pieces(wanted))

    def _pieces(self, wanted: pa.Array) -> Iterator[pa.Table]:
        """The members among `wanted`; of few, the ids first, and the rest only of row groups that hold one.

        Each is looked for until it is found, which is first in the newest generation.
        """
        few = len(wanted) * ROW_GROUP_ROWS < self._members
        for piece in with_key(self._snapshot.stored_for("members", self._key), self._key):
            if not len(wanted):
                return
            rows = piece.read(["account_id"] if few else _COLUMNS)
            ids = rows.column("account_id")
            found = pc.indices_nonzero(pc.is_in(ids, value_set=wanted))
            if len(found):
                wanted = wanted.filter(pc.invert(pc.is_in(wanted, value_set=ids.take(found).combine_chunks())))
                yield (piece.read(_COLUMNS) if few else rows).take(found)


def _concat(pieces: Iterator[pa.Table]) -> pa.Table:
    found = list(pieces)
    return pa.concat_tables(found).combine_chunks() if found else MEMBERS.part(_COLUMNS).empty_table()
