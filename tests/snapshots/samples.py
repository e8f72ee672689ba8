"""Small snapshots with everything known about them, written and published by the real code."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
from rapidfuzz.distance import Levenshtein

from lookalike.outputs import layout
from lookalike.outputs.buckets import bucket_of
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots import publisher
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.publisher import Publication, begin
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import ACCOUNT_HASHTAGS, TABLES, Table

START = datetime(2023, 1, 1, 10, tzinfo=UTC)


@dataclass
class Sample:
    """The rows of a snapshot as lists of dicts, each in its table's order."""

    floor: str = "0.5"
    buckets: int = 4
    hashtags: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    account_hashtags: list[dict[str, Any]] = field(default_factory=list)
    lookalikes: list[dict[str, Any]] = field(default_factory=list)
    names: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)

    @property
    def spellings(self) -> list[dict[str, Any]]:
        return [{"hashtag": r["hashtag"], "spelling": r["display"], "posts": r["posts"]} for r in self.hashtags]

    @property
    def post_index(self) -> list[dict[str, Any]]:
        """As many posts as make_manifest counts, of no other meaning."""
        return [{"id_hash": n, "id_check": n, "row_hash": n, "row": n, "kept": True} for n in range(10)]

    @property
    def unknown_posts(self) -> list[dict[str, Any]]:
        return [{"author_id": "x", "row": 11}] if self.rejects else []

    def rows(self, table: str, bucket: int | None = None) -> list[dict[str, Any]]:
        key = TABLES[table].names[0]
        found = getattr(self, table)
        return [row for row in found if bucket is None or bucket_of(row[key], self.buckets) == bucket]

    def add_accounts(self, names: dict[str, str]) -> None:
        """Fill the tables by account from those by hashtag; names: by account id."""
        used_by: dict[str, list[dict[str, Any]]] = {account: [] for account in names}
        alike_of: dict[str, Counter[tuple[str, int, float]]] = {account: Counter() for account in names}
        number = {account: place for place, account in enumerate(sorted(names, key=str.encode))}
        for row in self.members:
            row |= {"account_number": number[row["account_id"]], "generation": 0}
            used_by[row["account_id"]].append(row)
        for row in self.pairs:
            one, other = row["account_a"], row["account_b"]
            alike_of[one][other, row["distance"], row["similarity"]] += 1
            alike_of[other][one, row["distance"], row["similarity"]] += 1
        for account in sorted(names, key=str.encode):
            used, alike = used_by[account], alike_of[account]
            ordered = sorted(alike.items(), key=lambda item: (-item[1], -item[0][2], item[0][0]))
            self.account_hashtags += [{name: row[name] for name in ACCOUNT_HASHTAGS.names} for row in used]
            self.lookalikes += [
                {"account_id": account, "other_id": other, "other_name": names[other], "distance": distance}
                | {"similarity": similarity, "hashtags": hashtags}
                for (other, distance, similarity), hashtags in ordered
            ]
            created = used[0]["created_at"] if used else None
            self.accounts.append(
                {"account_id": account, "account_number": number[account], "screen_name": names[account]}
                | {
                    "created_at": created,
                    "posts": sum(row["posts"] for row in used),
                    "hashtags": len(used),
                    "lookalikes": len(alike),
                }
            )

    def expected_pairs(self, hashtag: str, threshold: Fraction) -> list[dict[str, Any]]:
        """By the integers of the definition, not by the stored similarity."""
        return [
            {name: value for name, value in row.items() if name != "longer"}
            for row in self.pairs
            if row["hashtag"] == hashtag and Fraction(row["longer"] - row["distance"], row["longer"]) >= threshold
        ]

    def expected_members(self, hashtag: str) -> list[dict[str, Any]]:
        return [row for row in self.members if row["hashtag"] == hashtag]


