"""An independent check of a result: random hashtags are compared by brute force, and the stored pairs with that.

The job's own comparison is not used: rapidfuzz computes the distances, the threshold is read from the manifest and
applied in integers here, and names and pairs are read from the files.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist, cpdist

from jobs.pipeline.draw import draw_hashtags
from jobs.reporting.terminal import printable
from lookalike.errors import VerificationError
from lookalike.snapshots.counts import Verification
from lookalike.snapshots.reader import Snapshot

_MEMBERS = 2000  # of a larger hashtag about this many members are compared with each other
_NEIGHBOURS = 20  # half of these members are stretches of as many names in alphabetical order
_STORED = 20_000  # about this many stored pairs of a hashtag are checked, also of other members
_PIECES = 64  # row groups of stored pairs that are looked at together
_WHAT_NOW = "Nothing was published. The cause is a fault in the program or the machine, not in the input."

Ints = npt.NDArray[np.int64]


def verify(snapshot: Snapshot, hashtags: int) -> Verification:
    """Compare this many hashtags: the largest, and others drawn at random, larger ones more often.

    In each hashtag all pairs of a sample of members are compared, and exactly the similar ones must be stored. Of the
    other stored pairs a sample must be similar pairs of members. Raises VerificationError at the first difference.
    A pair that is not stored is no difference if blocking may lose pairs. The draw depends on the snapshot's id only.
    """
    start = time.monotonic()
    seed = int.from_bytes(hashlib.sha256(snapshot.manifest.id.encode()).digest()[:8])
    rng = np.random.default_rng(seed)
    names = _other_names(snapshot)
    checked = [_Hashtag(snapshot, key, names, rng).check() for key in draw_hashtags(snapshot, hashtags, rng)]
    totals = {
        field: sum(getattr(one, field) for one in checked) for field in ("members", "compared", "found", "lost")
    }
    return Verification(hashtags=len(checked), seconds=round(time.monotonic() - start, 3), **totals)


@dataclasses.dataclass
class _Checked:
    members: int
    compared: int = 0
    found: int = 0
    lost: int = 0


def _other_names(snapshot: Snapshot) -> dict[str, list[str]]:
    """The names of each account that are compared besides the one in members: none but with --all-names."""
    found: dict[str, list[str]] = {}
    if snapshot.manifest.configuration.get("all_names"):
        for bucket in range(snapshot.manifest.buckets):
            for row in snapshot.stored("names", bucket).read(["account_id", "screen_name"]).to_pylist():
                found.setdefault(row["account_id"], []).append(row["screen_name"])
    return found


class _Hashtag:
    """The members and the stored pairs of a hashtag. other_names: see above."""

    def __init__(
        self, snapshot: Snapshot, key: str, other_names: dict[str, list[str]], rng: np.random.Generator
    ) -> None:
        self._snapshot, self._key, self._rng = snapshot, key, rng
        self._other_names = other_names
        manifest = snapshot.manifest
        self._threshold = manifest.threshold
        self._folds = manifest.configuration.get("fold") == "case"
        self._may_lose = manifest.configuration.get("blocking") == "prefix"
        members = snapshot.members(key)
        self._ids = members.column("account_id").combine_chunks()
        self._names = members.column("screen_name").combine_chunks()
        row = snapshot.hashtag(key)
        stored = row.pairs if row else 0
        if manifest.is_grouped:
            stored = sum(rows.num_rows for rows in snapshot.stored_pairs(key))
        self._looked_at = min(1.0, _STORED / max(1, stored))

    def check(self) -> _Checked:
        """Compare the chosen members with each other, and the stored pairs with the result."""
        chosen = self._chosen()
        size, names = len(chosen), self._taken(chosen)
        longer = _lengths(names)
        longer = np.maximum(longer[:, None], longer)
        distance = cdist(names, names, scorer=Levenshtein.distance, dtype=np.int32, workers=-1).astype(np.int64)
        several = [place for place in range(size) if self._has_several(chosen[place])] if self._other_names else []
        for row, column in itertools.product(several, range(size)):
            best = self._best(chosen[row], chosen[column])
            distance[row, column], longer[row, column] = distance[column, row], longer[column, row] = best
        one, other = np.nonzero(np.triu(self._are_similar(distance, longer), 1))
        stored = np.sort(np.concatenate([np.zeros(0, np.int64), *self._stored(chosen)]))
        self._check_once(chosen, stored)
        lost = np.setdiff1d(one * size + other, stored)
        if lost.size and not self._may_lose:
            left, right = divmod(int(lost[0]), size)
            missing = f"has distance {distance[left, right]} and is not stored"
            self._fail(int(chosen[left]), int(chosen[right]), missing)
        return _Checked(size, size * (size - 1) // 2, len(stored), len(lost))

    def _chosen(self) -> Ints:
        """The places of some members, ascending; all of them if they are few."""
        count = len(self._ids)
        if count <= _MEMBERS:
            return np.arange(count)
        singles = self._rng.choice(count, _MEMBERS // 2, replace=False, shuffle=False)
        # Of members drawn one by one hardly any two are similar. Similar names are often neighbours in the alphabet.
        first = self._rng.choice(count - _NEIGHBOURS, _MEMBERS // 2 // _NEIGHBOURS, replace=False)
        neighbours = pc.sort_indices(self._names).to_numpy()[first[:, None] + np.arange(_NEIGHBOURS)]
        return np.union1d(singles, neighbours.ravel()).astype(np.int64)

    def _stored(self, chosen: Ints) -> Iterator[Ints]:
        """The stored pairs of chosen members: place of the one * number of the chosen + place of the other.

        These and some of the other stored pairs are checked.
        """
        if not self._snapshot.manifest.is_grouped:
            yield from self._listed(chosen)
            return
        first = self._first_of_name()
        compared = np.unique(first[chosen])
        listed = np.sort(np.concatenate([np.zeros(0, np.int64), *self._listed(compared)]))
        self._check_once(compared, listed)
        yield _pairs_meant(np.searchsorted(compared, first[chosen]), listed, len(compared))

    def _listed(self, chosen: Ints) -> Iterator[Ints]:
        """As _stored, of the rows of tables.PAIRS."""
        place = np.full(len(self._ids), -1)
        place[chosen] = np.arange(len(chosen))
        pieces = self._snapshot.stored_pairs(self._key)
        while some := list(itertools.islice(pieces, _PIECES)):  # each look for accounts indexes all members first
            rows = pa.concat_tables(some)
            left, right = (self._members(rows, side) for side in ("account_a", "account_b"))
            inside = (place[left] >= 0) & (place[right] >= 0)
            looked_at = inside | (self._rng.random(rows.num_rows) < self._looked_at)
            self._check_pairs(rows.filter(pa.array(looked_at)), left[looked_at], right[looked_at])
            yield place[left[inside]] * len(chosen) + place[right[inside]]

    def _first_of_name(self) -> Ints:
        """For each member the first one of its group, by place. Some of the groups are checked."""
        rows = self._snapshot.identical(self._key)
        left, right = (self._members(rows, side) for side in ("account_a", "account_b"))
        looked_at = self._rng.random(rows.num_rows) * rows.num_rows < _STORED
        count = int(looked_at.sum())
        same = pa.table({"distance": np.zeros(count, np.int32), "similarity": np.ones(count)})
        self._check_pairs(same, left[looked_at], right[looked_at])
        first: Ints = np.arange(len(self._ids))
        first[right] = left
        return first

    def _check_once(self, chosen: Ints, stored: Ints) -> None:
        """Check that no pair of chosen members is stored twice. stored: as _stored, ascending."""
        if (twice := stored[1:][stored[1:] == stored[:-1]]).size:
            one, other = divmod(int(twice[0]), len(chosen))
            self._fail(int(chosen[one]), int(chosen[other]), "is stored twice")

    def _members(self, rows: pa.Table, side: str) -> Ints:
        """The place of each account of stored pairs among the members."""
        accounts = rows.column(side)
        places = pc.index_in(accounts, value_set=self._ids)
        if places.null_count:
            stranger = accounts.filter(pc.is_null(places))[0].as_py()
            raise VerificationError(
                f"{self._title()}: a pair with the account {printable(stranger)}, which never used it. {_WHAT_NOW}"
            )
        return places.to_numpy().astype(np.int64)

    def _check_pairs(self, rows: pa.Table, left: Ints, right: Ints) -> None:
        """Check that stored pairs of these members are similar, and have the right distance and similarity."""
        if not len(left):
            return
        names, others = self._taken(left), self._taken(right)
        distance = cpdist(names, others, scorer=Levenshtein.distance, dtype=np.int32).astype(np.int64)
        longer = np.maximum(_lengths(names), _lengths(others))
        if self._other_names:
            for row, pair in enumerate(zip(left, right, strict=True)):
                if any(map(self._has_several, pair)):
                    distance[row], longer[row] = self._best(*pair)
        stored = rows.column("distance").to_numpy()
        similarity = np.divide(longer - distance, longer, out=np.ones(len(longer)), where=longer > 0)
        for wrong, what in (
            (~self._are_similar(distance, longer), "is stored but not similar: its distance is {distance}"),
            (stored != distance, "is stored with distance {stored}, but its distance is {distance}"),
            (
                rows.column("similarity").to_numpy() != similarity,
                "is stored with a wrong similarity at distance {distance}",
            ),
        ):
            if wrong.any():
                row = int(np.argmax(wrong))
                self._fail(int(left[row]), int(right[row]), what.format(stored=stored[row], distance=distance[row]))

    def _has_several(self, place: int) -> bool:
        """Whether a member has other names that are compared."""
        return self._ids[place].as_py() in self._other_names

    def _best(self, one: int, other: int) -> tuple[int, int]:
        """Distance and length of the longer of the most similar names of two members."""
        found = []
        for left, right in itertools.product(self._every_name(one), self._every_name(other)):
            distance, longer = Levenshtein.distance(left, right), max(len(left), len(right))
            found.append((Fraction(longer - distance, longer), -distance, longer))
        _, negative, longer = max(found)
        return -negative, longer

    def _every_name(self, place: int) -> list[str]:
        names = [self._names[place].as_py(), *self._other_names.get(self._ids[place].as_py(), [])]
        return [name.casefold() for name in names] if self._folds else names

    def _are_similar(self, distance: Ints, longer: Ints) -> npt.NDArray[np.bool_]:
        """d <= (1 - p / q) * m, in integers."""
        p, q = self._threshold.numerator, self._threshold.denominator
        return q * distance <= (q - p) * longer

    def _taken(self, places: Ints) -> list[str]:
        """The names of members, in the form in which they are compared."""
        names: list[str] = self._names.take(pa.array(places)).to_pylist()
        return [name.casefold() for name in names] if self._folds else names

    def _title(self) -> str:
        return f"verification of #{printable(self._key)}"

    def _fail(self, one: int, other: int, what: str) -> NoReturn:
        pair = " and ".join(f"{self._names[place]} ({self._ids[place]})" for place in (one, other))
        raise VerificationError(f"{self._title()}: the pair {printable(pair)} {what}. {_WHAT_NOW}")


def _lengths(names: list[str]) -> Ints:
    return np.fromiter(map(len, names), np.int64, len(names))


def _pairs_meant(group: Ints, listed: Ints, groups: int) -> Ints:
    """The pairs of members, as _stored has them, that pairs of so many groups mean. group: of each member."""
    similar = np.eye(groups, dtype=np.bool_)
    left, right = np.divmod(listed, groups)
    similar[left, right] = similar[right, left] = True
    one, other = np.nonzero(np.triu(similar[np.ix_(group, group)], 1))
    return one * len(group) + other
