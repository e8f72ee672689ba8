"""The hand-made single process: DuckDB reads and explodes, symscan finds similar names, DuckDB joins them back.

    python bench/handmade.py .cache/bench/S pairs.parquet

What a person who knows both tools would build, in the fastest of the forms that were tried: names are
searched while DuckDB reads the posts; accounts and hashtags are numbers in all joins; hashtags are normalised
once a spelling; and only memberships of accounts that look like another are made distinct. Taking the distinct
memberships first (of texts or of numbers) and reading before searching were slower.

It does less than the job: ids must be distinct and rows well-formed, and the pairs are all that it writes.
"""

from __future__ import annotations

import argparse
import os
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a plain script, bench/ is the root

from bench.peers import near_pairs

_BLANK = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(28) || chr(29) || chr(30) || chr(31)"

_USAGES = """
CREATE TABLE usages AS
SELECT account, unnest(string_split(hashtags, '|')) AS spelling
FROM {posts} AS posts JOIN accounts ON accounts.id = posts.author_id
WHERE hashtags <> ''
"""

# Distinct spellings with the key of their hashtag; those outside of ASCII are given with theirs.
_SPELLINGS = f"""
CREATE TABLE spellings AS
SELECT spelling, coalesce(folded.key, lower(rtrim(ltrim(spelling, '#' || {_BLANK}), {_BLANK}))) AS key
FROM (SELECT DISTINCT spelling FROM usages) LEFT JOIN folded USING (spelling)
"""

_HASHTAGS = """
CREATE TABLE hashtags AS
SELECT row_number() OVER ()::UINTEGER AS hashtag, key FROM (SELECT DISTINCT key FROM spellings) WHERE key <> ''
"""

# found: similar names left <> right, and each name left = right that several accounts have.
_ALIKE = """
CREATE TABLE alike AS
SELECT a.account AS a, b.account AS b, distance
FROM found JOIN accounts AS a ON a.name = found.left_name JOIN accounts AS b ON b.name = found.right_name
WHERE found.left_name <> found.right_name OR a.account < b.account
"""

_MEMBERS = """
CREATE TABLE members AS
SELECT DISTINCT account, hashtag
FROM (SELECT * FROM usages WHERE account IN (SELECT a FROM alike UNION SELECT b FROM alike))
JOIN spellings USING (spelling) JOIN hashtags USING (key)
"""

_PAIRS = """
COPY (
  SELECT key AS hashtag, least(x.id, y.id) AS account_a, greatest(x.id, y.id) AS account_b,
         distance::INTEGER AS distance
  FROM alike
  JOIN members AS one ON one.account = a
  JOIN members AS other ON other.account = b AND other.hashtag = one.hashtag
  JOIN hashtags ON hashtags.hashtag = one.hashtag
  JOIN accounts AS x ON x.account = a
  JOIN accounts AS y ON y.account = b
) TO '{out}' (FORMAT parquet)
"""


def find_pairs(folder: Path, threshold: Fraction, out: Path) -> None:
    """Write the pairs of the folder's posts.tsv and accounts.tsv: hashtag, account_a < account_b, distance."""
    db = duckdb.connect()
    db.execute("SET preserve_insertion_order = false")
    names = _read_accounts(db, folder / "accounts.tsv")
    distinct = names.dictionary.to_pylist()
    with ThreadPoolExecutor(1) as pool:
        posts = table_of(folder / "posts.tsv", POSTS)
        reading = pool.submit(db.cursor().execute, _USAGES.format(posts=posts))
        left, right, distance = near_pairs(distinct, threshold, len(os.sched_getaffinity(0)))
        reading.result()
    shared = np.flatnonzero(np.bincount(names.indices.to_numpy(), minlength=len(distinct)) > 1)
    columns = {
        "left_name": np.concatenate([left, shared]).astype(np.uint32),
        "right_name": np.concatenate([right, shared]).astype(np.uint32),
        "distance": np.concatenate([distance, np.zeros(len(shared))]).astype(np.int32),
    }
    db.register("found", pa.table(columns))
    others = db.execute("SELECT DISTINCT spelling FROM usages WHERE strlen(spelling) <> length(spelling)").fetchall()
    keys = {spelling: folded(spelling) for (spelling,) in others}
    text = pa.string()
    db.register("folded", pa.table({"spelling": pa.array(keys, text), "key": pa.array(keys.values(), text)}))
    for statement in (_SPELLINGS, _HASHTAGS, _ALIKE, _MEMBERS, _PAIRS.format(out=quoted(out))):
        db.execute(statement)


POSTS = ("id", "created_at", "author_id", "is_repost", "text", "hashtags")
ACCOUNTS = ("id", "created_at", "screen_name")


def table_of(path: Path, columns: tuple[str, ...]) -> str:
    """The SQL for a raw tab-separated file: a double quote is a character like any other."""
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    options = "delim = '\t', quote = '', escape = '', header = true, auto_detect = false"
    return f"read_csv('{quoted(path)}', {options}, columns = {{{types}}})"


def quoted(path: Path) -> str:
    """A path for between the quotes of an SQL text."""
    return str(path).replace("'", "''")


_JOINERS = "\u200c\u200d"  # unseen, but parts of some scripts


def folded(spelling: str) -> str:
    """The key of a hashtag: without unseen letters, space and `#` around it, NFKC, case-folded, until it stays."""
    while True:
        bare = "".join(
            letter for letter in spelling if letter in _JOINERS or unicodedata.category(letter) != "Cf"
        ).strip()
        while bare.startswith("#"):
            bare = bare.lstrip("#").lstrip()
        key = unicodedata.normalize("NFKC", bare).casefold().replace("i\u0307", "i")
        if key == spelling:
            return key
        spelling = key


def _read_accounts(db: duckdb.DuckDBPyConnection, path: Path) -> pa.DictionaryArray:
    """Make the table of accounts, numbered, with a number for each distinct name; give the names."""
    read = db.sql(f"SELECT id, screen_name FROM {table_of(path, ACCOUNTS)}").to_arrow_table()
    names = pc.utf8_normalize(read["screen_name"].combine_chunks(), form="NFC").dictionary_encode()
    columns = {"account": np.arange(len(names), dtype=np.uint32), "name": names.indices, "id": read["id"]}
    db.register("read_accounts", pa.table(columns))
    db.execute("CREATE TABLE accounts AS SELECT account, name::UINTEGER AS name, id FROM read_accounts")
    return names


def main(argv: list[str] | None = None) -> int:
    """Find the pairs of a folder's files."""
    parser = argparse.ArgumentParser(description="the hand-made single process: DuckDB and symscan")
    parser.add_argument("folder", type=Path, help="folder with posts.tsv and accounts.tsv")
    parser.add_argument("out", type=Path, help="Parquet file to write")
    parser.add_argument("--min-similarity", type=Fraction, default=Fraction("0.8"))
    options = parser.parse_args(argv)
    find_pairs(options.folder, options.min_similarity, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
