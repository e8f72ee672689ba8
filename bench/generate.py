"""Write posts.tsv and accounts.tsv of a made-up social network: deterministic, in bounded memory.

    python bench/generate.py --size S --out .cache/bench/S
    python bench/generate.py --accounts 5000 --posts 50000 --hashtags 1000 --out /tmp/small
    python bench/generate.py --single-hashtag --accounts 1000000 --out .cache/bench/L1

Hashtags follow a Zipf law whose exponent is chosen so that the most used one reaches a third of the
accounts; the accounts of a planted family push the family's hashtags. Posts are raw TSV: some texts contain a
double quote, which has no special meaning.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a plain script, bench/ is the root

from bench import words
from bench.hashtags import ACTIVITY, HASHTAGS_A_POST, popularity_by_rank, spellings_of
from bench.names import screen_names_with_families

CHUNK_ROWS = 250_000
FAMILY_HASHTAGS = 3
FAMILY_PUSH = 0.6  # share of a family's tagged posts that open with one of its hashtags

Strings = Any  # pa.LargeStringArray: pyarrow ships no types
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """How much to generate; single_hashtag puts the same one in every post."""

    accounts: int
    posts: int
    hashtags: int
    single_hashtag: bool = False


SIZES = {
    "demo": Shape(accounts=20_000, posts=200_000, hashtags=3_000),
    "S": Shape(accounts=100_000, posts=1_000_000, hashtags=30_000),
    "M": Shape(accounts=1_000_000, posts=10_000_000, hashtags=300_000),
}


def generate(shape: Shape, out: Path, seed: int = 0) -> None:
    """Write out/accounts.tsv and out/posts.tsv, each under a temporary name until it is whole."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, 2])
    names, family, _ = screen_names_with_families(shape.accounts, seed)
    ids = uuids(rng, shape.accounts)
    _write(
        out / "accounts.tsv",
        ["id", "created_at", "screen_name"],
        _account_chunks(rng, ids, names, family),
    )
    columns = ["id", "created_at", "author_id", "is_repost", "text", "hashtags"]
    _write(out / "posts.tsv", columns, _post_chunks(shape, seed, ids, family))


def _account_chunks(
    rng: np.random.Generator, ids: Strings, names: Strings, family: npt.NDArray[np.int32]
) -> Iterable[list[Strings]]:
    # A family is registered within a week; the others over fourteen years.
    week = rng.integers(0, 14 * 365 - 7, int(family.max(initial=-1)) + 2)
    day = np.where(family >= 0, week[family] + rng.integers(0, 7, len(ids)), rng.integers(0, 14 * 365, len(ids)))
    moment = Moments(np.datetime64("2009-01-01"), 14 * 365)
    for start in range(0, len(ids), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        yield [ids[rows], moment.texts(rng, day[rows]), names[rows]]


def _post_chunks(shape: Shape, seed: int, ids: Strings, family: npt.NDArray[np.int32]) -> Iterable[list[Strings]]:
    setup = np.random.default_rng([seed, 3])
    popularity = (
        np.ones(1) if shape.single_hashtag else popularity_by_rank(shape.accounts, shape.posts, shape.hashtags)
    )
    spellings = spellings_of(shape.hashtags)
    openers, closers = (_phrases(setup, 8192) for _ in range(2))
    marks = pa.array(["", "RT ", '"'], pa.large_string())
    flags = pa.array(["False", "True"], pa.large_string())
    moment = Moments(np.datetime64("2023-01-01"), 365)
    pushed = np.searchsorted(popularity, setup.random((int(family.max(initial=-1)) + 2, FAMILY_HASHTAGS)))
    pushed[-1] = -1  # family -1 is none

    for start in range(0, shape.posts, CHUNK_ROWS):
        # A generator of its own for each chunk: what a chunk holds does not hang on those before it.
        rng = np.random.default_rng([seed, 4, start])
        n = min(CHUNK_ROWS, shape.posts - start)
        author = (shape.accounts * rng.random(n) ** ACTIVITY).astype(np.int64)
        if shape.single_hashtag:  # every account posts before one posts twice
            author = (start + np.arange(n)) % shape.accounts
        repost = rng.random(n) < 0.25
        quoted = rng.random(n) < 0.01
        text = _join(
            marks.take(pa.array(np.where(quoted, 2, repost))),
            _pick(rng, openers, n),
            " ",
            _pick(rng, closers, n),
        )
        yield [
            uuids(rng, n),
            moment.texts(rng, rng.integers(0, 365, n)),
            ids.take(pa.array(author)),
            flags.take(pa.array(repost.astype(np.int64))),
            text,
            _hashtag_column(rng, shape, popularity, spellings, pushed[family[author]]),
        ]


def _hashtag_column(
    rng: np.random.Generator, shape: Shape, popularity: Floats, spellings: Strings, pushed: Ints
) -> Strings:
    """Hashtags of each post, joined by |; pushed, int64[posts, FAMILY_HASHTAGS], is -1 without a family."""
    n = len(pushed)
    if shape.single_hashtag:
        return spellings.take(pa.array(rng.choice(3, n, p=[0.6, 0.3, 0.1])))
    count = rng.choice(len(HASHTAGS_A_POST), n, p=HASHTAGS_A_POST)
    offsets = np.concatenate([[0], np.cumsum(count)])
    tag = np.searchsorted(popularity, rng.random(offsets[-1]))
    push = np.flatnonzero((count > 0) & (pushed[:, 0] >= 0) & (rng.random(n) < FAMILY_PUSH))
    tag[offsets[push]] = pushed[push, rng.integers(0, FAMILY_HASHTAGS, len(push))]
    spelled = spellings.take(pa.array(3 * tag + rng.choice(3, len(tag), p=[0.6, 0.3, 0.1])))
    return pc.binary_join(
        pa.LargeListArray.from_arrays(pa.array(offsets), spelled), pa.scalar("|", pa.large_string())
    )


class Moments:
    """Writes timestamps such as 2023-01-31 23:59:59+00:00 from a day number and a random time of day."""

    def __init__(self, first: np.datetime64, days: int) -> None:
        """Take the first day and the number of days; the first is day 0."""
        seconds = range(86_400)
        self._days = pa.array([f"{day} " for day in first + np.arange(days)], pa.large_string())
        self._times = pa.array(
            [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}+00:00" for s in seconds], pa.large_string()
        )

    def texts(self, rng: np.random.Generator, day: Ints) -> Strings:
        """Return a text for each day number, int64[n], counted from the first day."""
        return _join(self._days.take(pa.array(day)), _pick(rng, self._times, len(day)))


def uuids(rng: np.random.Generator, n: int) -> Strings:
    """Return n random version-4 UUIDs in lower-case hexadecimal."""
    raw = np.frombuffer(rng.bytes(16 * n), np.uint8).reshape(n, 16).copy()
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = np.full((n, 36), ord("-"), np.uint8)
    columns = [c for c in range(36) if c not in (8, 13, 18, 23)]
    text[:, columns[0::2]] = digits[raw >> 4]
    text[:, columns[1::2]] = digits[raw & 15]
    offsets = np.arange(0, 36 * n + 1, 36, dtype=np.int64)
    return pa.LargeStringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text))


