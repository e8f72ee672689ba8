"""What was read, looked at once more: plausible nonsense is a warning that names the option that mends it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from jobs.inputs.tables import POSTS
from jobs.pipeline.oddvalues import (
    MISSING,
    MOST,
    about_dates,
    about_endings,
    about_flags,
    about_ids,
    about_lines,
    about_missing,
    about_missing_names,
    about_quoted_names,
    about_same_names,
    about_suspects,
    about_undecoded,
    most_odd_dates,
    shown,
)
from jobs.reporting.terminal import count_of, printable
from lookalike.errors import QualityGateError

if TYPE_CHECKING:  # they load slowly, and --inspect is fast
    from jobs.exchange.reports import Authors, PostsReport
    from jobs.inputs.accounts.read import AccountsRead
    from jobs.inputs.accounts.table import AccountTable
    from jobs.inputs.tables import InputFile
    from jobs.options.config import JobConfig
    from jobs.stages.group.hashtagtable import HashtagTable

_LARGEST: Final = 20  # hashtags that are looked at for them
_SOME: Final = 0.01  # of the posts
_COLLECTED_BY: Final = 0.9  # of the posts: a hashtag of so many says how they were collected
_ENOUGH_POSTS: Final = 100  # for that to mean anything
_AT_ONCE: Final = 1 << 20  # accounts


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
    table, counts = read.table, read.counts
    if read.undated:
        some = " and ".join(f"{name!r} of {account!r}" for account, name in read.undated)
        rows = count_of(counts.earlier_names, "row of accounts has", "rows of accounts have")
        yield (
            f"{rows} another name of an account, such as {some}, and no date "
            "says which is the latest; that of the last row is compared. Name the column with the date when the name "
            "was seen: --columns accounts.seen_at=NAME"
        )
    yield from about_lines("accounts", read.quotes)
    yield from about_undecoded(counts.undecoded_names)
    yield from about_missing_names(_missing_among(table.screen_names))
    yield from about_quoted_names(_in_quotes(table.screen_names))
    some_names = _some(table.screen_names)
    yield from about_same_names(some_names)
    yield from about_ids("accounts", [*_some(table.ids), *_missing_among(table.ids)])
    yield from about_endings(some_names)
    for column, odd in read.odd_dates.items():
        yield from about_dates("account", odd.rows, counts.used, [odd.example], many=most_odd_dates(column))


def _in_quotes(names: pa.LargeStringArray) -> list[str]:
    import pyarrow.compute as pc  # loads slowly, and --inspect is fast

    found: list[str] = []
    for some in _parts(names):
        begin = some.filter(pc.starts_with(some, '"'))
        found += begin.filter(pc.match_substring_regex(begin, '^".+"$')).to_pylist()
    return found


def _missing_among(values: pa.LargeStringArray) -> list[str]:
    import pyarrow.compute as pc  # loads slowly, and --inspect is fast

    found: list[str] = []
    for some in _parts(values):
        short = some.filter(pc.less_equal(pc.binary_length(some), max(map(len, MISSING))))
        found += short.filter(_are_missing(short)).to_pylist()
    return found


def _parts(values: pa.LargeStringArray) -> Iterator[pa.LargeStringArray]:
    """The values of a table that may be mapped, some at a time."""
    return (values.slice(start, _AT_ONCE) for start in range(0, len(values), _AT_ONCE))


def _are_missing(values: pa.Array) -> pa.BooleanArray:
    import pyarrow.compute as pc  # loads slowly, and --inspect is fast

    return pc.is_in(pc.utf8_lower(values), pa.array(sorted(MISSING), values.type))


def about_posts(
    posts: PostsReport, files: Sequence[InputFile], table: AccountTable, config: JobConfig
) -> Iterator[str]:
    """Of authors, dates, flags and hashtags. files: those of the numbers in the report."""
    strange = [(files[file], found) for file, found in sorted(posts.authors.items()) if _are_unknown(found)]
    if strange:
        file, authors = strange[0]
        others = count_of(len(strange) - 1, "more file is", "more files are")
        more = "" if len(strange) == 1 else f" ({others} like it)"
        known = f", while the accounts have ids such as {shown(table.ids[0].as_py())}" if len(table) else ""
        yield (
            f"{file.path}: {authors.unknown:,} of {authors.rows:,} posts are of authors that are not among the "
            f"accounts, such as {shown(authors.example or '')}{known}{more}"
        )
    yield from about_lines("posts", posts.quotes)
    yield from about_ids("posts", posts.ids)
    unknown = [found.example for found in posts.authors.values() if found.example is not None]
    yield from about_ids("posts' authors", [*posts.author_ids, *unknown])
    yield from about_dates("post", posts.unreadable_dates, posts.used, posts.odd_dates)
    if config.exclude_reposts:
        without = next((file for file in files if not file.has(POSTS, "is_repost")), None)
        if without is not None:
            yield (
                f"{without.path}: no column 'is_repost', so that --exclude-reposts leaves nothing out; name it: "
                "--columns is_repost=NAME"
            )
        yield from about_flags(posts.unreadable_flags, posts.used, posts.odd_flags)
    yield from about_suspects(posts.suspects, told=config.hashtag_separator != "auto")


def _are_unknown(authors: Authors) -> bool:
    return authors.unknown > MOST * authors.rows


def about_hashtags(hashtags: HashtagTable, posts: int) -> Iterator[str]:
    """Of what counts as a hashtag. posts: that are used."""
    if not len(hashtags):
        return
    largest = np.argsort(-hashtags.members, kind="stable")[:_LARGEST]
    many = (hashtags.members >= hashtags.members[largest[-1]]) | (hashtags.posts >= _SOME * posts)
    missing = np.flatnonzero(many & np.asarray(_are_missing(hashtags.keys)))
    keys = hashtags.keys.take(pa.array(missing)).to_pylist()
    yield from about_missing(zip(keys, hashtags.members[missing].tolist(), strict=True), "accounts")
    top = int(largest[0])
    if posts >= _ENOUGH_POSTS and hashtags.posts[top] >= _COLLECTED_BY * posts:
        share = hashtags.posts[top] / posts
        yield (
            f"{hashtags.keys[top].as_py()!r} is in {share:.0%} of the posts: if they were collected by it, it says "
            "nothing; leave it out with --ignore-hashtags"
        )


_SAMPLE: Final = 20_000  # values of very many


def _some(values: pa.Array) -> list[str]:
    """At most _SAMPLE of the values, from all parts of them."""
    step = max(1, -(-len(values) // _SAMPLE))
    taken: list[str] = values.take(pa.array(np.arange(0, len(values), step))).to_pylist()
    return taken
