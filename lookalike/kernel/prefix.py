"""Plain prefix blocking: cheap, well known and lossy. Only names with the same first characters are compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.names import Codes, EncodedNames
from lookalike.strings.compiler import compiled

_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)


def prefix_blocks(
    names: EncodedNames,
    members: npt.NDArray[np.uint32],
    group_starts: npt.NDArray[np.int64],
    prefix_length: int,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Divide each group into blocks of names that share their first `prefix_length` characters.

    A shorter name is its own prefix. Arguments as for `similar_pairs_of_groups`; returns members and starts in
    the same form for the blocks, and int64[blocks] with the group that each block belongs to.
    """
    group_of = np.repeat(np.arange(len(group_starts) - 1), np.diff(group_starts))
    prefix = prefix_hashes(names.codes, names.offsets, members, prefix_length)
    order = np.lexsort((members, prefix, group_of))
    grouped, hashed = group_of[order], prefix[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (grouped[1:] != grouped[:-1]) | (hashed[1:] != hashed[:-1])
    firsts = np.flatnonzero(is_first)
    return members[order], np.append(firsts, len(order)).astype(np.int64), grouped[firsts]


@compiled
def prefix_hashes(
    codes: Codes, offsets: npt.NDArray[np.int64], members: npt.NDArray[np.uint32], prefix_length: int
) -> npt.NDArray[np.uint64]:
    """uint64[len(members)]: FNV-1a of the codes of each name's first characters."""
    hashes = np.empty(len(members), np.uint64)
    for i in range(len(members)):
        start = offsets[members[i]]
        mixed = _BASIS
        for at in range(start, min(offsets[members[i] + 1], start + prefix_length)):
            mixed = (mixed ^ (np.uint64(codes[at]) + np.uint64(1))) * _PRIME
        hashes[i] = mixed
    return hashes
