"""Dates and times other than ISO 8601 with two digits each, see parse_timestamps."""

from __future__ import annotations

from typing import Final

import numpy as np

from jobs.inputs.dates.timeparts import DAY, NULL_TIME, days_since_1970, fraction_at, offset_at
from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes

_MONTHS: Final = np.frombuffer(b"janfebmaraprmayjunjulaugsepoctnovdec", np.uint8)
_SPACE, _COMMA, _COLON, _POINT, _DASH, _SLASH = 32, 44, 58, 46, 45, 47


@compiled
def parse_other(buffer: Bytes, at: int, end: int, day_first: bool) -> int:
    """The moment that buffer[at:end], not empty and without space around it, says, or NULL_TIME."""
    if _is_letter(buffer[at]):
        return _worded(buffer, at, end)
    digits = _digits(buffer, at, end)
    after = at + digits
    if digits >= 8 and (after == end or buffer[after] == _POINT):
        return _number(buffer, at, digits, end)
    if digits == 8:
        return _moment(_basic_date(buffer, at), _time_of_day(buffer, after, end))
    if digits == 0 or after == end:
        return NULL_TIME
    if buffer[after] == _SPACE and digits <= 2:
        return _day_month_year(buffer, at, end)
    mark = buffer[after]
    second = after + 1
    third = second + _digits(buffer, second, end) + 1
    if (mark != _DASH and mark != _SLASH and mark != _POINT) or third >= end or buffer[third - 1] != mark:
        return NULL_TIME
    last = _digits(buffer, third, end)
    one = _value(buffer, at, digits)
    two = _value(buffer, second, third - 1 - second)
    three = _value(buffer, third, last)
    time = _time_of_day(buffer, third + last, end)
    if digits == 4 and last <= 2:
        return _moment(days_since_1970(one, two, three), time)
    if digits > 2 or (last != 4 and last != 2):
        return NULL_TIME
    year = three if last == 4 else three + (2000 if three < 69 else 1900)
    if day_first or mark == _POINT:
        return _moment(days_since_1970(year, two, one), time)
    return _moment(days_since_1970(year, one, two), time)


@compiled
def _moment(days: int, time: int) -> int:
    """Of a day and the microseconds since it began; NULL_TIME if one of them is."""
    return NULL_TIME if days == NULL_TIME or time == NULL_TIME else days * DAY + time


@compiled
def _is_letter(byte: int) -> bool:
    return bool(ord("a") <= (byte | 32) <= ord("z"))


@compiled
def _digits(buffer: Bytes, at: int, end: int) -> int:
    """How many digits there are from `at`."""
    count = 0
    while at + count < end and ord("0") <= buffer[at + count] <= ord("9"):
        count += 1
    return count


@compiled
def _value(buffer: Bytes, at: int, digits: int) -> int:
    """The number of so many digits; 0 if there are none or more than 18."""
    value = 0
    if digits <= 18:
        for i in range(at, at + digits):
            value = value * 10 + int(buffer[i]) - ord("0")
    return value


@compiled
def _basic_date(buffer: Bytes, at: int) -> int:
    """The day of YYYYMMDD."""
    return days_since_1970(_value(buffer, at, 4), _value(buffer, at + 4, 2), _value(buffer, at + 6, 2))


@compiled
def _number(buffer: Bytes, at: int, digits: int, end: int) -> int:
    """YYYYMMDD, YYYYMMDDHHMMSS, or a time since 1970 whose unit the digits tell."""
    whole = at + digits == end
    if digits == 8 and whole:
        return _moment(_basic_date(buffer, at), 0)
    if digits == 14 and whole and (buffer[at] == ord("1") or buffer[at] == ord("2")):
        hour, minute, second = _value(buffer, at + 8, 2), _value(buffer, at + 10, 2), _value(buffer, at + 12, 2)
        if hour > 23 or minute > 59 or second > 59:
            return NULL_TIME
        return _moment(_basic_date(buffer, at), ((hour * 60 + minute) * 60 + second) * 1_000_000)
    value = _value(buffer, at, digits)
    if digits <= 11:
        micros, after = fraction_at(buffer, at + digits, end)
        return value * 1_000_000 + micros if after == end and digits >= 9 else NULL_TIME
    fraction = at + digits + 1  # of a millisecond or less: only one of zeros is read, which doubles have
    for i in range(fraction, end):
        if buffer[i] != ord("0"):
            return NULL_TIME
    if digits <= 14:
        return value * 1000
    if digits <= 17:
        return value
    return value // 1000 if digits <= 18 else _value(buffer, at, 16) if digits == 19 else NULL_TIME


