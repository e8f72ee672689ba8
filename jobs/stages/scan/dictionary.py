"""The hashtags of a bucket, and their spellings."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


@dataclasses.dataclass(frozen=True)
class Dictionary:
    """n spellings, in the order of their hashes, of m hashtags, in the order of their keys.

    hash uint64[n] ascending, spellings StringArray of n, hashtag int64[n] in [0, m), keys StringArray of m.
    """

    hash: npt.NDArray[np.uint64]
    spellings: pa.StringArray
    hashtag: npt.NDArray[np.int64]
    keys: pa.StringArray

    @classmethod
    def of(cls, table: pa.Table) -> Dictionary:
        """From what Spellings.dictionary() gave to many tasks. RuntimeError if two spellings have one hash."""
        table = table.combine_chunks()
        hashes, first, place = np.unique(table["hash"].to_numpy(), return_index=True, return_inverse=True)
        spellings = table["spelling"].combine_chunks().take(pa.array(first))
        other = pc.not_equal(table["spelling"], spellings.take(pa.array(place)))
        if pc.any(other, min_count=0).as_py():
            one = int(np.flatnonzero(other.to_numpy())[0])
            raise RuntimeError(
                f"the hashtags {table['spelling'][one].as_py()!r} and {spellings[int(place[one])].as_py()!r} "
                "have the same hash. Start the run again: each run uses other hashes"
            )
        encoded = table["key"].combine_chunks().take(pa.array(first)).dictionary_encode()
        order = pc.sort_indices(encoded.dictionary).to_numpy()
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return cls(hashes, spellings, rank[encoded.indices.to_numpy()], encoded.dictionary.take(pa.array(order)))

    def find(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """int64[k]: the spelling of each hash."""
        return np.searchsorted(self.hash, hashes)
