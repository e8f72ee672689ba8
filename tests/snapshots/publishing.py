"""Samples written and published by the real code."""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pyarrow as pa

from lookalike.outputs import layout
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.opening import open_output
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots import publisher
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.publisher import Publication, begin
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import TABLES, Table

from .samples import Sample


def write_files(
    publication: Publication, sample: Sample, *, row_group_rows: int, parts: int = 1, generations: int = 1
) -> list[FileEntry]:
    """Write every table, a bucket's rows spread over `parts` files, and return the entries.

    generations: over which the rows of tables that may have them are spread. Rows that others replace are wrong.
    """
    if not sample.accounts:
        sample.add_accounts({row["account_id"]: row["screen_name"] for row in sample.members})
    entries = []
    for table in TABLES.values():
        for bucket in range(sample.buckets) if table.bucket else [None]:
            rows = sample.rows(table.name, bucket)
            spread = generations if table.generations else 1
            seen: set[tuple[str, ...]] = set()
            for generation, own in enumerate(_spread(random.Random(bucket), rows, spread)):
                written = _write_rows(publication, table, bucket, own, row_group_rows, parts, generation)
                for entry, part in written:
                    keys = {tuple(row[name] for name in table.key) for row in part} if spread > 1 else set()
                    entries.append(replace(entry, generation=generation, replaces=len(keys & seen)))
                seen |= {tuple(row[name] for name in table.key) for row in own}
    return entries


def _spread(rng: random.Random, rows: list[dict[str, Any]], generations: int) -> list[list[dict[str, Any]]]:
    """Each row in one generation, and wrong ones of its key in some older ones; each generation is in order."""
    if generations == 1:
        return [rows]
    found: list[list[dict[str, Any]]] = [[] for _ in range(generations)]
    for row in rows:
        last = rng.randrange(generations)
        for generation in range(last):
            if rng.random() < 0.3:
                wrong = {"posts": 1000, "reposts": 1000, "generation": generation}
                found[generation].append(row | wrong)
        found[last].append(row | {"generation": last})
    return found


def _write_rows(
    publication: Publication,
    table: Table,
    bucket: int | None,
    rows: list[dict[str, Any]],
    row_group_rows: int,
    parts: int,
    generation: int,
) -> list[tuple[FileEntry, list[dict[str, Any]]]]:
    """The files of one generation, each with its rows."""
    made = pa.Table.from_pylist(rows, schema=table.schema)
    step = max(1, -(-made.num_rows // parts))
    found = []
    for part, start in enumerate(range(0, made.num_rows, step)):
        path = publication.data_path(table.name, bucket=bucket, part=part + 100 * generation)
        batches = made.slice(start, step).to_batches(max_chunksize=50)
        entry = write_table(publication.output, path, batches, row_group_rows)
        found.append((entry, rows[start : start + step]))
    return found


def make_manifest(snapshot: str, sample: Sample, files: Iterable[FileEntry], **changes: Any) -> Manifest:
    """The manifest that belongs to a sample."""
    members = [row["members"] for row in sample.hashtags]
    rejected = {"empty id": 1, "unknown author": 1} if sample.rejects else {}
    values: dict[str, Any] = {
        "id": snapshot,
        "created": datetime(2026, 11, 23, 15, 1, 2, tzinfo=UTC),
        "job_version": "0.1.0",
        "floor": sample.floor,
        "buckets": sample.buckets,
        "configuration": {"blocking": "lossless", "exclude_reposts": False, "posts": ["p.tsv"]},
        "mode": {"name": "full", "reason": "asked for", "files": 1, "bytes": 10},
        "inputs": [{"table": "posts", "path": "p.tsv", "bytes": 10, "modified_ns": 1, "format": "text"}],
        "counts": {
            "accounts": {"rows": len(sample.accounts), "used": len(sample.accounts), "duplicates": 0, "rejected": {}},
            "posts": {
                "rows": 13,
                "used": 5,
                "without_hashtag": 3,
                "excluded_reposts": 2,
                "duplicates": 3 - len(rejected),
                "rejected": rejected,
            },
            "memberships": sum(members),
            "hashtags": len(members),
            "pairs_sharing": sum(size * (size - 1) // 2 for size in members),
            "candidates": 5,
            "verified": 4,
            "similar_pairs": len(sample.pairs),
        },
        "seconds": {"scan": 1.5, "compare": 0.25},
        "files": tuple(files),
    }
    if sample.is_grouped:
        values |= {"schema_version": 6, "configuration": values["configuration"] | {"identical": "group"}}
        rows = {"pairs": len(sample.pairs), "identical": len(sample.identical)}
        values["counts"] |= {"similar_pairs": sum(row["pairs"] for row in sample.hashtags), "grouped": rows}
    return Manifest(**(values | changes))


def publish_sample(
    output: OutputPlace,
    sample: Sample,
    *,
    row_group_rows: int = 16,
    parts: int = 1,
    generations: int = 1,
    spoil: Callable[[Publication], None] = lambda _: None,
) -> Snapshot:
    """Publish a sample; `spoil` may damage what was written before it is checked."""
    with begin(output) as publication:
        files = write_files(publication, sample, row_group_rows=row_group_rows, parts=parts, generations=generations)
        spoil(publication)
        publication.publish(make_manifest(publication.id, sample, files, generation=generations - 1))
    return Snapshot.open(open_output(output))


DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)


def publish_on(
    day: int,
    output: OutputPlace,
    sample: Sample,
    *,
    naming: Snapshot | None = None,
    row_group_rows: int = 16,
    parts: int = 1,
    created: datetime | None = None,
) -> Snapshot:
    """Publish a sample as if made on a day of November; of `naming`, files of equal bytes are named, not copied."""
    created = created or DAY.replace(day=day)
    earlier = {} if naming is None else {_place(entry): entry for entry in naming.manifest.files}
    with (
        patch.object(publisher, "new_snapshot_id", lambda: layout.new_snapshot_id(created)),
        begin(output) as publication,
    ):
        written = write_files(publication, sample, row_group_rows=row_group_rows, parts=parts)
        files = [earlier.get(_place(entry), entry) for entry in written]
        publication.publish(make_manifest(publication.id, sample, files, created=created))
    return Snapshot.open(open_output(output))


def _place(entry: FileEntry) -> tuple[str, int | None, str]:
    return entry.table, entry.bucket, entry.checksum
