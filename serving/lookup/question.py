"""The question that a query string asks of the look-up."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from lookalike.hashtags import normalise
from serving.problems import InvalidParameter

DEFAULT_SIMILARITY: Final = "0.8"
MOST_ROWS: Final = 2**31 - 1

# As Python and JSON print numbers: also 1e-05.
_DECIMAL: Final = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,10}", re.ASCII)
_KNOWN: Final = frozenset({"hashtag", "min_similarity", "limit", "offset"})
# Uncached: what any client may send would fill the job's cache of spellings.
_normalise = normalise.__wrapped__


class Question(NamedTuple):
    """key: the normalised hashtag. lowest: the least double that is kept, see `lowest_printed`."""

    key: str
    min_similarity: Decimal
    lowest: float
    offset: int
    limit: int | None


def parse_question(query: bytes, max_parameter_bytes: int) -> Question:
    """Read a query string. Raises InvalidParameter; parameters of other names are ignored."""
    values = _values(query, max_parameter_bytes)
    if "hashtag" not in values:
        raise InvalidParameter("hashtag: is missing", parameter="hashtag")
    key = _normalise(values["hashtag"])
    if not key:
        raise InvalidParameter("hashtag: is blank", parameter="hashtag")
    min_similarity = parse_similarity(values.get("min_similarity", DEFAULT_SIMILARITY))
    offset = _whole(values, "offset", 0)
    return Question(
        key,
        min_similarity,
        lowest_printed(min_similarity),
        0 if offset is None else offset,
        _whole(values, "limit", 1),
    )


def parse_similarity(text: str, parameter: str = "min_similarity") -> Decimal:
    """A decimal number from 0 to 1, exactly as written."""
    text = text.strip(" ")  # a plus sign in a query string is a space
    if not _DECIMAL.fullmatch(text):
        raise InvalidParameter(f"{parameter}: must be a decimal number such as 0.8", parameter=parameter)
    value = Decimal(text)
    if not 0 <= value <= 1:
        raise InvalidParameter(f"{parameter}: must be from 0 to 1", parameter=parameter)
    return value


def lowest_printed(min_similarity: Decimal) -> float:
    """The least double whose shortest text, read as a decimal, is at least min_similarity.

    Similarities are printed in that text, so a client that sends one back finds its pair again, although 5/6
    itself is below 0.8333333333333334. For a threshold of up to 15 digits the double nearest to it has the
    very same text: there this is the exact comparison of (m - d) / m, as two fractions of names' lengths, or
    such a fraction and such a threshold, are never so near to each other that one double stands for both.
    """
    nearest = float(min_similarity) + 0.0  # no minus zero
    return nearest if Decimal(repr(nearest)) >= min_similarity else math.nextafter(nearest, math.inf)


def _values(query: bytes, max_parameter_bytes: int) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        parameter = _decoded_name(name)
        if parameter not in _KNOWN:
            continue
        if parameter in values:
            raise InvalidParameter(f"{parameter}: is given twice", parameter=parameter)
        raw = unquote_to_bytes(value.replace(b"+", b" "))
        if len(raw) > max_parameter_bytes:
            detail = f"{parameter}: is longer than {max_parameter_bytes} bytes"
            raise InvalidParameter(detail, parameter=parameter)
        try:
            values[parameter] = raw.decode()
        except UnicodeDecodeError:
            raise InvalidParameter(f"{parameter}: is not UTF-8", parameter=parameter) from None
    return values


def _decoded_name(name: bytes) -> str:
    return unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace")


def _whole(values: dict[str, str], parameter: str, least: int) -> int | None:
    text = values.get(parameter)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= MOST_ROWS:
        detail = f"{parameter}: must be a whole number from {least} to {MOST_ROWS}"
        raise InvalidParameter(detail, parameter=parameter)
    return int(text)
