"""Where new pairs stand, held against Python's own order of the same pairs."""

import bisect
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from jobs.incremental.blocks import Blocks
from jobs.incremental.findpairs import first_not_before
from lookalike.tables import PAIRS

IDS = st.sampled_from(["", "a", "aa", "ab", "b", "é", "😀", "a" * 40])
COLUMNS = ["similarity", "account_a", "account_b"]


class Pair(NamedTuple):
    unlike: int  # the less, the more similar
    left: str
    right: str


PAIRS_OF_ONE = st.lists(st.builds(Pair, st.integers(0, 2), IDS, IDS), max_size=9, unique=True)


def in_order(pair: Pair) -> tuple[int, bytes, bytes]:
    return pair.unlike, pair.left.encode(), pair.right.encode()


def as_table(pairs: list[Pair]) -> pa.Table:
    columns = [[1 - pair.unlike / 7 for pair in pairs], [pair.left for pair in pairs], [pair.right for pair in pairs]]
    return pa.table(columns, PAIRS.part(list(COLUMNS)))


@given(st.lists(st.tuples(PAIRS_OF_ONE, PAIRS_OF_ONE, st.booleans()), min_size=1, max_size=5))
def test_new_pairs_stand_where_sorting_would_put_them(hashtags: list[tuple[list[Pair], list[Pair], bool]]) -> None:
    """A hashtag's old pairs, its new ones, and whether the base knows the hashtag."""
    old = [sorted(pairs, key=in_order) for pairs, _, known in hashtags if known]
    new = []
    for number, (_, pairs, known) in enumerate(hashtags):
        new += [(pair, number, known) for pair in sorted(pairs, key=in_order)]
    before = np.cumsum([0, *(known for _, _, known in hashtags)])  # known hashtags before each
    place = np.array([before[number] for _, number, _ in new], np.int64)
    is_known = np.array([known for _, _, known in new], bool)
    wanted = np.zeros(len(old), bool)
    wanted[place[is_known]] = True
    blocks = Blocks.of(np.array([len(pairs) for pairs in old], np.int64), wanted)
    every = [pair for pairs in old for pair in pairs]
    chosen = as_table([every[row] for row in blocks.rows])
    at = first_not_before(chosen, *blocks.spans(place, is_known), as_table([pair for pair, _, _ in new]))
    starts = np.cumsum([0, *map(len, old)])
    expected = []
    for pair, number, known in new:
        others = old[before[number]] if known else []
        expected.append(starts[before[number]] + bisect.bisect_left(others, in_order(pair), key=in_order))
    assert blocks.rows_at(place, is_known, at).tolist() == expected
