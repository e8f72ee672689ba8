"""Members of a group whose names are the same, found without comparing every pair."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.names import Codes, EncodedNames
from lookalike.kernel.prefix import prefix_hashes
from lookalike.strings.compiler import compiled

_WHOLE_NAME = 1 << 40  # code points; more than any name has

Places = npt.NDArray[np.int64]


def first_with_name(names: EncodedNames, members: npt.NDArray[np.uint32], starts: Places) -> Places:
    """int64[len(members)]: the place of the first member of the same group with the same name, often its own.

    Group g has the names members[starts[g]:starts[g + 1]].
    """
    group = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    hashes = prefix_hashes(names.codes, names.offsets, members, _WHOLE_NAME)
    order = np.lexsort((hashes, group))  # stable: of one hash in the order of the members
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (np.diff(group[order]) != 0) | (hashes[order][1:] != hashes[order][:-1])
    edges = np.append(np.flatnonzero(begins), len(order))
    return _first_of_runs(names.codes, names.offsets, members, order, edges)


@compiled
def _first_of_runs(
    codes: Codes, offsets: Places, members: npt.NDArray[np.uint32], order: Places, edges: Places
) -> Places:
    """Of each run of one hash, order[edges[i]:edges[i + 1]]. Different names of one hash stay apart."""
    first = np.empty(len(order), np.int64)
    for run in range(len(edges) - 1):
        for at in range(edges[run], edges[run + 1]):
            place = order[at]
            first[place] = place
            for other in range(edges[run], at):
                if first[order[other]] == order[other] and _same_name(
                    codes, offsets, members[place], members[order[other]]
                ):
                    first[place] = order[other]
                    break
    return first


@compiled
def _same_name(codes: Codes, offsets: Places, one: int, other: int) -> bool:
    length = offsets[one + 1] - offsets[one]
    if offsets[other + 1] - offsets[other] != length:
        return False
    for step in range(length):  # noqa: SIM110  # compiled code has no all()
        if codes[offsets[one] + step] != codes[offsets[other] + step]:
            return False
    return True
