"""Stage 3 of an incremental run: new usages added to the members that a bucket's hashtags have in the base."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.reports import GroupReport
from jobs.exchange.times import micros
from jobs.exchange.worker import accounts_table
from jobs.incremental.base import BaseHashtags
from jobs.incremental.changes import account_changes
from jobs.incremental.mergespellings import merge_spellings
from jobs.incremental.patch import Patch, Patcher
from jobs.stages.group.evidence import Evidence, membership_keys, split_keys
from jobs.stages.group.grouping import Grouping, pairs_sharing
from jobs.stages.group.groups import Groups
from jobs.stages.group.memberrows import member_rows, write_places
from jobs.stages.group.usages import UsedHashtags
from lookalike.outputs.entries import FileEntry

Keys = npt.NDArray[np.uint64]

_EVIDENCE: Final = ("posts", "reposts", "first_post", "last_post")


@dataclasses.dataclass(frozen=True)
class MergeMembers:
    """Task function: numbers of buckets in; members to the snapshot, what is new sent by account, reports out.

    As GroupMembers, but every bucket has a report, and the groups list only what is to be compared.
    """

    grouping: Grouping
    tables: Patcher

    def __call__(self, buckets: Iterable[int]) -> Iterator[GroupReport]:
        """Merge the usages of the buckets whose numbers come in."""
        for bucket in buckets:
            yield self._merge(bucket, self.grouping.used(bucket))

    def _merge(self, bucket: int, new: UsedHashtags) -> GroupReport:
        old = self.tables.base.hashtags(bucket)
        keys, old_place, new_place = _union(old.keys, new.keys)
        posts: npt.NDArray[np.int64] = np.zeros(len(keys), np.int64)
        posts[old_place] += old.posts
        posts[new_place] += new.posts
        display, spellings = merge_spellings(self.tables.base, bucket, old, old_place, new, new_place)
        evidence = dataclasses.replace(new.evidence, hashtag=new_place[new.evidence.hashtag].astype(np.uint32))
        members = self._members(bucket, old, old_place, evidence)
        sizes: npt.NDArray[np.int64] = np.zeros(len(keys), np.int64)
        sizes[old_place] += old.members
        sizes += np.bincount(members.rows.hashtag[members.is_new], minlength=len(keys))
        groups = members.groups(keys, display, posts, sizes)
        self.grouping.send(bucket, members.rows.take(np.flatnonzero(members.is_used)))
        report = self.grouping.report(bucket, groups, sizes)
        report.pairs_compared = pairs_sharing(sizes) - pairs_sharing(sizes - groups.fresh_members())
        report.files = self._write_members(bucket, keys, members)
        report.files += self.tables.write(spellings, "spellings", bucket)
        return report

    def _members(self, bucket: int, old: BaseHashtags, old_place: npt.NDArray[np.int64], new: Evidence) -> _Merged:
        """The memberships of the base in this run's numbers, and those that are new or not what they were."""
        changes = account_changes(self.grouping.work)
        places = self.tables.base.read("member_places", bucket, ["account"])["account"].to_numpy()
        account = changes.numbers[places]
        key = membership_keys(np.repeat(old_place, old.members), account)
        rows = new.with_memberships(key[changes.changed[account]]) if changes.changed.any() else new
        at = np.searchsorted(key, rows.key)
        is_new = np.ones(len(at), bool)
        inside = np.flatnonzero(at < len(key))
        is_new[inside] = key[at[inside]] != rows.key[inside]
        stored = self.tables.base.taken("members", bucket, _EVIDENCE, at[~is_new])
        total = _with_base(rows, ~is_new, stored)
        return _Merged(key, total, at, is_new, rows.posts > 0, changes.changed[rows.account])

    def _write_members(self, bucket: int, keys: pa.StringArray, members: _Merged) -> list[FileEntry]:
        table = accounts_table(self.grouping.accounts)

        def rows_between(first: int, last: int) -> pa.Table:
            return pa.Table.from_batches([member_rows(table, keys, members.rows.take(slice(first, last)))])

        patch = Patch(members.at[~members.is_new], members.at, rows_between)
        files = self.tables.write(patch, "members", bucket)
        if not patch and account_changes(self.grouping.work).same_numbers:
            return files + self.tables.base.entries("member_places", bucket)
        accounts = patch.places(split_keys(members.key)[1], members.rows.account)
        where = self.tables.output, self.tables.snapshot
        return [*files, write_places(*where, bucket, accounts)] if len(accounts) else files


@dataclasses.dataclass(frozen=True)
class _Merged:
    """The memberships of a bucket: key uint64[], of the base's rows in their order, which is ascending.

    rows: the n that come, new or instead of one of the base, by key, all evidence added up. at: int64[n], the row of
    the base that each stands before or instead of. is_new: bool[n]. is_used: bool[n], whether new posts speak of it.
    changed: bool[n], whether the account is not what it was.
    """

    key: Keys
    rows: Evidence
    at: npt.NDArray[np.int64]
    is_new: npt.NDArray[np.bool_]
    is_used: npt.NDArray[np.bool_]
    changed: npt.NDArray[np.bool_]

    def groups(
        self,
        keys: pa.StringArray,
        display: pa.StringArray,
        posts: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int64],
    ) -> Groups:
        """Of the hashtags that have a fresh member all members, of the others none."""
        is_fresh = self.is_new | self.changed
        compared = np.zeros(len(keys), bool)
        compared[self.rows.hashtag[is_fresh]] = True
        new = self.rows.key[self.is_new]
        key = np.insert(self.key, self.at[self.is_new], new)
        key = key[compared[key >> np.uint64(32)]]
        fresh = np.zeros(len(key), bool)
        fresh[np.searchsorted(key, self.rows.key[is_fresh])] = True
        hashtag, member = split_keys(key)
        return Groups(keys, display, posts, sizes, np.searchsorted(hashtag, np.arange(len(keys) + 1)), member, fresh)


def _with_base(new: Evidence, hit: npt.NDArray[np.bool_], rows: pa.Table) -> Evidence:
    """hit: bool[len(new)], which of the memberships the base has; rows: _EVIDENCE of these."""
    posts, reposts = (rows[name].to_numpy().astype(np.int32) for name in ("posts", "reposts"))
    return new.plus(np.flatnonzero(hit), posts, reposts, micros(rows["first_post"]), micros(rows["last_post"]))


def _union(
    old: pa.StringArray, new: pa.StringArray
) -> tuple[pa.StringArray, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Two ascending lists of keys as one, and the places of the keys of either in it."""
    both = pa.chunked_array([old, new], pa.string()).combine_chunks().dictionary_encode()
    order = pc.sort_indices(both.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    places = rank[both.indices.to_numpy()]
    return both.dictionary.take(pa.array(order)), places[: len(old)], places[len(old) :]
