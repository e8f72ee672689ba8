"""Accounts, step 3: make a piece of the table out of the accounts of a range of ids."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange import channels
from jobs.exchange.stage import Route, Stage
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.inputs.accounts.ordering import order_by_bytes
from jobs.inputs.accounts.table import AccountTable, EarlierNames
from lookalike.kernel.names import CharacterCodes
from lookalike.strings.packed import packed_strings


@dataclasses.dataclass(frozen=True)
class SortAccounts(Stage[int]):
    """Task function: numbers of ranges in, the number of accounts of each out; a piece of the table written.

    partitions: that have sent accounts.
    """

    partitions: int
    ranges: int
    characters: CharacterCodes
    fold: Literal["none", "case"]
    work: WorkPlace

    @property
    def receives(self) -> tuple[Route, ...]:
        """Each range its accounts."""
        return (Route("accounts", parts=self.ranges), Route("earlier_names", parts=self.ranges))

    def __call__(self, numbers: Iterable[int]) -> Iterator[int]:
        """Do the ranges whose numbers come in."""
        return map(self._sort, numbers)

    def _sort(self, number: int) -> int:
        rows = channels.accounts(self.work).receive(number, range(self.partitions)).combine_chunks()
        order, _ = order_by_bytes(*packed_strings(_whole(rows["id"])))
        ids, names, created_at = (_whole(column) for column in rows.take(pa.array(order)).columns)
        earlier = channels.earlier_names(self.work).receive(number, range(self.partitions))
        table = AccountTable.build(
            ids,
            names,
            created_at.to_numpy(),
            fold=self.fold,
            earlier=_earlier(ids, earlier),
            characters=self.characters,
        )
        with piece(self.work, number).create() as file:
            table.write(file)
        return len(table)


def piece(work: WorkPlace, number: int) -> WorkFile:
    """The file with the piece of the table of a range."""
    return work / f"accounts-{number:06d}.arrow"


def _earlier(ids: pa.LargeStringArray, earlier: pa.Table) -> EarlierNames:
    """Earlier names of some of these accounts; those of one account come in their order."""
    owner = pc.index_in(earlier["id"], value_set=ids).to_numpy().astype(np.uint32)
    order = np.argsort(owner, kind="stable")
    return EarlierNames(owner[order], _whole(earlier["screen_name"].take(pa.array(order))))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
