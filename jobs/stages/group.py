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
from jobs.stages.blobs import report, rows_of, unpack
from jobs.stages.groups import Groups
from jobs.stages.plan import cost_of_group
from jobs.stages.reports import GroupReport, LargeHashtag
from jobs.stages.worker import accounts_table

_LATEST = np.iinfo(np.int64).max


@dataclasses.dataclass(frozen=True)
class GroupMembers:
    """mapInArrow function: usages of hashtags in; the members to the snapshot, a report a bucket out.

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

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Group the usages of each bucket that comes in."""
        usages: dict[int, list[pa.RecordBatch]] = {}
        for _, bucket, carrier in unpack(batches):
            usages.setdefault(bucket, []).append(rows_of(carrier))
        for bucket in sorted(usages):
            yield report(self._group(bucket, usages.pop(bucket)))

    def _group(self, bucket: int, batches: list[pa.RecordBatch]) -> GroupReport:
        table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
        spellings = table.column("hashtag").chunk(0).dictionary.to_pylist()
        code = table.column("hashtag").chunk(0).indices.to_numpy()
        account, created, repost = (table.column(n).to_numpy() for n in ("account", "created", "repost"))
        key_of = [normalise(spelling) for spelling in spellings]
        keys = sorted(set(key_of))
        place = {key: number for number, key in enumerate(keys)}
        rank = np.array([place[key] for key in key_of], np.int64)[code]
        order = np.argsort((rank.astype(np.uint64) << np.uint64(32)) | account)
        evidence = _evidence(rank[order], account[order], created[order], repost[order])
        starts = np.searchsorted(evidence.hashtag, np.arange(len(keys) + 1))
        display = _most_frequent(spellings, code, key_of)
        posts = np.bincount(rank, minlength=len(keys))
        groups = Groups(pa.array(keys), pa.array([display[key] for key in keys]), posts, starts, evidence.account)
        groups.write(self.work, bucket)
        small, large = self._runs(groups)
        sizes = np.diff(starts)
        return GroupReport(
            bucket,
            len(keys),
            len(evidence.account),
            int((sizes * (sizes - 1) // 2).sum()),
            small,
            large,
            self._write_members(bucket, groups, evidence),
        )

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
    since 1970 or NULL_TIME.
    """

    hashtag: npt.NDArray[np.int64]
    account: npt.NDArray[np.uint32]
    posts: npt.NDArray[np.int64]
    reposts: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]


def _evidence(
    hashtag: npt.NDArray[np.int64],
    account: npt.NDArray[np.uint32],
    created: npt.NDArray[np.int64],
    repost: npt.NDArray[np.int8],
) -> Evidence:
    """From usages in the order of (hashtag, account)."""
    changes = np.ones(len(hashtag), bool)
    changes[1:] = (np.diff(hashtag) != 0) | (account[1:] != account[:-1])
    starts = np.flatnonzero(changes)
    return Evidence(hashtag[starts], account[starts], *_aggregate(np.append(starts, len(hashtag)), created, repost))


@numba.njit(cache=True, nogil=True)
def _aggregate(
    starts: npt.NDArray[np.int64], created: npt.NDArray[np.int64], repost: npt.NDArray[np.int8]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Posts, reposts, first and last of each run of usages starts[i] to starts[i + 1]."""
    count = len(starts) - 1
    posts = np.empty(count, np.int64)
    reposts = np.zeros(count, np.int64)
    first = np.empty(count, np.int64)
    last = np.empty(count, np.int64)
    for i in range(count):
        posts[i] = starts[i + 1] - starts[i]
        earliest = _LATEST
        latest = NULL_TIME
        for at in range(starts[i], starts[i + 1]):
            reposts[i] += repost[at] == 1
            if created[at] != NULL_TIME:
                earliest = min(earliest, created[at])
                latest = max(latest, created[at])
        first[i] = NULL_TIME if earliest == _LATEST else earliest
        last[i] = latest
    return posts, reposts, first, last


def _most_frequent(spellings: list[str], code: npt.NDArray[np.int32], key_of: list[str]) -> dict[str, str]:
    """For each key its most frequent spelling; of equally frequent ones the first in code point order."""
    counts = np.bincount(code, minlength=len(spellings)).tolist()
    best: dict[str, tuple[int, str]] = {}
    for spelling, count, key in zip(spellings, counts, key_of, strict=True):
        if key not in best or (-count, spelling) < best[key]:
            best[key] = (-count, spelling)
    return {key: spelling for key, (_, spelling) in best.items()}


def as_times(micros: npt.NDArray[np.int64]) -> pa.TimestampArray:
    """Microseconds since 1970 as Arrow timestamps, NULL_TIME as null."""
    return pa.array(micros, mask=micros == NULL_TIME).cast(pa.timestamp("us", tz="UTC"))
