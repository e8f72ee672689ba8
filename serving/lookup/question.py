"""The question that a query string asks of the look-up."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from lookalike.hashtags import normalise
from lookalike.threshold import Threshold
from serving.problems.kinds import InvalidParameter

DEFAULT_SIMILARITY: Final = "0.8"
MOST_ROWS: Final = 2**31 - 1

_WHOLE: Final = re.compile(r"\d{1,10}", re.ASCII)
_KNOWN: Final = frozenset({"hashtag", "min_similarity", "limit", "offset"})
# Uncached: what any client may send would fill the job's cache of spellings.
_normalise = normalise.__wrapped__


class Question(NamedTuple):
    """key: the normalised hashtag."""

    key: str
    min_similarity: Threshold
    offset: int = 0
    limit: int | None = None

    @property
    def lowest(self) -> float:
        """The least stored similarity that is asked for."""
        return self.min_similarity.lowest_similarity


def parse_question(query: bytes, max_parameter_bytes: int) -> Question:
    """Read a query string. Raises InvalidParameter; parameters of other names are ignored."""
    values = _values(query, max_parameter_bytes)
    if "hashtag" not in values:
        raise InvalidParameter("hashtag: is missing", parameter="hashtag")
    key = _normalise(values["hashtag"])
    if not key:
        raise InvalidParameter("hashtag: must not be blank", parameter="hashtag")
    offset = _whole(values, "offset", 0)
    return Question(
        key,
        parse_similarity(values.get("min_similarity", DEFAULT_SIMILARITY)),
        0 if offset is None else offset,
        _whole(values, "limit", 1),
    )


def parse_similarity(text: str) -> Threshold:
    """A similarity from 0 to 1, also one that was printed. Raises InvalidParameter."""
    try:
        return Threshold.parse_printed(text.strip(" "))  # a plus sign in a query string is a space
    except ValueError as error:
        raise InvalidParameter(f"min_similarity: {error}", parameter="min_similarity") from None


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
