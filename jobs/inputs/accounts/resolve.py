"""Of the rows of one account: which is used, which only repeat another, and which have names of earlier times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.inputs.accounts.ordering import order_by_bytes
from jobs.inputs.dates.timeparts import NULL_TIME
from lookalike.strings.values import Bytes, Places, pack_values

_LATEST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Strings:
    """Strings one after the other: packed uint8[], offsets int64[n + 1]."""

    packed: Bytes
    offsets: Places

    def take(self, rows: Places) -> Strings:
        """Copies of the strings of some rows."""
        return Strings(*pack_values(self.packed, self.offsets[rows], self.offsets[rows + 1]))


@dataclass(frozen=True)
class SeenNames:
    """All names of the accounts that have several, ordered by id and name.

    row: int64[n], a row that has the name. first, last: int64[n], when it was seen, microseconds since 1970 or
    NULL_TIME. rows: int64[n], rows that have it.
    """

    row: Places
    first: Places
    last: Places
    rows: Places


@dataclass(frozen=True)
class Resolved:
    """What became of n usable rows.

    used: rows, one an account, in order of id. conflicts: rows with the name of the used one and another creation
    date. duplicates: how many rows repeat another one's name and creation date. earlier: how many have another name.
    """

    used: Places
    conflicts: Places
    duplicates: int
    earlier: int
    names: SeenNames


def resolve(ids: Strings, names: Strings, created: Places, seen: Places) -> Resolved:
    """Of the rows of an account that with the latest `seen` is used, then `created`, then of the highest number."""
    order, same_id = order_by_bytes(ids.packed, ids.offsets)
    last_of_id = np.append(~same_id[1:], True) if len(order) else same_id
    shared = np.flatnonzero(same_id | ~last_of_id)  # places in the order of rows whose account has several
    nothing = np.zeros(0, np.int64)
    if not len(shared):
        return Resolved(order, nothing, 0, 0, SeenNames(nothing, nothing, nothing, nothing))
    row, account = order[shared], np.cumsum(~same_id[shared]) - 1
    name = _numbered(names.take(row), account)
    by_date = np.lexsort((row, created[row], seen[row], account))
    used = by_date[_last_of_runs(account[by_date])]  # one an account, in the order of accounts
    # Rows with the same name and creation date are one, the last of them; those of the used row come last.
    is_used = np.zeros(len(row), np.bool_)
    is_used[used] = True
    alike = np.lexsort((row, is_used, created[row], name))
    kept = alike[_last_of_runs(created[row][alike], name[alike])]
    others = kept[~is_used[kept]]
    is_earlier = name[others] != name[used[account[others]]]
    order[shared[_last_of_runs(account)]] = row[used]
    return Resolved(
        used=order[last_of_id],
        conflicts=row[others[~is_earlier]],
        duplicates=len(row) - len(kept),
        earlier=int(np.count_nonzero(is_earlier)),
        names=_seen_names(row, account, name, seen[row]),
    )


def _numbered(values: Strings, group: Places) -> Places:
    """int64[n]: a number of each value, ascending with its group and bytes, the same for equal values of a group."""
    order, same = order_by_bytes(values.packed, values.offsets, group)
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(~same)
    return numbers


def _last_of_runs(*keys: Places) -> Places:
    """The last place of each run of equal keys."""
    ends = np.ones(len(keys[0]), np.bool_)
    ends[:-1] = False
    for key in keys:
        ends[:-1] |= key[1:] != key[:-1]
    return np.flatnonzero(ends)


def _seen_names(row: Places, account: Places, name: Places, seen: Places) -> SeenNames:
    order = np.lexsort((row, seen, name))
    last = _last_of_runs(name[order])
    rows = np.diff(last, prepend=-1)
    starts = last - rows + 1
    dated = np.where(seen == NULL_TIME, _LATEST, seen)[order]
    first = np.minimum.reduceat(dated, starts)
    first[first == _LATEST] = NULL_TIME
    chosen = order[last]
    several = np.bincount(account[chosen])[account[chosen]] > 1
    return SeenNames(row[chosen][several], first[several], seen[chosen][several], rows[several])
