"""Similar pairs as rows of the snapshot."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.accounts.table import AccountTable
from lookalike.kernel import signals
from lookalike.snapshots.datafiles import row_groups
from lookalike.tables import PAIRS

Numbers = npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class SimilarPairs:
    """n pairs in the order of tables.PAIRS. hashtag, account_a, account_b uint32[n]: numbers; signals: see there."""

    hashtag: Numbers
    account_a: Numbers
    account_b: Numbers
    signals: dict[str, npt.NDArray[Any]]

    @classmethod
    def of(cls, table: AccountTable, sent: pa.Table) -> Self:
        """From what came through the channel of pairs, in any order."""
        hashtag, a, b, distance = (
            sent[name].to_numpy() for name in ("hashtag", "account_a", "account_b", "distance")
        )
        known = signals(table.names, a, b, distance)
        if len(table.earlier_owner):
            a, b = table.owner_of(a), table.owner_of(b)
            a, b = np.minimum(a, b), np.maximum(a, b)
            best = _best(hashtag, a, b, known)
            hashtag, a, b = hashtag[best], a[best], b[best]
            known = {name: values[best] for name, values in known.items()}
        order = np.lexsort((b, a, -known["similarity"], hashtag))
        return cls(hashtag[order], a[order], b[order], {name: values[order] for name, values in known.items()})

    def rows(self, keys: pa.StringArray, ids: pa.LargeStringArray) -> Iterator[pa.RecordBatch]:
        """As tables.PAIRS, in pieces. keys: of all hashtags, ids: of all accounts."""
        for part in row_groups(len(self.hashtag)):
            yield PAIRS.batch(
                hashtag=keys.take(pa.array(self.hashtag[part])),
                account_a=ids.take(pa.array(self.account_a[part])).cast(pa.string()),
                account_b=ids.take(pa.array(self.account_b[part])).cast(pa.string()),
                **{name: values[part] for name, values in self.signals.items()},
            )


def _best(hashtag: Numbers, a: Numbers, b: Numbers, known: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.intp]:
    """Of pairs that are there several times, by several names, the place of the most similar one.

    Of equally similar ones that of the least distance.
    """
    order = np.lexsort((known["distance"], -known["similarity"], b, a, hashtag))
    first = np.ones(len(order), np.bool_)
    first[1:] = False
    for column in (hashtag, a, b):
        first[1:] |= np.diff(column[order]) != 0
    return order[first]
