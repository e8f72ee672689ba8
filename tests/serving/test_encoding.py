from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookalike.kernel import PairBatch, Threshold, encode_names, similar_pairs
from serving.lookup import plain
from serving.lookup.encoding import Pairs, encode
from serving.lookup.pairstext import read_text, stream_rows
from serving.lookup.plain import encode_plainly, similar_pairs_plainly

IDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ROWS = st.lists(st.tuples(IDS, IDS, st.floats(0, 1)), max_size=30)
Row = tuple[str, str, float]


class ListedRows:
    """Rows in pieces of three."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = sorted(rows, key=lambda row: -row[2])

    def pairs(self) -> Pairs:
        a, b, similarity = zip(*self._rows, strict=True) if self._rows else ((), (), ())
        return Pairs(pa.array(a, pa.string()), pa.array(b, pa.string()), np.array(similarity, np.float64))

    def pieces(self, lowest: float, offset: int = 0, limit: int | None = None) -> Iterator[Pairs]:
        stop = len(self.expected(lowest, offset, limit)) + offset
        for start in range(offset, stop, 3):
            yield self.pairs().slice(start, min(stop, start + 3))

    def expected(self, lowest: float, offset: int, limit: int | None) -> list[Row]:
        kept = [row for row in self._rows if row[2] >= lowest]
        return kept[offset:] if limit is None else kept[offset : offset + limit]


def as_json(rows: list[Row]) -> bytes:
    document = {"similar_account_pairs": rows}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@given(ROWS)
@example([('"', "\\", 1.0), ("\0\x1f\x7f\u2028", "é😀", 1e-05), ("", "", 0.0)])
def test_pairs_are_written_as_python_writes_json(rows: list[Row]) -> None:
    listed = ListedRows(rows)
    pairs = listed.pairs()
    encoded = encode(pairs)
    for before, part in ((b"", pairs), (b",", pairs), (b"", pairs.slice(len(rows) // 2, len(rows)))):
        plainly = encode_plainly(part, before)
        assert plainly.text.tobytes() == encode(part, before).text.tobytes()
        assert plainly.ends.tolist() == encode(part, before).ends.tolist()
    expected = [
        as_json([row])[len(b'{"similar_account_pairs":[') : -len(b"]}")] for row in listed.expected(0, 0, None)
    ]
    starts = [0, *encoded.ends.tolist()][: len(rows)]
    found = [encoded.text[start:end].tobytes() for start, end in zip(starts, encoded.ends.tolist(), strict=True)]
    assert found == [text + b"," for text in expected]


@given(ROWS, st.floats(0, 1), st.integers(0, 10), st.none() | st.integers(1, 10))
def test_any_part_can_be_cut_and_streamed(rows: list[Row], lowest: float, offset: int, limit: int | None) -> None:
    listed = ListedRows(rows)
    expected = as_json(listed.expected(lowest, offset, limit))
    run = read_text(listed, -1.0, 1 << 20)
    assert run is not None
    assert b'{"similar_account_pairs":[' + run.cut(lowest, offset, limit) + b"]}" == expected
    assert b"".join(stream_rows(listed, lowest, offset, limit, "identity")) == expected


def test_a_run_that_is_too_large_is_given_up() -> None:
    rows = [("a", "b", 1.0)] * 10
    run = read_text(ListedRows(rows), 0, 1 << 20)
    assert run is not None
    assert read_text(ListedRows(rows), 0, 100) is None


NAMES = st.lists(st.text(st.sampled_from("ab\u00e9\U0001f600"), max_size=9), max_size=12)


@given(NAMES, st.sampled_from(["0", "0.5", "0.666666667", "0.75", "0.8", "1"]), st.sampled_from([1, 20, 1 << 20]))
def test_names_are_compared_alike_before_the_kernel_is_compiled(names: list[str], least: str, at_once: int) -> None:
    threshold, texts = Threshold.parse(least), pa.array(names, pa.large_string())

    def listed(batches: Iterator[PairBatch]) -> list[tuple[int, int, int]]:
        return sorted(
            pair
            for batch in batches
            for pair in zip(batch.left.tolist(), batch.right.tolist(), batch.distance.tolist(), strict=True)
        )

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plain, "_DISTANCES", at_once)
        found = listed(similar_pairs_plainly(texts, threshold))
    assert found == listed(similar_pairs(encode_names(texts), threshold))
