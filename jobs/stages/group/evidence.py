"""What an account did with a hashtag, added up over its posts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.times import as_times, micros
from jobs.inputs.dates.timeparts import NULL_TIME
from lookalike.strings.compiler import compiled
from lookalike.tables import EVIDENCE, TIME

_LATEST = np.iinfo(np.int64).max

Counts = npt.NDArray[np.int32]
Times = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One entry a membership, by (hashtag, account).

    hashtag uint32[n], account uint32[n], posts and reposts int32[n], first_post and last_post int64[n] in
    microseconds since 1970 or NULL_TIME; leads int32[n]: the posts of which this was the first hashtag, so that an
    account's posts can be counted by adding up.
    """

    hashtag: npt.NDArray[np.uint32]
    account: npt.NDArray[np.uint32]
    posts: Counts
    reposts: Counts
    first_post: Times
    last_post: Times
    leads: Counts

    def __len__(self) -> int:
        """Number of memberships."""
        return len(self.account)

    @property
    def key(self) -> npt.NDArray[np.uint64]:
        """uint64[n] ascending: the hashtag above the account."""
        return membership_keys(self.hashtag, self.account)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Evidence:
        """The memberships at some places, ascending."""
        return Evidence(**{field.name: getattr(self, field.name)[rows] for field in dataclasses.fields(self)})

    @classmethod
    def joined(cls, pieces: Iterable[Evidence]) -> Evidence:
        """Pieces that follow each other, of which there is at least one, as one."""
        first, *others = pieces
        if not others:
            return first
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: np.concatenate([getattr(piece, name) for piece in (first, *others)]) for name in names})

    @classmethod
    def none(cls, key: npt.NDArray[np.uint64]) -> Evidence:
        """Memberships, by ascending key, of which nothing is known."""
        hashtag, account = split_keys(key)
        zero: Counts = np.zeros(len(key), np.int32)
        never: Times = np.full(len(key), NULL_TIME)
        nothing: dict[str, Any] = {column.name: never if column.type == TIME else zero for column in EVIDENCE}
        return cls(hashtag=hashtag, account=account, leads=zero, **nothing)

    def with_memberships(self, key: npt.NDArray[np.uint64]) -> Evidence:
        """The same and, with no evidence, those memberships of the keys that are not there."""
        missing = np.setdiff1d(key, self.key)
        if not len(missing):
            return self
        both, other = np.concatenate([self.key, missing]), Evidence.none(missing)
        order = np.argsort(both, kind="stable")
        names = [field.name for field in dataclasses.fields(self)]
        joined = {name: np.concatenate([getattr(self, name), getattr(other, name)])[order] for name in names}
        return Evidence(**joined)

    def plus(self, places: npt.NDArray[np.intp], rows: pa.Table) -> Evidence:
        """With what the rows of a snapshot say of the memberships at some places, each once.

        rows: with the columns of tables.EVIDENCE.
        """
        added = {}
        for column in EVIDENCE:
            values = getattr(self, column.name).copy()
            more = micros(rows[column.name]) if column.type == TIME else rows[column.name].to_numpy()
            values[places] = _TOGETHER[column.name](values[places], more.astype(values.dtype))
            added[column.name] = values
        return dataclasses.replace(self, **added)

    def columns(self) -> dict[str, Any]:
        """The columns of tables.EVIDENCE by name, for rows of a snapshot."""
        return {
            column.name: as_times(getattr(self, column.name)) if column.type == TIME else getattr(self, column.name)
            for column in EVIDENCE
        }

    @classmethod
    def of(
        cls,
        *,
        hashtag: npt.NDArray[np.uint32],
        account: npt.NDArray[np.uint32],
        created_at: Times,
        repost: npt.NDArray[np.int8],
        leads: npt.NDArray[np.int8],
    ) -> Evidence:
        """From n usages in any order."""
        key = membership_keys(hashtag, account)
        order = np.argsort(key)
        key = key[order]
        changes = np.ones(len(key), bool)
        np.not_equal(key[1:], key[:-1], out=changes[1:])
        starts = np.flatnonzero(changes)
        key = key[starts]
        found = _aggregate(np.append(starts, len(order)), order, created_at, repost, leads)
        return cls(*split_keys(key), *found)


def _earlier(one: Times, other: Times) -> Times:
    return np.where(one == NULL_TIME, other, np.where(other == NULL_TIME, one, np.minimum(one, other)))


# How two values of one membership become one; NULL_TIME is before all times.
_TOGETHER: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "posts": np.add,
    "reposts": np.add,
    "first_post": _earlier,
    "last_post": np.maximum,
}


def membership_keys(hashtag: npt.NDArray[Any], account: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """uint64[n]: each hashtag above its account."""
    key = hashtag.astype(np.uint64) << np.uint64(32)
    key |= account
    return key


def split_keys(key: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """uint32[n] and uint32[n]: what membership_keys put together."""
    return (key >> np.uint64(32)).astype(np.uint32), key.astype(np.uint32)


@compiled
def _aggregate(
    starts: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    created_at: Times,
    repost: npt.NDArray[np.int8],
    leads: npt.NDArray[np.int8],
) -> tuple[Counts, Counts, Times, Times, Counts]:
    """Posts, reposts, first, last and leads of each run of usages order[starts[i]:starts[i + 1]]."""
    count = len(starts) - 1
    posts = np.empty(count, np.int32)
    reposts = np.zeros(count, np.int32)
    first = np.empty(count, np.int64)
    last = np.empty(count, np.int64)
    led = np.zeros(count, np.int32)
    for i in range(count):
        posts[i] = starts[i + 1] - starts[i]
        earliest = _LATEST
        latest = NULL_TIME
        for at in range(starts[i], starts[i + 1]):
            usage = order[at]
            reposts[i] += repost[usage] == 1
            led[i] += leads[usage]
            if created_at[usage] != NULL_TIME:
                earliest = min(earliest, created_at[usage])
                latest = max(latest, created_at[usage])
        first[i] = NULL_TIME if earliest == _LATEST else earliest
        last[i] = latest
    return posts, reposts, first, last, led
