"""What a run says of itself in its manifest."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from jobs.exchange.reports import CompareReport, GroupReport, PostsReport
from jobs.inputs.readaccounts import AccountCounts
from jobs.inputs.tables import InputFile
from jobs.options.config import JobConfig
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots import counts as tallies
from lookalike.snapshots import manifest as manifests
from lookalike.tables import UNKNOWN_AUTHOR


def inputs(table: Literal["posts", "accounts"], files: Iterable[InputFile]) -> tuple[manifests.InputRecord, ...]:
    """The files of a table as they were when they were examined."""
    return tuple(
        manifests.InputRecord(
            table=table,
            path=str(Path(file.path).resolve()),
            bytes=file.size,
            modified_ns=file.modified_ns,
            format=file.format,
            compression=file.compression,
            quoting=file.quoting,
        )
        for file in files
    )


def counts(
    accounts: AccountCounts, posts: PostsReport, groups: Sequence[GroupReport], compared: CompareReport
) -> tallies.Counts:
    """What became of every row and pair."""
    return tallies.Counts(
        accounts=tallies.AccountCounts(
            rows=accounts.rows,
            used=accounts.used,
            duplicates=accounts.duplicates,
            rejected={reason.value: count for reason, count in accounts.rejected.items()},
            unreadable_dates=accounts.unreadable_dates,
        ),
        posts=tallies.PostCounts(
            rows=posts.rows,
            used=posts.used,
            without_hashtag=posts.without_hashtag,
            excluded_reposts=posts.excluded_reposts,
            duplicates=posts.duplicates,
            rejected=posts.rejected,
            unreadable_dates=posts.unreadable_dates,
            unreadable_flags=posts.unreadable_flags,
        ),
        memberships=sum(group.memberships for group in groups),
        hashtags=sum(group.hashtags for group in groups),
        pairs_sharing=sum(group.pairs_sharing for group in groups),
        candidates=compared.candidates,
        verified=compared.verified,
        similar_pairs=compared.similar,
        names_once=compared.by_names > 0,
    )


def added(base: tallies.Counts, new: tallies.Counts, adopted: int) -> tallies.Counts:
    """The counts of an incremental run: of posts those of the base and the new ones, of the rest what is there now.

    adopted: new rows of posts that the base has counted as of unknown authors. candidates, verified: all that were
    met on the way here.
    """
    before, posts = base.posts.model_dump(), new.posts.model_dump()
    rejected = {
        reason: before["rejected"].get(reason, 0) + posts["rejected"].get(reason, 0)
        for reason in before["rejected"].keys() | posts["rejected"].keys()
    }
    if adopted:
        rejected[UNKNOWN_AUTHOR] -= adopted
    total = {name: before[name] + posts[name] for name in before if name != "rejected"}
    total |= {"rows": total["rows"] - adopted, "rejected": {reason: n for reason, n in rejected.items() if n}}
    return new.model_copy(
        update={
            "posts": tallies.PostCounts(**total),
            "candidates": base.candidates + new.candidates,
            "verified": base.verified + new.verified,
            "names_once": base.names_once,
        }
    )


def files(entries: Iterable[FileEntry], snapshot: str, generation: int) -> tuple[FileEntry, ...]:
    """The data files, those that the snapshot itself has written with its generation."""
    return tuple(
        dataclasses.replace(entry, generation=generation) if entry.snapshot == snapshot else entry
        for entry in entries
    )


def recall(config: JobConfig, compared: CompareReport) -> tallies.Recall | None:
    """How many of the similar pairs of a sample were found, by a blocking that may lose some."""
    if config.blocking == "lossless":
        return None
    return tallies.Recall(hashtags=compared.sample_hashtags, pairs=compared.sample_pairs, found=compared.sample_found)
