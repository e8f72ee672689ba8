"""Stage 3: the members of every hashtag of a bucket, with their evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.hashtags import normalise
from jobs.inputs.timestamps import NULL_TIME
from jobs.kernel import Threshold
from jobs.snapshots.datafiles import ROW_GROUP_ROWS, FileEntry, write_table
from jobs.snapshots.layout import MEMBERS, data_path
from jobs.stages.blobs import blob, report, rows_of, slices_by, spelled, unpack
from jobs.stages.groups import Groups
from jobs.stages.plan import cost_of_group
from jobs.stages.reports import GroupReport, LargeHashtag
from jobs.stages.times import as_times
from jobs.stages.worker import account_buckets, accounts_table

MEMBERSHIPS = "memberships"  # the kind of blob that goes to the writers of the accounts' tables
_USAGE = ("account", "created", "repost", "leads")
_LATEST = np.iinfo(np.int64).max


@dataclasses.dataclass(frozen=True)
class GroupMembers:
    """mapInArrow function: usages of hashtags in; members to the snapshot; memberships by account and reports out.

    work: folder for what only this run needs, reached by all tasks. block_size: members from which on a hashtag
    is compared by several tasks. run_cost: seconds of comparison that make a run of small hashtags.
    """

    accounts: str
    output: Path
    work: Path
    snapshot: str
    threshold: Threshold
    block_size: int
    run_cost: float
    buckets: int
    tasks: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Group the usages of each bucket that comes in."""
        usages: dict[int, list[pa.RecordBatch]] = {}
        for _, bucket, carrier in unpack(batches):
            usages.setdefault(bucket, []).append(rows_of(carrier))
        for bucket in sorted(usages):
            yield from self._group(bucket, usages.pop(bucket))

    def _group(self, bucket: int, batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
        spellings = table.column("hashtag").chunk(0).dictionary.to_pylist()
        code = table.column("hashtag").chunk(0).indices.to_numpy()
        account, created, repost, leads = (table.column(n).to_numpy() for n in _USAGE)
        key_of = [normalise(spelling) for spelling in spellings]
        keys = sorted(set(key_of))
        place = {key: number for number, key in enumerate(keys)}
        rank = np.array([place[key] for key in key_of], np.int64)[code]
        order = np.argsort((rank.astype(np.uint64) << np.uint64(32)) | account)
        evidence = _evidence(rank[order], account[order], created[order], repost[order], leads[order])
        starts = np.searchsorted(evidence.hashtag, np.arange(len(keys) + 1))
        display = _most_frequent(spellings, code, key_of)
        posts = np.bincount(rank, minlength=len(keys))
        groups = Groups(pa.array(keys), pa.array([display[key] for key in keys]), posts, starts, evidence.account)
        groups.write(self.work, bucket)
        small, large = self._runs(groups)
        sizes = np.diff(starts)
        members = self._write_members(bucket, groups, evidence)
        sharing = int((sizes * (sizes - 1) // 2).sum())
        yield report(GroupReport(bucket, len(keys), len(evidence.account), sharing, small, large, members))
        yield from self._by_account(groups, evidence)

    def _by_account(self, groups: Groups, evidence: Evidence) -> Iterator[pa.RecordBatch]:
        """The memberships once more, for the tasks that write the tables of accounts."""
        task_of = account_buckets(self.accounts, self.buckets)[evidence.account] % self.tasks
        for task, rows in slices_by(task_of.astype(np.int64), self.tasks):
            memberships = pa.record_batch(
                {
                    "hashtag": spelled(evidence.hashtag[rows], groups.keys),
                    "account": evidence.account[rows],
                    "posts": evidence.posts[rows],
                    "reposts": evidence.reposts[rows],
                    "first": evidence.first[rows],
                    "last": evidence.last[rows],
                    "leads": evidence.leads[rows],
                }
            )
            yield blob(MEMBERSHIPS, self.tasks + task, 0, memberships)

    def _write_members(self, bucket: int, groups: Groups, evidence: Evidence) -> FileEntry:
        """The members table of a bucket, a piece at a time."""
        table = accounts_table(self.accounts)

        def pieces() -> Iterator[pa.RecordBatch]:
            for start in range(0, len(evidence.account), ROW_GROUP_ROWS):
                part = slice(start, start + ROW_GROUP_ROWS)
                account = pa.array(evidence.account[part])
                yield pa.record_batch(
                    [
                        groups.keys.take(pa.array(evidence.hashtag[part])),
                        table.ids.take(account).cast(pa.string()),
                        table.screen_names.take(account).cast(pa.string()),
                        pa.array(evidence.posts[part]),
                        pa.array(evidence.reposts[part]),
                        as_times(evidence.first[part]),
                        as_times(evidence.last[part]),
                        as_times(table.created[evidence.account[part]]),
                    ],
                    schema=MEMBERS,
                )

        path = data_path(self.snapshot, "members", bucket=bucket)
        return write_table(self.output, path, MEMBERS, pieces())

    def _runs(self, groups: Groups) -> tuple[list[tuple[int, int, float]], list[LargeHashtag]]:
        """Cut the hashtags into runs of about equal cost between the large ones."""
        sizes = np.diff(groups.starts)
        cost = cost_of_group(sizes)
        runs, large, start = [], [], 0
        for place in [*np.flatnonzero(sizes > max(self.block_size, 1)).tolist(), len(sizes)]:
            total = np.cumsum(cost[start:place])
            cuts = np.searchsorted(total, np.arange(self.run_cost, total[-1] if len(total) else 0, self.run_cost))
            edges = np.unique([0, *(cuts + 1).tolist(), len(total)])
            for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                runs.append((start + first, start + last, float(cost[start + first : start + last].sum())))
            if place < len(sizes):
                names = accounts_table(self.accounts).names
                members = groups.members_of(place).astype(np.int64)
                lengths = np.bincount(names.offsets[members + 1] - names.offsets[members])
                large.append(LargeHashtag(place, len(members), lengths.tolist()))
            start = place + 1
        return [run for run in runs if run[2] > 0], large


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One entry a membership, by (hashtag, account): what an account did with a hashtag.

    hashtag int64[n], account uint32[n], posts and reposts int64[n], first and last int64[n] in microseconds
    since 1970 or NULL_TIME; leads int64[n]: the posts of which this was the first hashtag, so that an account's
    posts can be counted by adding up.
    """

    hashtag: npt.NDArray[np.int64]
    account: npt.NDArray[np.uint32]
    posts: npt.NDArray[np.int64]
    reposts: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    leads: npt.NDArray[np.int64]


def _evidence(
    hashtag: npt.NDArray[np.int64],
    account: npt.NDArray[np.uint32],
    created: npt.NDArray[np.int64],
    repost: npt.NDArray[np.int8],
    leads: npt.NDArray[np.int8],
) -> Evidence:
    """From usages in the order of (hashtag, account)."""
    changes = np.ones(len(hashtag), bool)
    changes[1:] = (np.diff(hashtag) != 0) | (account[1:] != account[:-1])
    starts = np.flatnonzero(changes)
    found = _aggregate(np.append(starts, len(hashtag)), created, repost, leads)
    return Evidence(hashtag[starts], account[starts], *found)


@numba.njit(cache=True, nogil=True)
def _aggregate(
    starts: npt.NDArray[np.int64],
    created: npt.NDArray[np.int64],
    repost: npt.NDArray[np.int8],
    leads: npt.NDArray[np.int8],
) -> tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]
]:
    """Posts, reposts, first, last and leads of each run of usages starts[i] to starts[i + 1]."""
    count = len(starts) - 1
    posts = np.empty(count, np.int64)
    reposts = np.zeros(count, np.int64)
    first = np.empty(count, np.int64)
    last = np.empty(count, np.int64)
    led = np.zeros(count, np.int64)
    for i in range(count):
        posts[i] = starts[i + 1] - starts[i]
        earliest = _LATEST
        latest = NULL_TIME
        for at in range(starts[i], starts[i + 1]):
            reposts[i] += repost[at] == 1
            led[i] += leads[at]
            if created[at] != NULL_TIME:
                earliest = min(earliest, created[at])
                latest = max(latest, created[at])
        first[i] = NULL_TIME if earliest == _LATEST else earliest
        last[i] = latest
    return posts, reposts, first, last, led


def _most_frequent(spellings: list[str], code: npt.NDArray[np.int32], key_of: list[str]) -> dict[str, str]:
    """For each key its most frequent spelling; of equally frequent ones the first in code point order."""
    counts: dict[str, int] = dict.fromkeys(spellings, 0)
    for spelling, count in zip(spellings, np.bincount(code, minlength=len(spellings)).tolist(), strict=True):
        counts[spelling] += count  # the same spelling may stand under several codes
    best: dict[str, tuple[int, str]] = {}
    for spelling, key in zip(spellings, key_of, strict=True):
        best[key] = min(best.get(key, (0, "")), (-counts[spelling], spelling))
    return {key: spelling for key, (_, spelling) in best.items()}