def _phrases(rng: np.random.Generator, n: int) -> Strings:
    """N phrases of about 50 characters."""
    word = np.array(words.TEXT_WORDS)[rng.integers(0, len(words.TEXT_WORDS), (n, 20))]
    target = rng.integers(40, 60, n)
    return pa.array([" ".join(row)[:cut].strip() for row, cut in zip(word, target, strict=True)], pa.large_string())


def _pick(rng: np.random.Generator, pool: Strings, n: int) -> Strings:
    return pool.take(pa.array(rng.integers(0, len(pool), n)))


def _join(*parts: Any, separator: str = "") -> Strings:
    scalars = [pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*scalars, pa.scalar(separator, pa.large_string()))


def _write(path: Path, header: list[str], chunks: Iterable[list[Strings]]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write("\t".join(header).encode() + b"\n")
            for columns in chunks:
                lines = _join(*columns[:-1], _join(columns[-1], "\n"), separator="\t")
                file.write(lines.buffers()[2])  # the texts of an Arrow array are one after the other
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def main(argv: list[str] | None = None) -> int:
    """Generate what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--size", choices=SIZES, help="preset number of accounts: demo 20k, S 100k, M 1M")
    parser.add_argument("--accounts", type=int, help="number of accounts (default 100000)")
    parser.add_argument("--posts", type=int, help="number of posts (default: 10 an account, 1 with --single-hashtag)")
    parser.add_argument("--hashtags", type=int, help="number of hashtags (default: 3 for every 10 accounts)")
    parser.add_argument("--single-hashtag", action="store_true", help="give every post the same hashtag")
    parser.add_argument("--out", type=Path, required=True, help="folder for posts.tsv and accounts.tsv")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)

    default = SIZES[options.size or "S"]
    accounts = options.accounts or default.accounts
    single = options.single_hashtag
    shape = Shape(
        accounts=accounts,
        posts=options.posts or (accounts if single else accounts * 10),
        hashtags=1 if single else options.hashtags or max(1, accounts * 3 // 10),
        single_hashtag=single,
    )
    if options.size and (options.accounts is None and not single):
        shape = Shape(shape.accounts, options.posts or default.posts, options.hashtags or default.hashtags)
    started = time.perf_counter()
    generate(shape, options.out, options.seed)
    megabytes = sum((options.out / name).stat().st_size for name in ("posts.tsv", "accounts.tsv")) / 1e6
    print(
        f"{options.out}: {shape.accounts} accounts, {shape.posts} posts, up to {shape.hashtags} hashtags,"
        f" {megabytes:.0f} MB in {time.perf_counter() - started:.1f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