def make_sample(
    sizes: dict[str, int], *, seed: int = 1, floor: str = "0.5", buckets: int = 4, accounts: int = 300
) -> Sample:
    """Hashtags with that many members each, of accounts with short names over a small alphabet."""
    rng = random.Random(seed)
    names = ["".join(rng.choices("abé", k=rng.randint(2, 9))) for _ in range(accounts)]
    ids = sorted(f"{rng.getrandbits(64):016x}" for _ in range(accounts))
    uses = ((hashtag, sorted(rng.sample(ids, sizes[hashtag]))) for hashtag in sorted(sizes, key=str.encode))
    return build_sample(dict(zip(ids, names, strict=True)), uses, rng, floor=floor, buckets=buckets)


def build_sample(
    names: dict[str, str],
    uses: Iterable[tuple[str, list[str]]],
    rng: random.Random,
    *,
    floor: str = "0.5",
    buckets: int = 4,
) -> Sample:
    """names: by account; uses: sorted hashtags, each with its sorted accounts."""
    sample = Sample(floor=floor, buckets=buckets)
    for hashtag, chosen in uses:
        members = [_member(hashtag, account, names[account], rng) for account in chosen]
        pairs = list(_pairs(members, Fraction(floor)))
        pairs.sort(key=lambda row: (-row["similarity"], row["account_a"], row["account_b"]))
        sample.members += members
        sample.pairs += pairs
        posts = sum(row["posts"] for row in members)
        sample.hashtags.append(
            {"hashtag": hashtag, "display": hashtag.upper(), "posts": posts}
            | {"members": len(members), "pairs": len(pairs)}
        )
    sample.add_accounts(names)
    sample.rejects = [
        {"source": "posts", "file": "p.tsv", "reason": "empty id", "row": "\t2023\t…"},
        {"source": "posts", "file": "p.tsv", "reason": "unknown author", "row": "7\t2023\tx"},
    ]
    return sample


def _member(hashtag: str, account: str, name: str, rng: random.Random) -> dict[str, Any]:
    posts = rng.randint(1, 4)
    first = None if rng.random() < 0.1 else START + timedelta(seconds=rng.randrange(10**6))
    return {
        "hashtag": hashtag,
        "account_id": account,
        "screen_name": name,
        "posts": posts,
        "reposts": rng.randint(0, posts),
        "first_post": first,
        "last_post": None if first is None else first + timedelta(microseconds=rng.randrange(10**9)),
        "generation": 0,
        "created_at": None if rng.random() < 0.1 else START - timedelta(days=rng.randrange(999)),
    }


def _pairs(members: list[dict[str, Any]], floor: Fraction) -> Iterable[dict[str, Any]]:
    for a, b in combinations(members, 2):
        longer = max(len(a["screen_name"]), len(b["screen_name"]))
        distance = Levenshtein.distance(a["screen_name"], b["screen_name"])
        if Fraction(longer - distance, longer) >= floor:
            yield {
                "hashtag": a["hashtag"],
                "account_a": a["account_id"],
                "account_b": b["account_id"],
                "distance": distance,
                "similarity": (longer - distance) / longer,
                "longer": longer,
            }


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
    return Manifest(**(values | changes))


def publish_sample(
    output: Path,
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
    return Snapshot.open(FolderOutput(output))


DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)


def publish_on(
    day: int,
    output: Path,
    sample: Sample,
    *,
    naming: Snapshot | None = None,
    row_group_rows: int = 16,
    parts: int = 1,
) -> Snapshot:
    """Publish a sample as if made on a day of November; of `naming`, files of equal bytes are named, not copied."""
    created = DAY.replace(day=day)
    earlier = {} if naming is None else {_place(entry): entry for entry in naming.manifest.files}
    with (
        patch.object(publisher, "new_snapshot_id", lambda: layout.new_snapshot_id(created)),
        begin(output) as publication,
    ):
        written = write_files(publication, sample, row_group_rows=row_group_rows, parts=parts)
        files = [earlier.get(_place(entry), entry) for entry in written]
        publication.publish(make_manifest(publication.id, sample, files, created=created))
    return Snapshot.open(FolderOutput(output))


def _place(entry: FileEntry) -> tuple[str, int | None, str]:
    return entry.table, entry.bucket, entry.checksum
