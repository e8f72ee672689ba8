"""Of all rows of some accounts those that are used, and all names that the accounts had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.inputs.accounts.resolve import Resolved, Strings, resolve
from jobs.inputs.accounts.table import EarlierNames
from jobs.inputs.dates.timeparts import NULL_TIME
from lookalike.strings.packed import large_strings, packed_strings
from lookalike.strings.values import Places


@dataclass(frozen=True)
class NamesOverTime:
    """n names of accounts, ordered by id and name; first, last, rows: as in resolve.SeenNames."""

    ids: pa.LargeStringArray
    screen_names: pa.LargeStringArray
    first: Places
    last: Places
    rows: Places

    def undated(self, most: int) -> list[tuple[str, str]]:
        """Ids and names of accounts that no name of was seen at a date, the first `most` of them."""
        account = self.ids.dictionary_encode().indices.to_numpy()
        dated = np.zeros(len(self.ids) + 1, np.bool_)
        dated[account[self.last != NULL_TIME]] = True
        first = np.flatnonzero(~dated[account])[:most].tolist()
        return [(self.ids[i].as_py(), self.screen_names[i].as_py()) for i in first]


@dataclass(frozen=True)
class ChosenRows:
    """What became of the usable rows of some accounts, of each of which all rows were there.

    ids, screen_names, created_at int64[n]: the n accounts in ascending order of id. names: all of the accounts that
    have several. conflict_file int32[k], conflict_place int64[k]: rows that contradict those used. duplicates,
    earlier_names: see AccountCounts.
    """

    ids: pa.LargeStringArray
    screen_names: pa.LargeStringArray
    created_at: Places
    names: NamesOverTime
    conflict_file: npt.NDArray[np.int32]
    conflict_place: Places
    duplicates: int
    earlier_names: int

    @classmethod
    def of(cls, rows: pa.Table) -> ChosenRows:
        """rows: as rows.ROWS, in their order. Which row of an account is used says resolve.resolve."""
        columns = dict(zip(rows.column_names, rows.columns, strict=True))
        del rows
        ids, names = (Strings(*packed_strings(columns.pop(name).combine_chunks())) for name in ("id", "screen_name"))
        created, seen, file, place = (
            columns.pop(name).to_numpy() for name in ("created_at", "seen_at", "file", "place")
        )
        resolved = resolve(ids, names, created, seen)
        conflicts = resolved.conflicts
        over_time = _over_time(ids, names, resolved)
        conflict_file, conflict_place = file[conflicts], place[conflicts]
        # Each column is given up as soon as it is in order: many rows are in memory once, not twice.
        del file, place, seen
        created = created[resolved.used]
        ordered_ids = _taken(ids, resolved.used)
        del ids
        return cls(
            ids=ordered_ids,
            screen_names=_taken(names, resolved.used),
            created_at=created,
            names=over_time,
            conflict_file=conflict_file,
            conflict_place=conflict_place,
            duplicates=resolved.duplicates,
            earlier_names=resolved.earlier,
        )

    def earlier(self) -> EarlierNames:
        """The names over time but those that are used."""
        over_time = self.names
        owner = pc.index_in(over_time.ids, value_set=self.ids)
        others = pc.not_equal(over_time.screen_names, self.screen_names.take(owner))
        return EarlierNames(owner.filter(others).to_numpy().astype(np.uint32), over_time.screen_names.filter(others))


def _over_time(ids: Strings, names: Strings, resolved: Resolved) -> NamesOverTime:
    found = resolved.names
    return NamesOverTime(_taken(ids, found.row), _taken(names, found.row), found.first, found.last, found.rows)


def _taken(values: Strings, rows: Places) -> pa.LargeStringArray:
    taken = values.take(rows)
    return large_strings(taken.packed, taken.offsets)
