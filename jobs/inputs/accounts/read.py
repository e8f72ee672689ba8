"""The accounts of a few files, read at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from jobs.inputs.accounts.choose import ChosenRows, NamesOverTime
from jobs.inputs.accounts.rows import ROWS, OddDates, RowReader, RowsRead, reject_conflicts, rejecting
from jobs.inputs.accounts.table import AccountTable
from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.text.evidence import Evidence

SHOWN_UNDATED: Final = 2


@dataclass(frozen=True)
class AccountCounts:
    """What became of the rows: rows == used + duplicates + earlier_names + the sum of rejected.

    earlier_names: rows with another name than the one that is used of their account; see resolve. unreadable_dates:
    rows whose created_at is neither blank nor a date; they are used without it. undecoded_names: used or duplicate
    rows whose name has bytes that could not be decoded.
    """

    rows: int
    used: int
    duplicates: int
    earlier_names: int
    rejected: dict[Reason, int]
    unreadable_dates: int
    undecoded_names: int

    @classmethod
    def of(
        cls, seen: RowsRead, *, used: int, duplicates: int, earlier_names: int, rejected: dict[Reason, int]
    ) -> AccountCounts:
        """The counts; RuntimeError if rows are unaccounted for."""
        odd = seen.odd_dates.get("created_at")
        counts = cls(
            rows=seen.rows,
            used=used,
            duplicates=duplicates,
            earlier_names=earlier_names,
            rejected=rejected,
            unreadable_dates=odd.rows if odd else 0,
            undecoded_names=seen.undecoded_names,
        )
        if counts.rows != used + duplicates + earlier_names + sum(rejected.values()):
            raise RuntimeError(f"the counts of the accounts' rows do not reconcile: {counts}")
        return counts


@dataclass(frozen=True)
class AccountsRead:
    """The accounts, the count of the rows that they come from, and what these tell.

    names: how many names the accounts have that have several. undated: ids and names of accounts with several, none
    of which was seen at a date, the first SHOWN_UNDATED. odd_dates: of each column with dates that cannot be read.
    quotes: what the quotes in the rows tell.
    """

    table: AccountTable
    counts: AccountCounts
    names: int
    undated: list[tuple[str, str]]
    odd_dates: dict[str, OddDates]
    quotes: Evidence


def read_accounts(
    reader: RowReader, *, fold: Literal["none", "case"], rejects: RejectLog, all_names: bool = False
) -> tuple[AccountsRead, NamesOverTime]:
    """Read and de-duplicate the accounts of all files of a reader; rows that cannot be used go to `rejects`.

    Returns also all names of the accounts that have several. Raises UsageError as the reader does.
    """
    files, seen, reject = reader.files, RowsRead(), rejecting(rejects, reader.files)
    chosen = ChosenRows.of(
        pa.Table.from_batches(
            [batch for number in range(len(files)) for batch in reader.read(number, reject, seen)], ROWS
        )
    )
    reject_conflicts(files, chosen.conflict_file, chosen.conflict_place, reject)
    counts = AccountCounts.of(
        seen,
        used=len(chosen.ids),
        duplicates=chosen.duplicates,
        earlier_names=chosen.earlier_names,
        rejected=dict(rejects.counts),
    )
    earlier = chosen.earlier() if all_names else None
    table = AccountTable.build(chosen.ids, chosen.screen_names, chosen.created_at, fold=fold, earlier=earlier)
    names = chosen.names
    return (
        AccountsRead(table, counts, len(names.ids), names.undated(SHOWN_UNDATED), seen.odd_dates, seen.quotes),
        names,
    )
