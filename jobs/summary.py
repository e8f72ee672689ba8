"""What a run says of itself in its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from jobs.config import JobConfig
from jobs.inputs.readaccounts import AccountCounts
from jobs.inputs.tables import InputFile
from jobs.snapshots import manifest as manifests
from jobs.stages.reports import CompareReport, GroupReport, PostsReport


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
) -> manifests.Counts:
    """What became of every row and pair."""
    return manifests.Counts(
        accounts=manifests.AccountCounts(
            rows=accounts.rows,
            used=accounts.used,
            duplicates=accounts.duplicates,
            rejected={reason.value: count for reason, count in accounts.rejected.items()},
            unreadable_dates=accounts.unreadable_dates,
        ),
        posts=manifests.PostCounts(
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


def recall(config: JobConfig, compared: CompareReport) -> manifests.Recall | None:
    """How many of the similar pairs of a sample were found, by a blocking that may lose some."""
    if config.blocking == "lossless":
        return None
    return manifests.Recall(
        hashtags=compared.sample_hashtags, pairs=compared.sample_pairs, found=compared.sample_found
    )
