"""DuckDB alone: the pairs by a self-join on hashtag and DuckDB's levenshtein, on some of the hashtags.

    python bench/duckdb_alone.py .cache/bench/S

All pairs would take hours on M, so hashtags are drawn at random until they hold enough pairs of members; larger
ones than that are passed over. What the comparison would take is extrapolated by the pairs that share a hashtag.
It prints the seconds of reading (all of it) and of comparing (the sample) and the pairs of both.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a plain script, bench/ is the root

from bench.handmade import ACCOUNTS, POSTS, table_of

SAMPLE = 50_000_000  # pairs sharing a hashtag

_READ = """
CREATE TABLE accounts AS
SELECT row_number() OVER ()::UINTEGER AS account, id, screen_name FROM {accounts};
CREATE TABLE members AS
SELECT DISTINCT hashtag, account
FROM (SELECT lower(unnest(string_split(hashtags, '|'))) AS hashtag, account
      FROM {posts} AS posts JOIN accounts ON accounts.id = posts.author_id WHERE hashtags <> '');
"""

_SAMPLE = """
CREATE TABLE sizes AS SELECT hashtag, count(*) * (count(*) - 1) / 2 AS pairs FROM members GROUP BY hashtag;
CREATE TABLE sample AS
SELECT hashtag, pairs FROM (
  SELECT hashtag, pairs, sum(pairs) OVER (ORDER BY md5(hashtag)) AS running FROM sizes WHERE pairs <= {most} / 2
) WHERE running <= {most};
"""

_PAIRS = """
CREATE TABLE pairs AS
WITH named AS (
  SELECT hashtag, account, screen_name, length(screen_name) AS length
  FROM members JOIN accounts USING (account) WHERE hashtag IN (SELECT hashtag FROM sample)
)
SELECT x.hashtag, x.account AS a, y.account AS b, levenshtein(x.screen_name, y.screen_name) AS distance
FROM named AS x JOIN named AS y ON x.hashtag = y.hashtag AND x.account < y.account
WHERE 5 * abs(x.length - y.length) <= greatest(x.length, y.length)
  AND 5 * levenshtein(x.screen_name, y.screen_name) <= greatest(x.length, y.length);
"""


def main(argv: list[str] | None = None) -> int:
    """Measure a folder's files; print name=value."""
    parser = argparse.ArgumentParser(description="DuckDB alone at a similarity of 0.8, on some hashtags")
    parser.add_argument("folder", type=Path, help="with posts.tsv and accounts.tsv, in ASCII")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="pairs to compare (default 50 million)")
    options = parser.parse_args(argv)
    started = time.perf_counter()
    db = duckdb.connect()
    db.execute("SET preserve_insertion_order = false")
    posts = table_of(options.folder / "posts.tsv", POSTS)
    db.execute(_READ.format(posts=posts, accounts=table_of(options.folder / "accounts.tsv", ACCOUNTS)))
    read = time.perf_counter()
    db.execute(_SAMPLE.format(most=options.sample))
    chosen = time.perf_counter()
    db.execute(_PAIRS)
    compared = time.perf_counter()
    ((hashtags, sampled),) = db.execute("SELECT count(*), coalesce(sum(pairs), 0) FROM sample").fetchall()
    ((total,),) = db.execute("SELECT coalesce(sum(pairs), 0) FROM sizes").fetchall()
    ((found,),) = db.execute("SELECT count(*) FROM pairs").fetchall()
    print(f"read={read - started:.3f} compared={compared - chosen:.3f} hashtags={hashtags} found={found}")
    print(f"sampled={sampled:.0f} sharing={total:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
