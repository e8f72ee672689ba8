"""The difference of snapshots against sets of Python tuples."""

import random
from pathlib import Path
from typing import Any

import pytest

from jobs.snapshots.diff import ACCOUNTS, HASHTAGS, PAIRS, Comparison, Difference, difference, rows_to_compare
from lookalike.snapshots.reader import Snapshot

from .publishing import publish_on
from .samples import Sample, build_sample

COMPARISONS = (PAIRS, HASHTAGS, ACCOUNTS)


def crawl(seed: int) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Screen names by account, and accounts by hashtag."""
    rng = random.Random(seed)
    names = {f"{rng.getrandbits(40):010x}": random_name(rng) for _ in range(80)}
    return names, {f"{rng.choice('aé鷹')}{number}": rng.sample(list(names), 15) for number in range(30)}


def later(
    seed: int, names: dict[str, str], uses: dict[str, list[str]]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Accounts come, go and are renamed; hashtags come and go; members join and leave a third of the rest."""
    rng = random.Random(seed)
    names = {account: random_name(rng) if rng.random() < 0.1 else name for account, name in names.items()}
    names |= {f"{rng.getrandbits(40):010x}": random_name(rng) for _ in range(8)}
    for account in rng.sample(list(names), 8):
        del names[account]
    uses = {hashtag: [one for one in accounts if one in names] for hashtag, accounts in uses.items()}
    for hashtag in rng.sample(list(uses), 10):
        uses[hashtag] = rng.sample(list(names), 15)
    for hashtag in rng.sample(list(uses), 3):
        del uses[hashtag]
    return names, uses | {f"new{number}": rng.sample(list(names), 5) for number in range(3)}


def random_name(rng: random.Random) -> str:
    return "".join(rng.choices("abé", k=rng.randint(3, 9)))


def sample_of(names: dict[str, str], uses: dict[str, list[str]], buckets: int) -> Sample:
    ordered = [(hashtag, sorted(uses[hashtag])) for hashtag in sorted(uses, key=str.encode)]
    return build_sample(names, ordered, random.Random(0), buckets=buckets)


def by_key(sample: Sample, comparison: Comparison) -> dict[tuple[str, ...], dict[str, Any]]:
    rows = getattr(sample, comparison.table)
    return {tuple(row[name] for name in comparison.key): row for row in rows}


def expected(old: Sample, new: Sample, comparison: Comparison) -> dict[str, list[dict[str, Any]]]:
    """All rows of each kind, in the order of the examples, as Found.top has them."""
    before, after = by_key(old, comparison), by_key(new, comparison)
    watched = comparison.watched
    keys = {
        "added": after.keys() - before.keys(),
        "removed": before.keys() - after.keys(),
        "changed": {
            key for key in before.keys() & after.keys() if watched and before[key][watched] != after[key][watched]
        },
    }
    return {
        kind: [
            dict(zip(comparison.key, key, strict=True))
            | {f"{name}_before": before.get(key, {}).get(name) for name in comparison.values}
            | {f"{name}_after": after.get(key, {}).get(name) for name in comparison.values}
            for key in sorted(found, key=lambda key: order(before if kind == "removed" else after, key, comparison))
        ]
        for kind, found in keys.items()
    }


def order(rows: dict[tuple[str, ...], dict[str, Any]], key: tuple[str, ...], comparison: Comparison) -> Any:
    return [-rows[key][name] for name in comparison.order], [part.encode() for part in key]


def found(result: Difference) -> dict[str, list[dict[str, Any]]]:
    return {"added": result.added.top, "removed": result.removed.top, "changed": result.changed.top}


def counts(result: Difference) -> dict[str, int]:
    return {"added": result.added.count, "removed": result.removed.count, "changed": result.changed.count}


@pytest.mark.parametrize("buckets", [(4, 4), (4, 6), (6, 4), (3, 7), (8, 2), (1, 5)])
def test_a_difference_is_that_of_the_sets(tmp_path: Path, buckets: tuple[int, int]) -> None:
    seed, old, new = two_crawls(buckets)
    before = publish_on(1, tmp_path, old, row_group_rows=5, parts=2)
    after = publish_on(2, tmp_path, new, row_group_rows=7)
    for comparison in COMPARISONS:
        wanted = expected(old, new, comparison)
        done: list[int] = []
        everything = difference(before, after, comparison, limit=10**6, done=done.append)
        assert found(everything) == wanted, seed
        assert sum(done) == rows_to_compare(before, after, comparison)
        few = difference(before, after, comparison, limit=3)
        assert found(few) == {kind: rows[:3] for kind, rows in wanted.items()}, seed
        assert counts(few) == {kind: len(rows) for kind, rows in wanted.items()}, seed


def two_crawls(buckets: tuple[int, int]) -> tuple[int, Sample, Sample]:
    """A seed and what it makes: a crawl and a later one, between which rows of every kind differ."""
    while True:
        seed = random.randrange(10**6)
        first = crawl(seed)
        old, new = sample_of(*first, buckets[0]), sample_of(*later(seed + 1, *first), buckets[1])
        if all(has_all_kinds(old, new, comparison) for comparison in COMPARISONS):
            return seed, old, new


def has_all_kinds(old: Sample, new: Sample, comparison: Comparison) -> bool:
    found = expected(old, new, comparison)
    return all(rows or (kind == "changed" and not comparison.watched) for kind, rows in found.items())


def all_differences(before: Snapshot, after: Snapshot) -> list[dict[str, list[dict[str, Any]]]]:
    return [found(difference(before, after, one, limit=10**6)) for one in COMPARISONS]


def test_a_snapshot_does_not_differ_from_itself_and_none_of_its_files_is_read(tmp_path: Path) -> None:
    snapshot = publish_on(1, tmp_path, sample_of(*crawl(1), 4))
    for entry in snapshot.manifest.files:
        (tmp_path / entry.path).unlink()
    assert all_differences(snapshot, snapshot) == [{"added": [], "removed": [], "changed": []}] * 3


def test_files_that_both_name_are_not_read(tmp_path: Path) -> None:
    names, uses = crawl(2)
    names |= {"idle": "nobody"}
    old = sample_of(names, uses | {"🦅": sorted(names)[:2]}, 8)
    new = sample_of(names | {"idle": "somebody"}, uses, 8)
    before = publish_on(1, tmp_path, old)
    after = publish_on(2, tmp_path, new, naming=before)
    shared = [entry for entry in after.manifest.files if entry.snapshot == before.manifest.id]
    assert {entry.table for entry in shared} >= {"pairs", "accounts"}
    for entry in shared:
        (tmp_path / entry.path).unlink()
    assert rows_to_compare(before, after, PAIRS) < len(old.pairs)
    assert all_differences(before, after) == [expected(old, new, one) for one in COMPARISONS]


def test_everything_comes_to_an_empty_snapshot_and_goes_from_it(tmp_path: Path) -> None:
    nothing, something = sample_of({}, {}, 4), sample_of(*crawl(3), 4)
    empty, full = publish_on(1, tmp_path, nothing), publish_on(2, tmp_path, something)
    for one in COMPARISONS:
        assert found(difference(empty, full, one, limit=10**6)) == expected(nothing, something, one)
        assert found(difference(full, empty, one, limit=10**6)) == expected(something, nothing, one)
