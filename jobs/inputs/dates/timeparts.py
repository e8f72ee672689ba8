"""The parts of a date and a time in bytes, for compiled code."""

from __future__ import annotations

from typing import Final

import numpy as np

from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes

NULL_TIME: Final = int(np.iinfo(np.int64).min)
NO_NUMBER: Final = -1
DAY: Final = 86_400_000_000  # microseconds


@compiled
def pair_at(buffer: Bytes, at: int) -> int:
    """The number of two digits at `at`, or NO_NUMBER."""
    ten, one = int(buffer[at]) - 48, int(buffer[at + 1]) - 48
    if ten < 0 or ten > 9 or one < 0 or one > 9:
        return NO_NUMBER
    return ten * 10 + one


@compiled
def days_since_1970(year: int, month: int, day: int) -> int:
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


@compiled
def fraction_at(buffer: Bytes, at: int, end: int) -> tuple[int, int]:
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


@compiled
def offset_at(buffer: Bytes, at: int, end: int) -> int:
    """Minutes east of UTC that the zone at `at` says, 0 without a zone, NULL_TIME if it is none."""
    while at < end and buffer[at] == ord(" "):
        at += 1
    length = end - at
    if length == 0 or (length == 1 and (buffer[at] | 32) == ord("z")):
        return 0
    if length == 3 and _is_utc(buffer, at):
        return 0
    colon = 1 if length == 6 and buffer[at + 3] == ord(":") else 0
    if (buffer[at] != ord("+") and buffer[at] != ord("-")) or (length - colon != 5 and length != 3):
        return NULL_TIME
    hours, minutes = pair_at(buffer, at + 1), 0
    if length > 3:
        minutes = pair_at(buffer, at + 3 + colon)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
        return NULL_TIME
    minutes += hours * 60
    return minutes if buffer[at] == ord("+") else -minutes


@compiled
def _is_utc(buffer: Bytes, at: int) -> bool:
    one, two, three = buffer[at] | 32, buffer[at + 1] | 32, buffer[at + 2] | 32
    utc = one == ord("u") and two == ord("t") and three == ord("c")
    return utc or (one == ord("g") and two == ord("m") and three == ord("t"))
