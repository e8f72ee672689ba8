"""Stage 3 of an incremental run: new usages added to the members that a bucket's hashtags have in the base."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.reports import GroupReport
from jobs.exchange.stage import Route, Stage
from jobs.exchange.worker import accounts_table
from jobs.incremental.changes import account_changes
from jobs.incremental.counting import CountingRows
from jobs.incremental.mergespellings import merge_spellings
from jobs.incremental.patch import Patch, Patcher
from jobs.stages.group.evidence import Evidence, membership_keys, split_keys
from jobs.stages.group.grouping import Grouping, pairs_sharing
from jobs.stages.group.groups import Groups
from jobs.stages.group.memberrows import member_rows, send_new_memberships
from jobs.stages.group.usages import UsedHashtags
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.stored import StoredTable
from lookalike.tables import EVIDENCE


@dataclasses.dataclass(frozen=True)
class MergeMembers(Stage[GroupReport]):
    """Task function: numbers of buckets in; members to the snapshot, what is new sent by account, reports out.

    As GroupMembers, but every bucket has a report, and the groups list only what is to be compared.
    """

    grouping: Grouping
    tables: Patcher

    sends = ("memberships", "new")

    @property
    def receives(self) -> tuple[Route, ...]:
        """See Grouping."""
        return self.grouping.receives

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
        evidence = Evidence.joined(new.evidence)
        evidence = dataclasses.replace(evidence, hashtag=new_place[evidence.hashtag].astype(np.uint32))
        members = self._members(bucket, keys, evidence)
        sizes: npt.NDArray[np.int64] = np.zeros(len(keys), np.int64)
        sizes[old_place] += old.members
        sizes += np.bincount(members.rows.hashtag[members.is_new], minlength=len(keys))
        groups = members.groups(keys, display, posts, sizes)
        with self.grouping.source(bucket) as box:
            box.send(members.rows.take(np.flatnonzero(members.is_used)))
        self._send_new(bucket, members)
        report = self.grouping.report(bucket, groups, sizes)
        report.pairs_compared = pairs_sharing(sizes) - pairs_sharing(sizes - groups.fresh_members())
        report.files = self._write_members(bucket, keys, members)
        report.files += self.tables.write(spellings, "spellings", bucket)
        return report

    def _members(self, bucket: int, keys: pa.StringArray, new: Evidence) -> _Merged:
        """The memberships of the base in this run's numbers, and those that are new or not what they were."""
        changes, stored = account_changes(self.grouping.work), self.tables.base.stored("members", bucket)
        counting = CountingRows.of(_stored_keys(stored, keys, changes.places))
        changed = changes.changed[split_keys(counting.key)[1]]
        rows = new.with_memberships(counting.key[changed]) if changed.any() else new
        at, is_known = counting.find(rows.key)
        known = np.flatnonzero(is_known)
        evidence = stored.take([column.name for column in EVIDENCE], counting.row[at[known]])
        return _Merged(
            stored=counting,
            rows=rows.plus(known, evidence),
            at=at,
            is_new=~is_known,
            is_used=rows.posts > 0,
            changed=changes.changed[rows.account],
        )

    def _send_new(self, bucket: int, members: _Merged) -> None:
        grouping = self.grouping
        send_new_memberships(
            grouping.work,
            bucket,
            members.rows.account[members.is_new],
            accounts=grouping.accounts,
            buckets=grouping.buckets,
            tasks=grouping.tasks,
        )

    def _write_members(self, bucket: int, keys: pa.StringArray, members: _Merged) -> list[FileEntry]:
        number = account_changes(self.grouping.work).number
        table, generation = accounts_table(self.grouping.accounts), self.tables.generation
        new = pa.Table.from_batches([member_rows(table, keys, members.rows, numbers=number, generation=generation)])
        known = np.flatnonzero(~members.is_new)
        if not self.tables.merges("members", bucket, len(new)):
            return self.tables.add(new, len(known), "members", bucket)
        counting = self.tables.base.stored("members", bucket).take(new.column_names, members.stored.row)
        return self.tables.merge(Patch(members.at[known], members.at, new), counting, "members", bucket)


@dataclasses.dataclass(frozen=True)
class _Merged:
    """The memberships of a bucket. stored: the base's, by membership_keys.

    rows: the n that come, new or instead of one of the base, by key, all evidence added up. at: int64[n], the stored
    one that each comes before or instead of. is_new: bool[n]. is_used: bool[n], whether new posts have it.
    changed: bool[n], whether the account is not what it was.
    """

    stored: CountingRows
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
        key = np.insert(self.stored.key, self.at[self.is_new], new)
        key = key[compared[key >> np.uint64(32)]]
        fresh = np.zeros(len(key), bool)
        fresh[np.searchsorted(key, self.rows.key[is_fresh])] = True
        hashtag, member = split_keys(key)
        starts = np.searchsorted(hashtag, np.arange(len(keys) + 1))
        return Groups(
            keys=keys, display=display, posts=posts, sizes=sizes, starts=starts, members=member, fresh=fresh
        )


def _stored_keys(
    stored: StoredTable, keys: pa.StringArray, places: npt.NDArray[np.uint32]
) -> list[npt.NDArray[np.uint64]]:
    """Of each file of members the membership_keys of its rows, hashtags by their place in `keys`.

    places: the account of each number.
    """
    found = []
    for file in stored.files:
        pieces = list(file.key_runs())
        hashtags = pa.chunked_array([keys_of for keys_of, _ in pieces], pa.string())
        counts = np.concatenate([np.zeros(0, np.int64), *(rows for _, rows in pieces)])
        place = pc.index_in(hashtags, value_set=keys).to_numpy()
        account = places[file.read_all(["account_number"])["account_number"].to_numpy()]
        found.append(membership_keys(np.repeat(place, counts), account))
    return found


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
