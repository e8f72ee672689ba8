"""Two accounts side by side: their names, the edits between them, what they share, and whether they are a pair."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import AccountRow
from serving.problems import InvalidParameter
from serving.v1 import alignment
from serving.v1.accounts import written

_USE = ("posts", "reposts", "first_post", "last_post")


class Names(NamedTuple):
    """The comparison of two names, as the job defines it. a, b: the names as they were compared."""

    a: str
    b: str
    distance: int
    similarity: float
    meets_floor: bool
    steps: list[alignment.Step] | None


class Compared(NamedTuple):
    """All about two accounts. names: None if one of them is not in the snapshot. why_not: codes and sentences."""

    a: AccountRow | None
    b: AccountRow | None
    names: Names | None
    pair_hashtags: int
    shared: list[dict[str, Any]]
    shared_count: int
    why_not: list[tuple[str, str]]

    @property
    def created_gap_seconds(self) -> float | None:
        """Between the creations of the accounts; None where one is unknown."""
        moments = [row.created_at for row in (self.a, self.b) if row is not None]
        if len(moments) < 2 or moments[0] is None or moments[1] is None:
            return None
        return abs((moments[0] - moments[1]).total_seconds())


def compare(snapshot: Snapshot, a: str, b: str, limit: int) -> Compared:
    """Compare two accounts by id. limit: of shared hashtags."""
    row_a, row_b = snapshot.account(a), snapshot.account(b)
    if row_a is None or row_b is None:
        missing = [id for id, row in ((a, row_a), (b, row_b)) if row is None]
        said = [("not_in_snapshot", f"{id} is no account of this snapshot.") for id in dict.fromkeys(missing)]
        return Compared(row_a, row_b, None, 0, [], 0, said)
    names = compare_names(snapshot.manifest, row_a.screen_name, row_b.screen_name)
    shared = _shared(snapshot, a, b)
    pair_hashtags = _pair_hashtags(snapshot, row_a, row_b)
    why_not = [] if pair_hashtags else _why_not(snapshot.manifest, a == b, names, shared.num_rows)
    return Compared(row_a, row_b, names, pair_hashtags, _uses(shared, limit), shared.num_rows, why_not)


def compare_names(manifest: Manifest, a: str, b: str) -> Names:
    """Compare two screen names as the job that made a snapshot did. Raises InvalidParameter for very long ones."""
    if folds(manifest):
        a, b = a.casefold(), b.casefold()
    if max(len(a), len(b)) > alignment.LONGEST:
        raise InvalidParameter(f"Names of more than {alignment.LONGEST} characters are not compared here.")
    longer, distance = max(len(a), len(b)), alignment.distance(a, b)
    exact = Fraction(longer - distance, longer) if longer else Fraction(1)
    meets_floor = exact >= Fraction(manifest.floor)
    return Names(a, b, distance, alignment.similarity(distance, longer), meets_floor, alignment.align(a, b))


def folds(manifest: Manifest) -> bool:
    """Whether the job compared names without regard to case."""
    return manifest.configuration.get("fold") == "case"


def _pair_hashtags(snapshot: Snapshot, a: AccountRow, b: AccountRow) -> int:
    """In how many hashtags the two are a similar pair; read from the one with fewer look-alikes."""
    fewer, other = (a, b) if a.lookalikes <= b.lookalikes else (b, a)
    if not fewer.lookalikes:
        return 0
    found = snapshot.lookalikes(fewer.account_id)
    return sum(found.filter(pc.field("other_id") == other.account_id).column("hashtags").to_pylist())


def _shared(snapshot: Snapshot, a: str, b: str) -> pa.Table:
    """The hashtags of both accounts, with the columns of either side under its name; most posts first."""
    used = [snapshot.account_hashtags(id).drop_columns("account_id") for id in (a, b)]
    sides = [
        rows.rename_columns([name if name == "hashtag" else f"{name}_{side}" for name in rows.column_names])
        for rows, side in zip(used, "ab", strict=True)
    ]
    joined = sides[0].join(sides[1], keys="hashtag", join_type="inner", use_threads=False)
    posts = pc.add(joined.column("posts_a"), joined.column("posts_b"))
    ordered = joined.append_column("posts", posts).sort_by([("posts", "descending"), ("hashtag", "ascending")])
    return ordered.drop_columns("posts")


def _uses(shared: pa.Table, limit: int) -> list[dict[str, Any]]:
    """Rows of models.SharedHashtag."""
    return [
        {"hashtag": row["hashtag"]} | {side: {name: row[f"{name}_{side}"] for name in _USE} for side in "ab"}
        for row in written(shared.slice(0, limit))
    ]


def _why_not(manifest: Manifest, same: bool, names: Names, shared: int) -> list[tuple[str, str]]:
    if same:
        return [("same_account", "An account is no pair with itself.")]
    said = []
    if not shared:
        said.append(("no_shared_hashtag", "The two have no hashtag in common."))
    if not names.meets_floor:
        detail = f"Their similarity is below {manifest.floor}, from which on this snapshot has pairs."
        said.append(("below_floor", detail))
    if not said:
        blocking = manifest.configuration.get("blocking")
        detail = f"They would be a pair, but this snapshot was made with {blocking} blocking, which misses some."
        said.append(("missed_by_blocking", detail))
    return said
