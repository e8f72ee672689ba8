"""Old and new pairs merged piece by piece, held against Python's own order of all of them."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from jobs.incremental.mergesorted import SortedPairs, merge_sorted
from lookalike.tables import PAIRS

IDS = st.sampled_from(["", "a", "aa", "ab", "b", "é", "😀", "a" * 40])
Pair = tuple[int, int, str, str]  # hashtag, how unlike, both accounts
SOME_PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), IDS, IDS), max_size=30, unique=True)


def in_order(pair: Pair) -> tuple[int, int, bytes, bytes]:
    hashtag, unlike, left, right = pair
    return hashtag, unlike, left.encode(), right.encode()


def as_table(pairs: list[Pair]) -> pa.Table:
    columns = zip(*((f"h{hashtag}", a, b, unlike, 1 - unlike / 7) for hashtag, unlike, a, b in pairs), strict=True)
    return pa.table(dict(zip(PAIRS.names, map(list, columns), strict=True)), PAIRS.schema)


def pieces(pairs: list[Pair], size: int) -> list[SortedPairs]:
    parts = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    return [SortedPairs(np.array([pair[0] for pair in part], np.uint32), as_table(part)) for part in parts]


@given(SOME_PAIRS, st.data())
def test_pairs_that_are_merged_are_in_the_order_of_all(pairs: list[Pair], data: st.DataObject) -> None:
    pairs = sorted(pairs, key=in_order)
    is_new = data.draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    sizes = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    old, new = (
        pieces([pair for pair, flag in zip(pairs, is_new, strict=True) if flag == wanted], size)
        for wanted, size in zip((False, True), sizes, strict=True)
    )
    merged = list(merge_sorted(old, new))
    rows = [row for piece in merged for row in piece.to_pylist()]
    assert rows == (as_table(pairs).to_pylist() if pairs else [])
    assert max((len(piece) for piece in merged), default=0) <= sum(sizes)
