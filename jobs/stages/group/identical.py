"""Members of a hashtag with identical names as one group, of which only the first account is compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.stages.group.groups import Groups
from lookalike.kernel import EncodedNames, first_with_name
from lookalike.snapshots.datafiles import row_groups
from lookalike.tables import IDENTICAL

Numbers = npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class IdenticalNames:
    """n accounts with the name of another one of their hashtag, in the order of tables.IDENTICAL.

    hashtag: int64[n], its place in the bucket. first, account: uint32[n], numbers of accounts, first < account.
    """

    hashtag: npt.NDArray[np.int64]
    first: Numbers
    account: Numbers

    @classmethod
    def take_from(cls, groups: Groups, names: EncodedNames) -> tuple[Groups, Self]:
        """The groups with the first account of each name alone, and the other accounts."""
        first = first_with_name(names, groups.members, groups.starts)
        hashtag = np.repeat(np.arange(len(groups.sizes)), np.diff(groups.starts))
        is_first = first == np.arange(len(first))
        before = np.concatenate([[0], np.cumsum(is_first)])
        compared = dataclasses.replace(
            groups,
            starts=before[groups.starts],
            members=groups.members[is_first],
            weights=np.bincount(first, minlength=len(first))[is_first].astype(np.uint32),
        )
        others = np.flatnonzero(~is_first)
        others = others[np.lexsort((others, first[others]))]  # places are in the order of hashtags, then accounts
        return compared, cls(hashtag[others], groups.members[first[others]], groups.members[others])

    def __len__(self) -> int:
        """Number of accounts."""
        return len(self.account)

    def rows(self, keys: pa.StringArray, ids: pa.LargeStringArray) -> Iterator[pa.RecordBatch]:
        """As tables.IDENTICAL, in pieces. keys: of the bucket's hashtags, ids: of all accounts."""
        for part in row_groups(len(self)):
            yield IDENTICAL.batch(
                hashtag=keys.take(pa.array(self.hashtag[part])),
                account_a=ids.take(pa.array(self.first[part])).cast(pa.string()),
                account_b=ids.take(pa.array(self.account[part])).cast(pa.string()),
            )
