"""Dates and times, as people and platforms write them, as microseconds since 1970-01-01 UTC."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jobs.inputs.dates.othertimes import parse_other
from jobs.inputs.dates.timeparts import DAY, NULL_TIME, days_since_1970, fraction_at, offset_at, pair_at
from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places, frozen


def parse_timestamps(buffer: Bytes, start: Places, end: Places, *, day_first: bool = False) -> npt.NDArray[np.int64]:
    """int64[n]: the moment of each value, buffer[start[i]:end[i]], or NULL_TIME if it cannot be read.

    - ISO 8601: YYYY-MM-DD (also with / or ., or digits alone), alone or followed by "T" or a space and a time; a
      month, day or hour may have one digit.
    - 10/9/2013, month first unless day_first; 10.9.2013, day first. A year of two digits is of 1969 to 2068 (POSIX).
    - Wed Oct 10 20:19:24 +0000 2018, as Twitter's first API; Wed, 10 Oct 2018 20:19:24 +0000, as e-mail (RFC 5322);
      10 Oct 2018; Oct 10, 2018.
    - Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by the number of digits; at least
      nine.

    A time is H:MM, H:MM:SS or H:MM:SS.fraction, with AM or PM or without, and then nothing (UTC), Z, UTC, GMT, or an
    offset +HH:MM, +HHMM or +HH. Fractions finer than a microsecond are cut off. Space around the value is passed
    over. A month, day, hour, minute, second or offset out of range cannot be read.
    """
    buffer, start, end = frozen(buffer), frozen(start), frozen(end)
    times = _parse_usual(buffer, start, end)
    if (times == NULL_TIME).any():  # most inputs need no other forms, which take seconds to compile
        _parse_others(buffer, start, end, day_first, times)
    return times


@compiled
def _parse_usual(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.int64]:
    """ISO 8601 with two digits each; NULL_TIME for all else."""
    times = np.empty(len(start), np.int64)
    for i in range(len(start)):
        first, last = _without_space(buffer, start[i], end[i])
        times[i] = _parse(buffer, first, last)
    return times


@compiled
def _parse_others(buffer: Bytes, start: Places, end: Places, day_first: bool, times: npt.NDArray[np.int64]) -> None:
    """Replace each NULL_TIME by the moment that the value says in another form."""
    for i in range(len(start)):
        if times[i] == NULL_TIME:
            first, last = _without_space(buffer, start[i], end[i])
            if first < last:
                times[i] = parse_other(buffer, first, last, day_first)


@compiled
def _without_space(buffer: Bytes, first: int, last: int) -> tuple[int, int]:
    while first < last and buffer[first] <= 32:
        first += 1
    while first < last and buffer[last - 1] <= 32:
        last -= 1
    return first, last


@compiled
def _parse(buffer: Bytes, at: int, end: int) -> int:
    if end - at < 10 or buffer[at + 4] != ord("-") or buffer[at + 7] != ord("-"):
        return NULL_TIME
    century, decade = pair_at(buffer, at), pair_at(buffer, at + 2)
    month, day = pair_at(buffer, at + 5), pair_at(buffer, at + 8)
    if century < 0 or decade < 0:
        return NULL_TIME
    days = days_since_1970(century * 100 + decade, month, day)
    if days == NULL_TIME or end - at == 10:
        return NULL_TIME if days == NULL_TIME else days * DAY
    if end - at < 16 or buffer[at + 13] != ord(":"):
        return NULL_TIME
    if buffer[at + 10] != ord(" ") and buffer[at + 10] != ord("T") and buffer[at + 10] != ord("t"):
        return NULL_TIME
    hour, minute = pair_at(buffer, at + 11), pair_at(buffer, at + 14)
    second = 0
    at += 16
    if end - at >= 3 and buffer[at] == ord(":"):
        second = pair_at(buffer, at + 1)
        at += 3
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return NULL_TIME
    micros, at = fraction_at(buffer, at, end)
    offset = offset_at(buffer, at, end)
    if at < 0 or offset == NULL_TIME:
        return NULL_TIME
    return days * DAY + ((hour * 60 + minute - offset) * 60 + second) * 1_000_000 + micros