@compiled
def _skip(buffer: Bytes, at: int, end: int) -> int:
    """The first place from `at` that has neither a space nor a comma."""
    while at < end and (buffer[at] == _SPACE or buffer[at] == _COMMA):
        at += 1
    return at


@compiled
def _time_of_day(buffer: Bytes, at: int, end: int) -> int:
    """Microseconds of the time that follows a date, an offset from UTC subtracted; 0 if nothing follows."""
    if at == end:
        return 0
    if (buffer[at] | 32) == ord("t"):
        at += 1
    elif buffer[at] == _SPACE or buffer[at] == _COMMA:
        at = _skip(buffer, at, end)
    else:
        return NULL_TIME
    digits = _digits(buffer, at, end)
    hour = _value(buffer, at, digits)
    at += digits
    if digits == 6:  # HHMMSS
        hour, minute, second = hour // 10_000, hour // 100 % 100, hour % 100
    else:
        if digits == 0 or digits > 2 or at + 3 > end or buffer[at] != _COLON or _digits(buffer, at + 1, at + 3) != 2:
            return NULL_TIME
        minute, second = _value(buffer, at + 1, 2), 0
        at += 3
        if at + 3 <= end and buffer[at] == _COLON and _digits(buffer, at + 1, at + 3) == 2:
            second = _value(buffer, at + 1, 2)
            at += 3
    micros, at = fraction_at(buffer, at, end)
    if at < 0:
        return NULL_TIME
    at = _skip(buffer, at, end)
    if at + 2 <= end and (buffer[at + 1] | 32) == ord("m") and (at + 2 == end or buffer[at + 2] == _SPACE):
        half = buffer[at] | 32
        if hour < 1 or hour > 12 or (half != ord("a") and half != ord("p")):
            return NULL_TIME
        hour = hour % 12 + (12 if half == ord("p") else 0)
        at += 2
    offset = offset_at(buffer, at, end)
    if hour > 23 or minute > 59 or second > 59 or offset == NULL_TIME:
        return NULL_TIME
    return ((hour * 60 + minute - offset) * 60 + second) * 1_000_000 + micros


@compiled
def _month(buffer: Bytes, at: int, end: int) -> tuple[int, int]:
    """The month whose English name begins at `at`, 0 if none does, and where the word ends."""
    after = at
    while after < end and _is_letter(buffer[after]):
        after += 1
    if after - at >= 3:
        for month in range(12):
            same = True
            for i in range(3):
                same = same and (buffer[at + i] | 32) == _MONTHS[3 * month + i]
            if same:
                return month + 1, after
    return 0, after


@compiled
def _day_month_year(buffer: Bytes, at: int, end: int) -> int:
    """10 Oct 2018 20:19:24 +0000."""
    digits = _digits(buffer, at, end)
    day = _value(buffer, at, digits)
    month, after = _month(buffer, _skip(buffer, at + digits, end), end)
    at = _skip(buffer, after, end)
    if digits == 0 or digits > 2 or month == 0 or _digits(buffer, at, end) != 4:
        return NULL_TIME
    return _moment(days_since_1970(_value(buffer, at, 4), month, day), _time_of_day(buffer, at + 4, end))


@compiled
def _worded(buffer: Bytes, at: int, end: int) -> int:
    """A date that begins with the name of a day or a month."""
    month, after = _month(buffer, at, end)
    at = _skip(buffer, after, end)
    if month == 0 and at < end and _is_letter(buffer[at]):
        month, after = _month(buffer, at, end)
        at = _skip(buffer, after, end)
        if month == 0:
            return NULL_TIME
    if month == 0:
        return _day_month_year(buffer, at, end)
    digits = _digits(buffer, at, end)
    day = _value(buffer, at, digits)
    if digits == 0 or digits > 2:
        return NULL_TIME
    at = _skip(buffer, at + digits, end)
    digits = _digits(buffer, at, end)
    if digits == 4:
        days = days_since_1970(_value(buffer, at, 4), month, day)
        return _moment(days, _time_of_day(buffer, at + 4, end))
    year = end - 4  # Wed Oct 10 20:19:24 +0000 2018
    if year <= at or buffer[year - 1] != _SPACE or _digits(buffer, year, end) != 4:
        return NULL_TIME
    days = days_since_1970(_value(buffer, year, 4), month, day)
    return _moment(days, _time_of_day(buffer, at - 1, year - 1))
