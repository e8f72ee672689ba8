"""The manifest of the snapshot that a run has made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from jobs.exchange.reports import CompareReport, GroupReport, PostsReport
from jobs.inputs.accounts.read import AccountCounts
from jobs.inputs.tables import InputFile
from jobs.options.config import JobConfig
from jobs.strategy.context import RunContext
from jobs.strategy.records import input_records
from jobs.strategy.strategy import Strategy
from lookalike import __version__
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots import counts as tallies
from lookalike.snapshots.manifest import GROUPED_VERSION, SCHEMA_VERSION, Manifest
from lookalike.snapshots.origin import Origin


@dataclasses.dataclass(frozen=True)
class Made:
    """The data files of a snapshot, what they hold, and the strategy that made them. read: see Manifest."""

    files: list[FileEntry]
    origin: Origin
    counts: tallies.Counts
    read: dict[str, str]
    recall: tallies.Recall | None
    strategy: Strategy


def origin_of(run: RunContext, strategy: Strategy) -> Origin:
    """What is said twice, in the manifest and in a data file."""
    return Origin(
        created=datetime.now(UTC),
        job_version=__version__,
        floor=str(run.config.min_similarity),
        buckets=run.config.buckets,
        configuration=json.loads(run.config.model_dump_json()) | {"ignore_hashtags": run.ignored.record()},
        generation=strategy.generation,
    )


def make_manifest(run: RunContext, accounts: Sequence[InputFile], made: Made) -> Manifest:
    """All that is known before the snapshot is verified."""
    return Manifest(
        schema_version=GROUPED_VERSION if run.config.identical == "group" else SCHEMA_VERSION,
        id=run.snapshot,
        **dict(made.origin),
        mode=made.strategy.mode,
        inputs=input_records("posts", made.strategy.posts) + input_records("accounts", accounts),
        read=made.read,
        counts=made.counts,
        seconds=run.progress.seconds,
        recall=made.recall,
        files=_with_generation(made.files, run.snapshot, made.strategy.generation),
    )


def _with_generation(entries: Iterable[FileEntry], snapshot: str, generation: int) -> tuple[FileEntry, ...]:
    """The data files, those that the snapshot itself has written with its generation."""
    return tuple(
        dataclasses.replace(entry, generation=generation) if entry.snapshot == snapshot else entry
        for entry in entries
    )


def count_all(
    accounts: AccountCounts, names: int, posts: PostsReport, groups: Sequence[GroupReport], compared: CompareReport
) -> tallies.Counts:
    """What became of every row and pair."""
    return tallies.Counts(
        accounts=tallies.AccountCounts(
            rows=accounts.rows,
            used=accounts.used,
            duplicates=accounts.duplicates,
            earlier_names=accounts.earlier_names,
            names=names,
            rejected={reason.value: count for reason, count in accounts.rejected.items()},
            unreadable_dates=accounts.unreadable_dates,
        ),
        posts=tallies.PostCounts(
            rows=posts.rows,
            used=posts.used,
            without_hashtag=posts.without_hashtag,
            excluded_reposts=posts.excluded_reposts,
            duplicates=posts.duplicates,
            joined=posts.joined,
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


def with_rows(counts: tallies.Counts, groups: Sequence[GroupReport], compared: CompareReport) -> tallies.Counts:
    """The counts of a run that publishes identical names as groups, with those of the rows that it wrote."""
    rows = tallies.GroupedRows(pairs=compared.sent, identical=sum(group.identical for group in groups))
    return counts.model_copy(update={"grouped": rows})


def recall_of(config: JobConfig, compared: CompareReport) -> tallies.Recall | None:
    """How many of the similar pairs of a sample were found, for a blocking that may lose some; else None."""
    if config.blocking == "lossless":
        return None
    return tallies.Recall(hashtags=compared.sample_hashtags, pairs=compared.sample_pairs, found=compared.sample_found)
