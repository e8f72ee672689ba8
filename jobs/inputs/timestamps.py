"""ISO 8601 dates and times as microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from lookalike.strings.values import Bytes, Places, frozen

NULL_TIME: Final = int(np.iinfo(np.int64).min)
_NO_NUMBER: Final = -1
_DAY: Final = 86_400_000_000  # microseconds


def parse_timestamps(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.int64]:
    """int64[n]: the moment of each value, buffer[start[i]:end[i]], or NULL_TIME if it cannot be read.

    YYYY-MM-DD, alone or followed by "T" or a space and HH:MM, HH:MM:SS or HH:MM:SS.fraction, and then by
    nothing (UTC), Z, or an offset +HH:MM, +HHMM or +HH. Fractions finer than a microsecond are cut off.
    Space around the value is passed over. A day, hour, minute, second or offset out of range cannot be read.
    """
    return _parse_timestamps(frozen(buffer), frozen(start), frozen(end))


@numba.njit(cache=True, nogil=True)
def _parse_timestamps(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.int64]:
    times = np.empty(len(start), np.int64)
    for i in range(len(start)):
        first, last = start[i], end[i]
        while first < last and buffer[first] <= 32:
            first += 1
        while first < last and buffer[last - 1] <= 32:
            last -= 1
        times[i] = _parse(buffer, first, last)
    return times


@numba.njit(cache=True, nogil=True)
def _pair(buffer: Bytes, at: int) -> int:
    """The number of two digits at `at`, or _NO_NUMBER."""
    ten, one = int(buffer[at]) - 48, int(buffer[at + 1]) - 48
    if ten < 0 or ten > 9 or one < 0 or one > 9:
        return _NO_NUMBER
    return ten * 10 + one


@numba.njit(cache=True, nogil=True)
def _parse(buffer: Bytes, at: int, end: int) -> int:
    if end - at < 10 or buffer[at + 4] != ord("-") or buffer[at + 7] != ord("-"):
        return NULL_TIME
    century, decade = _pair(buffer, at), _pair(buffer, at + 2)
    month, day = _pair(buffer, at + 5), _pair(buffer, at + 8)
    if century < 0 or decade < 0:
        return NULL_TIME
    days = _days(century * 100 + decade, month, day)
    if days == NULL_TIME or end - at == 10:
        return NULL_TIME if days == NULL_TIME else days * _DAY
    if end - at < 16 or buffer[at + 13] != ord(":"):
        return NULL_TIME
    if buffer[at + 10] != ord(" ") and buffer[at + 10] != ord("T") and buffer[at + 10] != ord("t"):
        return NULL_TIME
    hour, minute = _pair(buffer, at + 11), _pair(buffer, at + 14)
    second = 0
    at += 16
    if end - at >= 3 and buffer[at] == ord(":"):
        second = _pair(buffer, at + 1)
        at += 3
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return NULL_TIME
    micros, at = _fraction(buffer, at, end)
    offset = _offset(buffer, at, end)
    if at < 0 or offset == NULL_TIME:
        return NULL_TIME
    return days * _DAY + ((hour * 60 + minute - offset) * 60 + second) * 1_000_000 + micros


@numba.njit(cache=True, nogil=True)
def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the Gregorian calendar, or NULL_TIME if there is no such day."""
    if year < 1 or month < 1 or month > 12 or day < 1:
        return NULL_TIME
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = 30 + ((month + (month >> 3)) & 1)
    if month == 2:
        length = 29 if leap else 28
    if day > length:
        return NULL_TIME
    # Years that begin in March end with the odd day of a leap year.
    before = year - (month <= 2)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + day_of_year - 719_468


@numba.njit(cache=True, nogil=True)
def _fraction(buffer: Bytes, at: int, end: int) -> tuple[int, int]:
    """The microseconds of a fraction at `at`, and where it ends; -1 for a point without digits."""
    if at >= end or (buffer[at] != ord(".") and buffer[at] != ord(",")):
        return 0, at
    first, micros, unit = at + 1, 0, 100_000
    at = first
    while at < end and ord("0") <= buffer[at] <= ord("9"):
        micros += (int(buffer[at]) - 48) * unit
        unit //= 10
        at += 1
    return micros, at if at > first else -1


@numba.njit(cache=True, nogil=True)
def _offset(buffer: Bytes, at: int, end: int) -> int:
    """Minutes east of UTC that the zone at `at` says, 0 without a zone, NULL_TIME if it is none."""
    length = end - at
    if length == 0 or (length == 1 and (buffer[at] == ord("Z") or buffer[at] == ord("z"))):
        return 0
    colon = 1 if length == 6 and buffer[at + 3] == ord(":") else 0
    if (buffer[at] != ord("+") and buffer[at] != ord("-")) or (length - colon != 5 and length != 3):
        return NULL_TIME
    hours, minutes = _pair(buffer, at + 1), 0
    if length > 3:
        minutes = _pair(buffer, at + 3 + colon)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
        return NULL_TIME
    minutes += hours * 60
    return minutes if buffer[at] == ord("+") else -minutes
