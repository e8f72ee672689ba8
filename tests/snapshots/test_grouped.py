"""Snapshots with identical names as groups: they answer what the same snapshot with all pairs does."""

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.snapshots.__main__ import main
from lookalike.errors import SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots import groupedpairs
from lookalike.snapshots.groupedpairs import Position
from lookalike.snapshots.namegroups import NameGroups
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


@seeds(12)
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
        pairs = grouped.grouped_pairs(key, plainly=bool(rng.getrandbits(1)))
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


def spoiled(change: Callable[[Sample], None]) -> Sample:
    """A snapshot of one hashtag in which a change was made; it is written as if nothing were wrong."""
    names = {"a1": "maga", "a2": "maga", "a3": "magx", "a4": "maga", "a5": "magx", "a6": "other"}
    sample = with_groups(build_sample(names, [("vote", sorted(names))], random.Random(1), floor="0.5", buckets=1))
    assert [(row["account_a"], row["account_b"]) for row in sample.identical] == [
        ("a1", "a2"),
        ("a1", "a4"),
        ("a3", "a5"),
    ]
    assert [(row["account_a"], row["account_b"]) for row in sample.pairs] == [("a1", "a3")]
    assert sample.hashtags[0]["pairs"] == 3 + 1 + 6
    change(sample)
    return sample


def put(table: str, row: int, **values: str | int) -> Callable[[Sample], None]:
    return lambda sample: getattr(sample, table)[row].update(values)


def lose(table: str, row: int) -> Callable[[Sample], None]:
    return lambda sample: getattr(sample, table).pop(row)


def list_a_pair_inside(sample: Sample) -> None:
    row = {"hashtag": "vote", "account_a": "a1", "account_b": "a2", "distance": 0, "similarity": 1.0}
    sample.pairs.insert(0, row)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lose("identical", 0), "they do not stand for as many pairs as pairs says"),
        (lose("pairs", 0), "they do not stand for as many pairs as pairs says"),
        (put("hashtags", 0, pairs=11), "they do not stand for as many pairs as pairs says"),
        (put("identical", 1, account_b="a2"), "rows out of order"),
        (put("identical", 2, account_b="a4"), "an account is in two groups of a hashtag"),
        (put("identical", 2, account_a="a2"), "an account is in two groups of a hashtag"),
        (put("identical", 0, account_a="a4"), "identical: account_a >= account_b"),
        (lambda sample: sample.identical.reverse(), "identical: rows out of order"),
        (put("pairs", 0, account_a="a2"), "an account that is not the first of its name"),
        (put("pairs", 0, account_b="a5"), "an account that is not the first of its name"),
        (put("identical", 0, hashtag="aaa"), "a hashtag that is not in the bucket"),
        (list_a_pair_inside, "identical names that are in no group"),
    ],
)
def test_groups_that_contradict_the_pairs_are_not_published(
    tmp_path: Path, change: Callable[[Sample], None], message: str
) -> None:
    publish_sample(tmp_path, spoiled(lambda _: None))
    live = FolderOutput(tmp_path).live()
    with pytest.raises(SnapshotError, match=message):
        publish_sample(tmp_path, spoiled(change))
    assert FolderOutput(tmp_path).live() == live


def test_an_account_of_a_group_that_is_no_member_is_damage(tmp_path: Path) -> None:
    sample = spoiled(lambda _: None)
    snapshot = publish_sample(tmp_path, sample)
    members = snapshot.members("vote")
    with pytest.raises(SnapshotError, match="an account that is not where it should be: 'a5'"):
        NameGroups.of(members.slice(0, 4), snapshot.identical("vote"), fold="none")


def test_pairs_are_counted_and_listed_by_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = publish_sample(tmp_path, spoiled(lambda _: None))
    assert main(["pairs", str(tmp_path), "vote", "--limit", "4"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].endswith("6 accounts, 10 similar pairs")
    assert [line.split()[-2:] for line in printed.splitlines()[3:7]] == [
        ["a1", "a2"],
        ["a1", "a4"],
        ["a2", "a4"],
        ["a3", "a5"],
    ]
    assert "6 more: --limit 10" in printed
    assert main(["pairs", str(tmp_path), "vote", "--min-similarity", "1"]) == 0
    assert "4 similar pairs" in capsys.readouterr().out
    assert main(["show", str(tmp_path)]) == 0
    assert ["identical", "3", "1"] in [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert main(["verify", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["diff", str(tmp_path), snapshot.manifest.id]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"error: {snapshot.manifest.id} has identical names as groups: diff compares lists of pairs alone"
    ]


@pytest.mark.parametrize("place", [(-1, -1, -1), (0, 99, 0), (0, 0, 10**18), (99, 0, 0), (1, 5, 3)])
def test_a_position_that_was_never_given_out_does_no_harm(tmp_path: Path, place: tuple[int, int, int]) -> None:
    pairs = publish_sample(tmp_path, spoiled(lambda _: None)).grouped_pairs("vote")
    found = [one for piece in pairs.pieces(begin=Position(*place)) for one in piece.rows("vote").to_pylist()]
    every = [one for piece in pairs.pieces() for one in piece.rows("vote").to_pylist()]
    assert found == every[len(every) - len(found) :]
