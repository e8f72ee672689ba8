"""The hashtags whose pairs are verified by brute force."""

from __future__ import annotations

import numpy as np

from lookalike.snapshots.reader import Snapshot


def draw_hashtags(snapshot: Snapshot, count: int, rng: np.random.Generator) -> list[str]:
    """The keys of the hashtags to compare, in their order.

    They are drawn without replacement: those with the greatest random numbers to the power 1 / members
    (P. Efraimidis and P. Spirakis, 2006).
    """
    table = snapshot.stored("hashtags", None)
    sizes = [
        file.read(group, ["members"]).column(0).to_numpy()
        for file in table.files
        for group in range(len(file.bounds))
    ]
    members = np.concatenate([np.zeros(0, np.int64), *sizes])
    rank = np.log(rng.random(len(members))) / members
    rank[members < 2] = -np.inf  # no pair of members
    rank[np.argsort(-members, kind="stable")[:1]] = 0
    chosen = np.argsort(-rank, kind="stable")[: min(count, int((members > 1).sum()))]
    return [_key_at(snapshot, place) for place in np.sort(chosen).tolist()]


def _key_at(snapshot: Snapshot, place: int) -> str:
    """The key in a row of the table of hashtags."""
    for file in snapshot.stored("hashtags", None).files:
        for group in range(len(file.bounds)):
            rows = file.read(group, ["hashtag"])
            if place < rows.num_rows:
                return str(rows.column(0)[place])
            place -= rows.num_rows
    raise IndexError(place)
