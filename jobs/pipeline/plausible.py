"""What was read, looked at once more: plausible nonsense is a warning that names the option that mends it."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.reports import PostsReport
from jobs.inputs.accounts.read import AccountsRead
from jobs.inputs.accounts.table import AccountTable
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.tables import InputFile
from jobs.options.config import JobConfig
from jobs.reporting.terminal import printable
from jobs.stages.group.hashtagtable import HashtagTable
from lookalike.errors import QualityGateError

# What programs write for a value that is not there, as keys of hashtags.
MISSING: Final = frozenset({"na", "n/a", "null", "\\n", "nan", "none", '""', "''", "undefined", "<na>"})
_LARGEST: Final = 20  # hashtags that are looked at for them
_MOST: Final = 0.5  # of rows or names: a share that is remarkable
_COLLECTED_BY: Final = 0.9  # of the posts: a hashtag of so many says how they were collected
_ENOUGH_POSTS: Final = 1000  # for that to mean anything
_ENOUGH_NAMES: Final = 5
_ENDING: Final = re.compile(r"[^.@]((?:@|\.)[^@]{3,})$")
_ODD_ID: Final = re.compile(r"[+-]?\d+(\.\d*)?[eE]\+?\d+|\d+\.0*")


def warn_of(config: JobConfig, warnings: Iterable[str]) -> None:
    """Print the warnings. Raises QualityGateError if there are some and the options say so."""
    found = list(warnings)
    for warning in found:
        print(f"warning: {printable(warning)}", file=sys.stderr)
    if found and config.strict:
        raise QualityGateError("there are warnings, and --strict is set. Nothing was published.")


def about_files(files: Sequence[InputFile], config: JobConfig) -> Iterator[str]:
    """Of how the files are read."""
    guessed = [file for file in files if file.dialect.encoding not in ("utf-8", "utf-16", "utf-32")]
    if guessed and config.encoding == "auto":
        more = "" if len(guessed) == 1 else f" and {len(guessed) - 1:,} more"
        yield (
            f"{guessed[0].path}{more}: not UTF-8, read as {guessed[0].dialect.encoding}, which is a guess; "
            "see --encoding"
        )


def about_accounts(read: AccountsRead) -> Iterator[str]:
    """Of ids and names."""
    table, counts, names = read.table, read.counts, read.names
    undated = np.flatnonzero(names.last == NULL_TIME)
    if len(undated):
        some = " and ".join(
            f"{names.screen_names[i].as_py()!r} of {names.ids[i].as_py()!r}" for i in undated[:2].tolist()
        )
        yield (
            f"{counts.earlier_names:,} rows of accounts have another name of an account, such as {some}, and no date "
            "says which is the latest; that of the last row is compared. Name the column with the date when the name "
            "was seen: --columns accounts.seen_at=NAME"
        )
    if counts.undecoded_names:
        yield (
            f"{counts.undecoded_names:,} screen names have bytes that are not UTF-8; each byte counts as one "
            "character. See --encoding"
        )
    yield from _odd_ids("accounts", table.ids)
    endings = Counter(found[1] for found in map(_ENDING.search, _some(table.screen_names)) if found)
    if endings:
        ending, count = endings.most_common(1)[0]
        share = count / min(len(table), _SAMPLE)
        if share >= _MOST and count >= _ENOUGH_NAMES:
            yield (
                f"{share:.0%} of the screen names end in {ending!r}, which makes short names similar; "
                f"see --strip-suffix {ending}"
            )


def about_posts(posts: PostsReport, table: AccountTable) -> Iterator[str]:
    """Of authors and dates."""
    unknown = posts.rejected.get("unknown author", 0)
    if unknown > _MOST * posts.rows and posts.unknown_ids:
        ids = f"such as {posts.unknown_ids[0]!r}"
        known = f", while the accounts have ids such as {table.ids[0].as_py()!r}" if len(table) else ""
        yield f"{unknown:,} of {posts.rows:,} posts are of authors that are not among the accounts, {ids}{known}"
    yield from _odd_ids("posts' authors", pa.array(posts.unknown_ids, pa.string()))
    if posts.unreadable_dates > _MOST * posts.used:
        example = "" if not posts.odd_dates else f", such as {posts.odd_dates[0]!r}"
        yield f"{posts.unreadable_dates:,} of {posts.used:,} posts have a date that cannot be read{example}"


def about_hashtags(hashtags: HashtagTable, posts: int) -> Iterator[str]:
    """Of what counts as a hashtag. posts: that are used."""
    if not len(hashtags):
        return
    largest = np.argsort(-hashtags.members, kind="stable")[:_LARGEST]
    keys = hashtags.keys.take(pa.array(largest)).to_pylist()
    for number, key in zip(largest.tolist(), keys, strict=True):
        if key in MISSING and hashtags.members[number] > 1:
            yield (
                f"{key!r} is a hashtag of {hashtags.members[number]:,} accounts, but looks like a missing value; "
                "leave it out with --ignore-hashtags"
            )
    for mark, name in ((",", "commas"), (";", "semicolons"), (" ", "spaces")):
        having = pc.sum(pc.match_substring(hashtags.keys, mark)).as_py()
        if having > _MOST * len(hashtags):
            example = next(key for key in hashtags.keys.to_pylist() if mark in key)
            yield f"most hashtags have {name} in them, such as {example!r}; see --hashtag-separator"
            break
    top = int(largest[0])
    if posts >= _ENOUGH_POSTS and hashtags.posts[top] >= _COLLECTED_BY * posts:
        yield (
            f"{keys[0]!r} is in {hashtags.posts[top] / posts:.0%} of the posts: if they were collected by it, it "
            "says nothing; leave it out with --ignore-hashtags"
        )


_SAMPLE: Final = 100_000  # names


def _some(names: pa.LargeStringArray) -> list[str]:
    """At most _SAMPLE of the names, from all parts of them."""
    step = -(-len(names) // _SAMPLE) if len(names) else 1
    taken: list[str] = names.take(pa.array(np.arange(0, len(names), step))).to_pylist()
    return taken


def _odd_ids(whose: str, ids: pa.Array) -> Iterator[str]:
    """Ids that a spreadsheet or a data frame has spoilt."""
    some = _some(ids)
    odd = [one for one in some if _ODD_ID.fullmatch(one.strip())]
    if 2 * len(odd) > len(some):
        yield f"ids of {whose} look like numbers with fractions or exponents, such as {odd[0]!r}: digits may be lost"
    spaced = [one for one in some if one != one.strip()]
    if spaced:
        yield f"ids of {whose} have spaces around them, such as {spaced[0]!r}; ids are compared as they are written"
