"""What the tasks of a stage tell the driver."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from jobs.inputs.rejects import EXAMPLES, Reason, RejectLog
from jobs.snapshots.datafiles import FileEntry

# An unknown author says that the accounts are incomplete, not that the posts are damaged.
NOT_DAMAGE = frozenset({Reason.UNKNOWN_AUTHOR.value})


@dataclasses.dataclass
class PostsReport:
    """What became of some rows of posts; the sum over all tasks reconciles.

    rows: read, well-formed or not. used: kept, with a hashtag. unreadable_*: of the used rows. rejected and
    examples: by reason. rejects: the files that hold the rejected rows. partitions: of ids, that had posts.
    """

    rows: int = 0
    used: int = 0
    without_hashtag: int = 0
    excluded_reposts: int = 0
    duplicates: int = 0
    unreadable_dates: int = 0
    unreadable_flags: int = 0
    rejected: dict[str, int] = dataclasses.field(default_factory=dict)
    examples: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    rejects: list[FileEntry] = dataclasses.field(default_factory=list)
    partitions: list[int] = dataclasses.field(default_factory=list)

    def take_rejects(self, log: RejectLog) -> None:
        """Add what a log holds, and finish its file."""
        for reason, count in log.counts.items():
            self.rejected[reason.value] = self.rejected.get(reason.value, 0) + count
        self.examples |= {reason.value: rows for reason, rows in log.examples.items()}
        entry = log.close()
        if entry is not None:
            self.rejects.append(entry)

    def damaged(self) -> dict[str, int]:
        """Rejected rows by reason, without those that only lack an account."""
        return {reason: count for reason, count in self.rejected.items() if reason not in NOT_DAMAGE}

    @classmethod
    def total(cls, reports: Iterable[PostsReport]) -> PostsReport:
        """The sum; RuntimeError if rows are unaccounted for."""
        total = cls()
        for part in reports:
            for name in ("rows", "used", "without_hashtag", "excluded_reposts", "duplicates"):
                setattr(total, name, getattr(total, name) + getattr(part, name))
            total.unreadable_dates += part.unreadable_dates
            total.unreadable_flags += part.unreadable_flags
            for reason, count in part.rejected.items():
                total.rejected[reason] = total.rejected.get(reason, 0) + count
            for reason, rows in part.examples.items():
                total.examples[reason] = [*total.examples.get(reason, []), *rows][:EXAMPLES]
            total.rejects += part.rejects
            total.partitions += part.partitions
        accounted = total.used + total.without_hashtag + total.excluded_reposts + total.duplicates
        if total.rows != accounted + sum(total.rejected.values()):
            raise RuntimeError(f"{total.rows} rows of posts were read, but the counts do not reconcile: {total}")
        return total


@dataclasses.dataclass
class LargeHashtag:
    """A hashtag whose comparison is worth planning: its place in its bucket, and its members by name length.

    lengths: names of each length in code points, from 0. fresh: those of them that are fresh, where only pairs of
    which one name is are wanted; None where all are.
    """

    hashtag: int
    members: int
    lengths: list[int]
    fresh: list[int] | None = None


@dataclasses.dataclass
class GroupReport:
    """What a bucket holds. small: places [from, to) of runs of hashtags that are not large, and their cost.

    members: None if they were only counted.
    """

    bucket: int
    hashtags: int
    memberships: int
    pairs_sharing: int
    small: list[tuple[int, int, float]]
    large: list[LargeHashtag]
    members: FileEntry | None


@dataclasses.dataclass
class CompareReport:
    """What so many tasks of comparison did.

    by_names: those of them that compared all names, rather than hashtag by hashtag.
    sample_*: similar pairs of the sampled hashtags that exist, and that were found.
    """

    tasks: int = 0
    by_names: int = 0
    candidates: int = 0
    verified: int = 0
    similar: int = 0
    sample_hashtags: int = 0
    sample_pairs: int = 0
    sample_found: int = 0

    @classmethod
    def total(cls, reports: Iterable[CompareReport]) -> CompareReport:
        """The sum."""
        total = cls()
        for part in reports:
            for field in dataclasses.fields(cls):
                setattr(total, field.name, getattr(total, field.name) + getattr(part, field.name))
        return total


@dataclasses.dataclass
class WriteReport:
    """The files written of a bucket; pairs: (number of a hashtag, its similar pairs), none for accounts."""

    files: list[FileEntry]
    pairs: list[tuple[int, int]] = dataclasses.field(default_factory=list)
