"""Pairs sorted in parts, held against the same pairs sorted at once."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from jobs.exchange.channels import pairs as pairs_of
from jobs.exchange.workfolder import WorkFolder
from jobs.inputs.accounts.table import AccountTable
from jobs.stages.write import sortedpairs
from jobs.stages.write.pairs import SimilarPairs
from jobs.stages.write.sortedpairs import sorted_pairs

BUCKET, SOURCES, ACCOUNTS = 3, 4, 500


@pytest.fixture
def table() -> AccountTable:
    ids = pa.array([f"{number:05}" for number in range(ACCOUNTS)], pa.large_string())
    names = pa.array(["x" * (number % 7 + 4) for number in range(ACCOUNTS)], pa.large_string())
    return AccountTable.build(ids, names, np.zeros(ACCOUNTS, np.int64), fold="none")


@pytest.mark.parametrize("hashtags", [1, 40])
@pytest.mark.parametrize("distances", [1, 3])
def test_pieces_follow_each_other_and_none_is_much_larger_than_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: AccountTable, hashtags: int, distances: int
) -> None:
    """One hashtag and one distance: most pairs differ in their accounts alone."""
    chance = np.random.default_rng(hashtags + distances)
    every = np.stack(np.triu_indices(ACCOUNTS, 1))
    sent = pairs_of(WorkFolder(tmp_path))
    for source in range(SOURCES):
        one, other = every[:, source::SOURCES][:, chance.permutation(len(every[0]) // SOURCES)]
        columns = {"hashtag": chance.integers(0, hashtags, len(one)), "account_a": one, "account_b": other}
        columns["distance"] = chance.integers(0, distances, len(one))
        kinds = zip(columns.items(), sent.schema, strict=True)
        rows = pa.record_batch({name: pa.array(values, field.type) for (name, values), field in kinds})
        with sent.source(source) as box:
            for start in range(0, len(rows), 5000):
                box.send(BUCKET, rows.slice(start, 5000))
    (whole,) = sorted_pairs(table, sent, BUCKET, SOURCES)
    monkeypatch.setattr(sortedpairs, "AT_ONCE", 5000)
    pieces = list(sorted_pairs(table, sent, BUCKET, SOURCES))
    assert rows_of(pieces) == rows_of([whole])
    assert len(pieces) > 20
    assert max(len(piece.hashtag) for piece in pieces) < 8000


def rows_of(pieces: list[SimilarPairs]) -> list[tuple[float, ...]]:
    return [
        row
        for piece in pieces
        for row in zip(
            *(piece.hashtag.tolist(), piece.account_a.tolist(), piece.account_b.tolist()),
            *(values.tolist() for values in piece.signals.values()),
            strict=True,
        )
    ]
