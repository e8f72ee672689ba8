"""Snapshots with identical names as groups: they answer what the same snapshot with all pairs does."""

import random
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest

from lookalike.snapshots import groupedpairs
from lookalike.threshold import Threshold
from tests.examples import seeds

from .publishing import publish_sample
from .samples import Sample, build_sample, with_groups

FLOORS = ("0.5", "0.8", "0.1", "1")


def crowded(rng: random.Random) -> Sample:
    """A few hashtags with many accounts of few names."""
    accounts = [f"{rng.getrandbits(40):010x}" for _ in range(rng.choice([1, 5, 40]))]
    pool = ["".join(rng.choices("ab", k=rng.randint(1, 6))) for _ in range(rng.choice([1, 3, 10]))]
    names = {account: rng.choice(pool) for account in sorted(set(accounts))}
    uses = [
        (hashtag, sorted(rng.sample(sorted(names), rng.randint(1, len(names))))) for hashtag in ("Now", "Vote", "x")
    ]
    return build_sample(names, uses, rng, floor=rng.choice(FLOORS), buckets=rng.choice([1, 3]))


@seeds(30)
def test_a_grouped_snapshot_reads_as_one_with_all_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr("os.fsync", lambda _: None)
    monkeypatch.setattr(groupedpairs, "_PIECE", rng.choice([1, 3, 7, 1 << 14]))
    sample = crowded(rng)
    grouped = publish_sample(tmp_path, with_groups(sample), row_group_rows=rng.choice([2, 16]))
    for row in sample.hashtags:
        key = row["hashtag"]
        every = sample.expected_pairs(key, Fraction(0))
        for least in ("0", "0.5", "0.6", "0.75", "0.8", "1"):
            assert grouped.pairs(key, Threshold.parse(least)).to_pylist() == sample.expected_pairs(
                key, Fraction(least)
            )
        pairs = grouped.grouped_pairs(key)
        for _ in range(5):
            offset, limit = rng.randint(0, len(every) + 1), rng.randint(0, 9)
            place = pairs.position(offset)
            assert (place is None) == (offset >= len(every))
            if place is None:
                continue
            found = [one for piece in pairs.pieces(begin=place, limit=limit) for one in piece.rows(key).to_pylist()]
            assert found == every[offset : offset + limit]
            pieces = list(pairs.pieces(begin=place))
            last = pieces[-1]
            assert sum(map(len, pieces)) == len(every) - offset
            again = pa.concat_tables(piece.rows(key) for piece in pairs.pieces(begin=last.position))
            assert again.to_pylist() == last.rows(key).to_pylist()
            further = rng.randint(0, len(every) - offset)  # a place may count on over rows of other members
            after = place._replace(skip=place.skip + further)
            rest = [one for piece in pairs.pieces(begin=after) for one in piece.rows(key).to_pylist()]
            same_level = [one["similarity"] for one in every].count(every[offset]["similarity"])
            end = [one["similarity"] for one in every].index(every[offset]["similarity"]) + same_level
            assert rest == every[min(offset + further, end) :]
        assert dict(grouped.grouped_pairs(key).totals()) | {1.0: 0} == {
            one["similarity"]: sum(other["similarity"] == one["similarity"] for other in every) for one in every
        } | {1.0: 0}
