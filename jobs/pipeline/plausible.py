"""What was read, looked at once more: plausible nonsense is a warning that names the option that mends it."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.reporting.terminal import count_of, printable
from lookalike.errors import QualityGateError

if TYPE_CHECKING:  # they load slowly, and --inspect is fast
    from jobs.exchange.reports import Authors, PostsReport
    from jobs.inputs.accounts.read import AccountsRead
    from jobs.inputs.accounts.table import AccountTable
    from jobs.inputs.tables import InputFile
    from jobs.options.config import JobConfig
    from jobs.stages.group.hashtagtable import HashtagTable

# What programs write for a value that is not there, as keys of hashtags.
MISSING: Final = frozenset(
    {"na", "n/a", "null", "\\n", "nan", "none", '""', "''", "undefined", "<na>", "nat", "-", "[deleted]"}
)
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
        rows = count_of(counts.earlier_names, "row of accounts has", "rows of accounts have")
        yield (
            f"{rows} another name of an account, such as {some}, and no date "
            "says which is the latest; that of the last row is compared. Name the column with the date when the name "
            "was seen: --columns accounts.seen_at=NAME"
        )
    yield from about_undecoded(counts.undecoded_names)
    yield from about_missing_names(table.screen_names)
    yield from about_ids("accounts", _some(table.ids))
    yield from about_endings(_some(table.screen_names))


def about_undecoded(names: int) -> Iterator[str]:
    """Of so many names with bytes that are no characters."""
    if names:
        have = count_of(names, "screen name has", "screen names have")
        yield f"{have} bytes that are not UTF-8; each byte counts as one character. See --encoding"


def about_missing_names(names: pa.LargeStringArray) -> Iterator[str]:
    """Of screen names that look like a missing value: all accounts that have one are pairs."""
    counts = pc.value_counts(pc.utf8_lower(names).filter(pc.is_in(pc.utf8_lower(names), pa.array(sorted(MISSING)))))
    for one in sorted(counts.to_pylist(), key=lambda one: -one["counts"])[:1]:
        if one["counts"] > 1:
            yield (
                f"{one['counts']:,} accounts have the screen name {one['values']!r}, which looks like a missing "
                "value, and are pairs of similarity 1; leave these rows out or empty"
            )


def about_endings(names: Sequence[str]) -> Iterator[str]:
    """Of an ending that most names share."""
    endings = Counter(found[1] for found in map(_ENDING.search, names) if found)
    if not endings:
        return
    ending, count = endings.most_common(1)[0]
    if count >= _MOST * len(names) and count >= _ENOUGH_NAMES:
        yield (
            f"{count / len(names):.0%} of the screen names end in {ending!r}, which makes short names similar; "
            f"see --strip-suffix {ending}"
        )


def about_posts(posts: PostsReport, files: Sequence[InputFile], table: AccountTable) -> Iterator[str]:
    """Of authors and dates. files: those of the numbers in the report."""
    strange = [(files[file], found) for file, found in sorted(posts.authors.items()) if _are_unknown(found)]
    if strange:
        file, authors = strange[0]
        more = (
            "" if len(strange) == 1 else f" ({count_of(len(strange) - 1, 'more file is', 'more files are')} like it)"
        )
        known = f", while the accounts have ids such as {table.ids[0].as_py()!r}" if len(table) else ""
        yield (
            f"{file.path}: {authors.unknown:,} of {authors.rows:,} posts are of authors that are not among the "
            f"accounts, such as {authors.example!r}{known}{more}"
        )
    yield from about_ids("posts", posts.ids)
    yield from about_ids("posts' authors", [found.example for _, found in strange if found.example is not None])
    yield from about_dates(posts.unreadable_dates, posts.used, posts.odd_dates)


def _are_unknown(authors: Authors) -> bool:
    return authors.unknown > _MOST * authors.rows


def about_dates(unreadable: int, posts: int, examples: Sequence[str]) -> Iterator[str]:
    """Of dates of posts, if most cannot be read."""
    if unreadable > _MOST * posts:
        example = f", such as {examples[0]!r}" if examples else ""
        yield f"{unreadable:,} of {posts:,} posts have a date that cannot be read{example}"


def about_hashtags(hashtags: HashtagTable, posts: int) -> Iterator[str]:
    """Of what counts as a hashtag. posts: that are used."""
    if not len(hashtags):
        return
    largest = np.argsort(-hashtags.members, kind="stable")[:_LARGEST]
    keys = hashtags.keys.take(pa.array(largest)).to_pylist()
    yield from about_missing(zip(keys, hashtags.members[largest].tolist(), strict=True), "accounts")
    yield from about_marks(_some(hashtags.keys))
    top = int(largest[0])
    if posts >= _ENOUGH_POSTS and hashtags.posts[top] >= _COLLECTED_BY * posts:
        yield (
            f"{keys[0]!r} is in {hashtags.posts[top] / posts:.0%} of the posts: if they were collected by it, it "
            "says nothing; leave it out with --ignore-hashtags"
        )


def about_missing(counts: Iterable[tuple[str, int]], counted: str) -> Iterator[str]:
    """Of hashtags that look like a missing value. counts: of each hashtag, how many of what is `counted` have it."""
    for key, count in counts:
        if key in MISSING and count > 1:
            yield (
                f"{key!r} is a hashtag of {count:,} {counted}, but looks like a missing value; leave it out with "
                "--ignore-hashtags"
            )


def about_marks(keys: Sequence[str]) -> Iterator[str]:
    """Of a mark in most hashtags, which the separator has left in them. keys: each once."""
    for mark, what in _MARKS.items():
        having = [key for key in keys if re.search(mark, key)]
        if len(having) > _MOST * len(keys):
            yield f"most hashtags {what}, such as {having[0]!r}; see --hashtag-separator"
            return


_MARKS: Final[Mapping[str, str]] = {  # regular expressions
    r"^\[": "begin with a bracket",
    ",": "have commas in them",
    ";": "have semicolons in them",
    " ": "have spaces in them",
}
_SAMPLE: Final = 100_000  # values of very many


def _some(values: pa.Array) -> list[str]:
    """At most _SAMPLE of the values, from all parts of them."""
    step = max(1, -(-len(values) // _SAMPLE))
    taken: list[str] = values.take(pa.array(np.arange(0, len(values), step))).to_pylist()
    return taken


def about_ids(whose: str, ids: Sequence[str]) -> Iterator[str]:
    """Of ids that a spreadsheet or a data frame has spoilt."""
    odd = [one for one in ids if _ODD_ID.fullmatch(one.strip())]
    if 2 * len(odd) > len(ids):
        yield f"ids of {whose} look like numbers with fractions or exponents, such as {odd[0]!r}: digits may be lost"
    spaced = [one for one in ids if one != one.strip()]
    if spaced:
        yield f"ids of {whose} have spaces around them, such as {spaced[0]!r}; ids are compared as they are written"
