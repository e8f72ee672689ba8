"""What the tasks of a stage report to the driver."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from jobs.inputs.rejects import EXAMPLES, Reason, RejectLog
from jobs.inputs.suspects import NO_SUSPECTS, Suspects
from jobs.inputs.text.evidence import NO_EVIDENCE, Evidence
from lookalike.outputs.entries import FileEntry

# An unknown author says that the accounts are incomplete, not that the posts are damaged.
NOT_DAMAGE = frozenset({Reason.UNKNOWN_AUTHOR.value})


def damage(rejected: Mapping[str, int]) -> dict[str, int]:
    """Of rejected rows by reason those that are damaged."""
    return {reason: count for reason, count in rejected.items() if reason not in NOT_DAMAGE}


class Border(NamedTuple):
    """What a task saw of a split, by number: the place of its first row, and of the row after its last one.

    first is rows.NO_ROW where no row begins in the split.
    """

    split: int
    first: int
    following: int


class Authors(NamedTuple):
    """Of a file of posts: its rows, those whose author is not among the accounts, and the id of one of these."""

    rows: int
    unknown: int
    example: str | None

    def __add__(self, other: object) -> Authors:
        """The sum."""
        if not isinstance(other, Authors):
            return NotImplemented
        return Authors(self.rows + other.rows, self.unknown + other.unknown, self.example or other.example)


@dataclasses.dataclass
class PostsReport:
    """What became of some rows of posts; the sum over all tasks reconciles.

    rows: read, well-formed or not. used: kept, with a hashtag. joined: rows that only add hashtags to another one.
    unreadable_*: of the used rows. rejected and examples: by reason. files: data files that hold the rejected rows
    and what a later run needs to know. partitions: of ids, that had posts. superseded: rows of earlier runs that a
    row here should have been used for, so that these counts are of no use, see DeduplicatePosts. renamed: rejected
    rows of earlier runs that are also in a file here whose path is before theirs. quotes: what the quotes in all rows
    tell. suspects: among the hashtags. borders: of the splits of quoted files, see stages.scan.borders. ids,
    author_ids: some of them. odd_dates, odd_flags: some that cannot be read.
    """

    rows: int = 0
    used: int = 0
    without_hashtag: int = 0
    excluded_reposts: int = 0
    duplicates: int = 0
    joined: int = 0
    unreadable_dates: int = 0
    unreadable_flags: int = 0
    rejected: dict[str, int] = dataclasses.field(default_factory=dict)
    examples: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    files: list[FileEntry] = dataclasses.field(default_factory=list)
    superseded: int = 0
    renamed: int = 0
    partitions: list[int] = dataclasses.field(default_factory=list)
    quotes: Evidence = NO_EVIDENCE
    suspects: Suspects = NO_SUSPECTS
    borders: list[Border] = dataclasses.field(default_factory=list)
    authors: dict[int, Authors] = dataclasses.field(default_factory=dict)
    ids: list[str] = dataclasses.field(default_factory=list)
    author_ids: list[str] = dataclasses.field(default_factory=list)
    odd_dates: list[str] = dataclasses.field(default_factory=list)
    odd_flags: list[str] = dataclasses.field(default_factory=list)

    def take_rejects(self, log: RejectLog) -> None:
        """Add what a log holds, and finish its file."""
        for reason, count in log.counts.items():
            self.rejected[reason.value] = self.rejected.get(reason.value, 0) + count
        self.examples |= {reason.value: rows for reason, rows in log.examples.items()}
        entry = log.close()
        if entry is not None:
            self.files.append(entry)

    def damaged(self) -> dict[str, int]:
        """Rejected rows by reason, without those that only lack an account."""
        return damage(self.rejected)

    @classmethod
    def total(cls, reports: Iterable[PostsReport]) -> PostsReport:
        """The sum; RuntimeError if rows are unaccounted for."""
        total = cls()
        for part in reports:
            for name in _NUMBERS:
                setattr(total, name, getattr(total, name) + getattr(part, name))
            for reason, count in part.rejected.items():
                total.rejected[reason] = total.rejected.get(reason, 0) + count
            for reason, rows in part.examples.items():
                total.examples[reason] = [*total.examples.get(reason, []), *rows][:EXAMPLES]
            total.files += part.files
            total.partitions += part.partitions
            total.quotes += part.quotes
            total.suspects += part.suspects
            total.borders += part.borders
            for file, authors in part.authors.items():
                total.authors[file] = authors + total.authors.get(file, Authors(0, 0, None))
            total.ids = [*total.ids, *part.ids][:_SOME_IDS]
            total.author_ids = [*total.author_ids, *part.author_ids][:_SOME_IDS]
            total.odd_dates = [*total.odd_dates, *part.odd_dates][:EXAMPLES]
            total.odd_flags = [*total.odd_flags, *part.odd_flags][:EXAMPLES]
        accounted = total.used + total.without_hashtag + total.excluded_reposts + total.duplicates + total.joined
        if total.rows != accounted + sum(total.rejected.values()):
            raise RuntimeError(f"{total.rows} rows of posts were read, but the counts do not reconcile: {total}")
        return total


_SOME_IDS = 10_000
_NUMBERS = tuple(field.name for field in dataclasses.fields(PostsReport) if field.default == 0)


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

    files: its members and spellings, and what is identical, unless they were only counted. pairs_compared: of
    pairs_sharing those that have a fresh side, in an incremental run. identical: rows of the table of that name.
    """

    bucket: int
    hashtags: int
    memberships: int
    pairs_sharing: int
    small: list[tuple[int, int, float]]
    large: list[LargeHashtag]
    pairs_compared: int = 0
    identical: int = 0
    files: list[FileEntry] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class CompareReport:
    """What so many tasks of comparison did.

    by_names: those of them that compared all names, rather than hashtag by hashtag. sent: pairs on
    their way to the table, where `similar` has become the number of those that they stand for.
    table_bytes: what these take in the tables, at least. sample_*: similar pairs of the sampled
    hashtags that exist, and that were found.
    """

    tasks: int = 0
    by_names: int = 0
    candidates: int = 0
    verified: int = 0
    similar: int = 0
    sent: int = 0
    table_bytes: int = 0
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
