"""Whether the hand-made single process and a snapshot of the job hold the same pairs at the same distances."""

from __future__ import annotations

import json
import unicodedata
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from bench.handmade import ACCOUNTS, quoted, table_of
from lookalike.outputs.opening import open_output


def live_manifest(output: Path | str) -> dict[str, Any]:
    """The manifest of the live snapshot in a folder or under a URL."""
    place = open_output(output)
    manifest: dict[str, Any] = json.loads(place.manifest(place.live()))
    return manifest


def pair_files(output: Path) -> list[Path]:
    """The files of the live snapshot's pairs, as its manifest lists them."""
    return [output / entry["path"] for entry in live_manifest(output)["files"] if entry["table"] == "pairs"]


def differences(found: Path, output: Path, limit: int = 5) -> list[str]:
    """Compare a Parquet file of pairs with the live snapshot; empty if both hold the same, each once.

    Otherwise a line that counts, and up to `limit` examples of each kind, in order.
    """
    db = duckdb.connect()
    columns = "hashtag, account_a, account_b, distance::INTEGER AS distance"
    db.execute(f"CREATE TABLE handmade AS SELECT {columns} FROM '{quoted(found)}'")
    files = pair_files(output)
    listed = ", ".join(f"'{quoted(file)}'" for file in files)
    # Of a snapshot without pairs there is nothing to read the columns from.
    source = f"read_parquet([{listed}], hive_partitioning = false)" if files else "handmade WHERE false"
    db.execute(f"CREATE TABLE job AS SELECT {columns} FROM {source}")
    lines = []
    for one, other in (("handmade", "job"), ("job", "handmade")):
        # EXCEPT ALL keeps what one has more often than the other.
        db.execute(f"CREATE TABLE only_{one} AS SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other}")
        ((count,),) = db.execute(f"SELECT count(*) FROM only_{one}").fetchall()
        if count:
            lines.append(f"{count:,} pairs in {one} only")
            rows = db.execute(f"SELECT * FROM only_{one} ORDER BY ALL LIMIT {limit}").fetchall()
            lines += [f"  {one}: {row}" for row in rows]
    return lines


def wrong_pairs(found: Path, accounts: Path, threshold: Fraction, sample: int, seed: int = 0) -> list[str]:
    """Look a sample of the pairs over with rapidfuzz in Python; a line for each that is not as it should be."""
    from rapidfuzz.distance import Levenshtein

    db = duckdb.connect()
    db.execute(f"CREATE TABLE accounts AS SELECT id, screen_name FROM {table_of(accounts, ACCOUNTS)}")
    rows = db.execute(
        f"""SELECT pairs.*, x.screen_name, y.screen_name
        FROM (SELECT hashtag, account_a, account_b, distance FROM '{quoted(found)}'
              USING SAMPLE reservoir({sample} ROWS) REPEATABLE ({seed})) AS pairs
        JOIN accounts AS x ON x.id = account_a JOIN accounts AS y ON y.id = account_b"""
    ).fetchall()
    lines = []
    for hashtag, a, b, distance, name_a, name_b in rows:
        name_a, name_b = (unicodedata.normalize("NFC", name) for name in (name_a, name_b))
        right = Levenshtein.distance(name_a, name_b)
        longer = max(len(name_a), len(name_b))
        p, q = threshold.numerator, threshold.denominator
        if not (a.encode() < b.encode() and distance == right and q * right <= (q - p) * longer):
            lines.append(f"#{hashtag}: {a} {name_a!r} and {b} {name_b!r} at {distance}, by rapidfuzz {right}")
    return lines
