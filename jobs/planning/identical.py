"""Pairs of identical names, counted without comparing any: a run finds at least so many."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jobs.planning.blocks import text_hash
from jobs.stages.group.groups import Groups
from lookalike.kernel.names import Codes, EncodedNames
from lookalike.strings.compiler import compiled

Kinds = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]


def shared_names(names: EncodedNames, accounts: int) -> Kinds:
    """int32[names]: a number for each name that several accounts have as their latest one, -1 for the others.

    accounts: the first so many names are the latest ones. Names with the same hash, one case in 2^64, count as one.
    """
    hashes = _hash_names(names.codes, names.offsets, accounts)
    ordered = np.sort(hashes)
    shared = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return _number(hashes, shared, len(names))


def identical_pairs(groups: Groups, kinds: Kinds) -> npt.NDArray[np.int64]:
    """int64[hashtags]: pairs of members with identical names, of which one is fresh where not all are compared.

    kinds: by shared_names.
    """
    is_fresh = np.ones(len(groups.members), np.bool_) if groups.fresh is None else groups.fresh
    return _identical_pairs(groups.members, groups.starts, is_fresh, kinds)


@compiled
def _hash_names(codes: Codes, offsets: npt.NDArray[np.int64], count: int) -> Hashes:
    hashes = np.empty(count, np.uint64)
    for name in range(count):
        hashes[name] = text_hash(codes, offsets[name], offsets[name + 1] - offsets[name])
    return hashes


@compiled
def _number(hashes: Hashes, shared: Hashes, names: int) -> Kinds:
    """int32[names]: the place in `shared` of each hash, -1 for those that are not there and for names without one.

    Most are not there. The first bits of a hash say so for nearly all of these.
    """
    kinds = np.full(names, -1, np.int32)
    bits = 4
    while 1 << bits < 16 * len(shared):
        bits += 1
    is_there = np.zeros(1 << bits, np.bool_)
    for value in shared:
        is_there[value >> np.uint64(64 - bits)] = True
    for name in range(len(hashes)):
        if is_there[hashes[name] >> np.uint64(64 - bits)]:
            place = np.searchsorted(shared, hashes[name])
            if place < len(shared) and shared[place] == hashes[name]:
                kinds[name] = place
    return kinds


@compiled
def _identical_pairs(
    members: npt.NDArray[np.uint32], starts: npt.NDArray[np.int64], is_fresh: npt.NDArray[np.bool_], kinds: Kinds
) -> npt.NDArray[np.int64]:
    pairs = np.zeros(len(starts) - 1, np.int64)
    seen = np.zeros(kinds.max() + 1 if len(kinds) else 0, np.uint32)
    if not len(seen):
        return pairs
    for hashtag in range(len(pairs)):
        begin, end = starts[hashtag], starts[hashtag + 1]
        for at in range(begin, end):
            if kinds[members[at]] >= 0 and not is_fresh[at]:
                seen[kinds[members[at]]] += 1
        for at in range(begin, end):
            if kinds[members[at]] >= 0 and is_fresh[at]:
                pairs[hashtag] += seen[kinds[members[at]]]
                seen[kinds[members[at]]] += 1
        for at in range(begin, end):
            if kinds[members[at]] >= 0:
                seen[kinds[members[at]]] = 0
    return pairs
