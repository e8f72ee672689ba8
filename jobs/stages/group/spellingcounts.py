"""How often a hashtag was written in which way."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables import SPELLINGS


@dataclasses.dataclass(frozen=True)
class SpellingCounts:
    """n spellings, each once, in the order of (hashtag, spelling).

    hashtag: int64[n], place of the hashtag among others. spelling: StringArray of n. posts: int64[n], >= 1.
    """

    hashtag: npt.NDArray[np.int64]
    spelling: pa.StringArray
    posts: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls,
        hashtag: npt.NDArray[np.int64],
        spellings: Sequence[pa.StringArray],
        posts: npt.NDArray[np.int64],
    ) -> Self:
        """Add up counts in any order; the spellings, in pieces, may come several times."""
        encoded = pa.chunked_array(spellings, pa.string()).combine_chunks().dictionary_encode()
        alphabetical = pc.sort_indices(encoded.dictionary)
        rank = np.empty(len(alphabetical), np.int64)
        rank[alphabetical.to_numpy()] = np.arange(len(alphabetical))
        key = hashtag * max(1, len(rank)) + rank[encoded.indices.to_numpy()]
        keys, place = np.unique(key, return_inverse=True)
        counts = np.bincount(place, posts, len(keys)).astype(np.int64)
        used = counts > 0
        hashtags, ranks = np.divmod(keys[used], max(1, len(rank)))
        ordered = encoded.dictionary.take(alphabetical)
        return cls(hashtags, ordered.take(pa.array(ranks)), counts[used])

    def most_frequent(self) -> pa.StringArray:
        """Of each hashtag that has any the spelling of most posts; of equal ones the first in code point order."""
        order = np.lexsort((-self.posts, self.hashtag))
        first = np.flatnonzero(np.diff(self.hashtag[order], prepend=-1))
        return self.spelling.take(pa.array(order[first]))

    def rows(self, keys: pa.StringArray) -> pa.RecordBatch:
        """As tables.SPELLINGS; keys: of the hashtags."""
        return SPELLINGS.batch(hashtag=keys.take(pa.array(self.hashtag)), spelling=self.spelling, posts=self.posts)
