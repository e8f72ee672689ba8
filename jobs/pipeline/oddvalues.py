"""What values alone tell of how they were spoilt; each warning names what mends it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from jobs.reporting.terminal import count_of

if TYPE_CHECKING:  # it loads slowly, and --inspect is fast
    from jobs.inputs.suspects import Suspects
    from jobs.inputs.text.evidence import Evidence

# What programs write for a value that is not there, in small letters; the last is Bluesky's for a handle that fails.
MISSING: Final = frozenset(
    ("na", "n/a", "#n/a", "<na>", "nan", "nat", "none", "null", "(null)", "nil", "\\n", "undefined", "(empty)")
) | frozenset(("-", "--", ".", "''", '""', "#name?", "#value!", "#ref!", "[deleted]", "[removed]", "handle.invalid"))
MOST: Final = 0.5  # of rows or names: a share that is remarkable
_FEW: Final = 0.001  # of the hashtags: so many damaged ones are in any large collection
_ENOUGH_NAMES: Final = 5
_SOME: Final = 0.01  # of names or flags
_ENDING: Final = 3  # characters of an ending that is remarkable
_LONG_ID: Final = re.compile(r"\d{16,}")  # a double has all digits of a shorter one
_ZEROS: Final = "000"
_ENOUGH_IDS: Final = 3
_SHOWN: Final = 60  # characters of a value
# Without a point and a plus it may be a number to the base of 16.
_ODD_ID: Final = re.compile(r"[+-]?\d+(\.\d*[eE]\+?\d+|[eE]\+\d+|\.0*)")
_DAY_FIRST: Final = re.compile(r"(1[3-9]|2\d|3[01])([/.-])(0?[1-9]|1[0-2])\2\d+\b.*")


def about_undecoded(names: int) -> Iterator[str]:
    """Of so many names with bytes that are no characters."""
    if names:
        have = count_of(names, "screen name has", "screen names have")
        yield f"{have} bytes that are not UTF-8; each byte counts as one character. See --encoding"


def about_lines(whose: str, quotes: Evidence) -> Iterator[str]:
    """Of quotes over several lines each of which looks like a row."""
    if 2 * quotes.swallowed > quotes.many_lines:
        rows = count_of(quotes.swallowed, "row", "rows")
        yield (
            f"{rows} of {whose} in quotes over several lines, of which each looks like a row of its own; if these "
            "quotes are part of the text, see --quoting none"
        )


def about_missing_names(names: Iterable[str]) -> Iterator[str]:
    """Of screen names that look like a missing value: all accounts that have one are pairs."""
    missing = Counter(name for name in names if name.lower() in MISSING)
    for name, count in missing.most_common(1):
        if count > 1:
            yield (
                f"{count:,} accounts have the screen name {name!r}, which looks like a missing value; each two of "
                "them are a pair of similarity 1. Leave the name empty where there is none"
            )


def about_same_names(names: Sequence[str]) -> Iterator[str]:
    """Of a name that many accounts have, as no network allows it. names: of different accounts."""
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count >= max(_ENOUGH_NAMES, _SOME * len(names)) and name.lower() not in MISSING:
        yield (
            f"{count:,} of {count_of(len(names), 'account')} have the same screen name {shown(name)}; each two of "
            "them are a pair of similarity 1. If it stands for no name, leave it empty"
        )


def about_quoted_names(names: Sequence[str]) -> Iterator[str]:
    """Of names in quotes, if each has a comma in it: a writer may have quoted these alone. names: those in quotes."""
    if names and all("," in name for name in names):
        have = count_of(len(names), "screen name is", "screen names are")
        yield (
            f"{have} in quotes, such as {shown(names[0])}, and each of these has a comma; if the quotes are no part "
            "of the names, see --quoting rfc4180"
        )


def about_endings(names: Sequence[str]) -> Iterator[str]:
    """Of an ending that most names share."""
    enough = max(MOST * len(names), _ENOUGH_NAMES)
    ending, count = "", 0
    length = _ENDING
    while True:
        longer = Counter(name[-length:] for name in names if len(name) > length and name.endswith(ending))
        found, having = longer.most_common(1)[0] if longer else ("", 0)
        if having < enough:
            break
        ending, count, length = found, having, length + 1
    if count:
        yield (
            f"{count / len(names):.0%} of the screen names end in {ending!r}, which makes short names similar; "
            f"see --strip-suffix {ending}"
        )


def about_dates(
    whose: str, unreadable: int, rows: int, examples: Sequence[str], *, many: float = MOST
) -> Iterator[str]:
    """Of dates, if a share of them cannot be read that is above `many`, or the day is first.

    whose: post or account. examples: unreadable ones.
    """
    day_first = next(filter(_DAY_FIRST.fullmatch, map(str.strip, examples)), None)
    if day_first is not None:
        yield f"dates such as {shown(day_first)} cannot be read, because the month comes first; see --day-first"
    elif unreadable > many * rows:
        example = f", such as {shown(examples[0])}" if examples else ""
        yield f"{unreadable:,} of {count_of(rows, whose)} have a date that cannot be read{example}"


def most_odd_dates(column: str) -> float:
    """The share of an account's dates that may be odd without a warning.

    Of the dates that say which name is the latest each one matters.
    """
    return MOST if column == "created_at" else 0


def about_flags(unreadable: int, posts: int, examples: Sequence[str]) -> Iterator[str]:
    """Of flags of posts that cannot be read, where reposts are to be left out."""
    if unreadable > _SOME * posts:
        example = f", such as {shown(examples[0])}" if examples else ""
        yield (
            f"{unreadable:,} of {count_of(posts, 'post')} have a repost flag that cannot be read{example}; they are "
            "taken for no reposts"
        )


def about_missing(counts: Iterable[tuple[str, int]], counted: str) -> Iterator[str]:
    """Of hashtags that look like a missing value. counts: of each hashtag, how many of what is `counted` have it."""
    for key, count in counts:
        if key in MISSING and count > 1:
            yield (
                f"{key!r} is a hashtag of {count:,} {counted}, but looks like a missing value; leave it out with "
                "--ignore-hashtags"
            )


def about_suspects(suspects: Suspects, *, told: bool) -> Iterator[str]:
    """Of hashtags that the separator has not taken apart, unless they are very few. told: the separator was named."""
    for kind, what in _KINDS.items():
        count = suspects.counts.get(kind, 0)
        if count > (MOST if told and kind == "space" else _FEW) * suspects.uses:
            example = shown(suspects.examples[kind])
            yield (
                f"{count:,} of {suspects.uses:,} hashtags in the posts {what}, such as {example}; see "
                f"{'--encoding' if kind == 'bytes' else '--hashtag-separator'}"
            )


_KINDS: Final[Mapping[str, str]] = {
    "bracket": "have brackets in them",
    "comma": "have commas in them",
    "semicolon": "have semicolons in them",
    "bar": "have bars in them",
    "bytes": "have bytes that are not UTF-8 in them",
    "mark": "have marks such as / or & in them",
    "control": "have line ends or control characters in them",
    "sign": "have # in them",
    "quotes": "are in quotes",
    "space": "have spaces in them",
}


def about_ids(whose: str, ids: Sequence[str]) -> Iterator[str]:
    """Of ids that a spreadsheet or a data frame has spoilt."""
    odd = [one for one in ids if _ODD_ID.fullmatch(one.strip())]
    if odd:
        yield (
            f"ids of {whose} look like numbers with fractions or exponents, such as {shown(odd[0])}: digits may be "
            "lost"
        )
    long = [one for one in ids if _LONG_ID.fullmatch(one.strip())]
    rounded = [one for one in long if one.strip().endswith(_ZEROS)]
    if len(rounded) >= _ENOUGH_IDS and len(rounded) > MOST * len(long):
        yield (
            f"ids of {whose} end in zeros, such as {shown(rounded[0])}: a spreadsheet keeps 15 digits of a number. "
            "Export them as text"
        )
    for having, what in ((_has_space, "have spaces around them"), (_has_quotes, "have quotes around them")):
        found = next(filter(having, ids), None)
        if found is not None:
            yield f"ids of {whose} {what}, such as {shown(found)}; ids are compared as they are written"
    missing = next((one for one in ids if one.lower() in MISSING), None)
    if missing is not None:
        yield f"there is an id of {whose} that looks like a missing value: {shown(missing)}"


def _has_space(value: str) -> bool:
    return value != value.strip()


def _has_quotes(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "'\""


def shown(value: str) -> str:
    """A value in quotes, the first characters of a long one."""
    return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}..."
