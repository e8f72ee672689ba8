from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.dates.timestamps import parse_timestamps
from tests.examples import examples

from .reading import column_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
zones = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def parse(*texts: str) -> list[int]:
    times = parse_timestamps(*column_of([text.encode() for text in texts]))
    assert times.dtype == np.int64
    return times.tolist()


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@examples(100)
@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)), zones)
def test_times_are_read_as_datetime_reads_them(moment: datetime, zone: timezone) -> None:
    zoned, utc = moment.replace(tzinfo=zone), moment.replace(tzinfo=UTC)
    offset = zoned.isoformat()[-6:]
    whole = moment.replace(microsecond=0)
    assert parse(zoned.isoformat(), zoned.isoformat(sep=" ")) == [micros(zoned)] * 2
    assert parse(moment.isoformat(), moment.isoformat() + "Z", moment.isoformat(sep=" ") + "+00:00") == (
        [micros(utc)] * 3
    )
    assert parse(whole.isoformat() + offset.replace(":", "")) == [micros(whole.replace(tzinfo=zone))]
    assert parse(whole.isoformat() + offset[:3]) == [
        micros(datetime.fromisoformat(whole.isoformat() + offset[:3] + ":00"))
    ]
    minute = whole.replace(second=0, tzinfo=UTC)
    assert parse(minute.isoformat()[:16], f"{minute.date()}") == [
        micros(minute),
        micros(minute.replace(hour=0, minute=0)),
    ]


@examples(150)
@given(st.from_regex(r"\A[ ]?\d{4}-\d\d-\d\d([ Tx]\d\d:\d\d(:\d\d([.,]\d{0,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?\Z"))
@example("2023-02-29")
@example("2000-02-29T24:00")
def test_what_datetime_refuses_is_refused(text: str) -> None:
    try:
        expected = datetime.fromisoformat(text.strip())
    except ValueError:
        assert parse(text) == [NULL_TIME]
        return
    if text.strip()[10:11] not in ("", " ", "T"):  # datetime takes any letter
        assert parse(text) == [NULL_TIME]
        return
    try:
        expected = expected if expected.tzinfo else expected.replace(tzinfo=UTC)
        assert parse(text) == [micros(expected)]
    except OverflowError:
        pass  # a moment outside the years that datetime knows


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-01-01 10:00:00+00:00", datetime(2023, 1, 1, 10, tzinfo=UTC)),
        ("2017-09-07T19:52:00Z", datetime(2017, 9, 7, 19, 52, tzinfo=UTC)),
        ("2017-09-07t19:52:00z", datetime(2017, 9, 7, 19, 52, tzinfo=UTC)),
        ("2017-09-07T19:52:00.123456789Z", datetime(2017, 9, 7, 19, 52, 0, 123456, tzinfo=UTC)),
        ("2017-09-07 19:52:00,5", datetime(2017, 9, 7, 19, 52, 0, 500000, tzinfo=UTC)),
        ("2017-09-07 19:52:00-0330", datetime(2017, 9, 7, 23, 22, tzinfo=UTC)),
        ("2017-09-07 19:52:00+02", datetime(2017, 9, 7, 17, 52, tzinfo=UTC)),
        (" 2017-09-07 ", datetime(2017, 9, 7, tzinfo=UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
        ("2000-02-29", datetime(2000, 2, 29, tzinfo=UTC)),
        ("2018-10-10 20:19 UTC", datetime(2018, 10, 10, 20, 19, tzinfo=UTC)),
        ("2018-10-10 20:19:24 GMT", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("2018-10-10 20:19:24 +0000", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("2018-1-5 4:05", datetime(2018, 1, 5, 4, 5, tzinfo=UTC)),
        ("2018/10/10", datetime(2018, 10, 10, tzinfo=UTC)),
        ("2018.10.10 20:19", datetime(2018, 10, 10, 20, 19, tzinfo=UTC)),
        ("20181010", datetime(2018, 10, 10, tzinfo=UTC)),
        ("20181010T201924Z", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("20181010201924", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("10/9/13 4:48", datetime(2013, 10, 9, 4, 48, tzinfo=UTC)),
        ("10/9/2013 4:48 PM", datetime(2013, 10, 9, 16, 48, tzinfo=UTC)),
        ("10/09/2013, 12:05:07 am", datetime(2013, 10, 9, 0, 5, 7, tzinfo=UTC)),
        ("31.12.68 12:00", datetime(2068, 12, 31, 12, tzinfo=UTC)),
        ("31.12.1969", datetime(1969, 12, 31, tzinfo=UTC)),
        ("Wed Oct 10 20:19:24 +0000 2018", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("Wed Oct 10 20:19:24 2018", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("Wed, 10 Oct 2018 20:19:24 -0330", datetime(2018, 10, 10, 23, 49, 24, tzinfo=UTC)),
        ("10 Oct 2018 8:19PM", datetime(2018, 10, 10, 20, 19, tzinfo=UTC)),
        ("Sat Nov 03 2018", datetime(2018, 11, 3, tzinfo=UTC)),
        ("Oct 10, 2018", datetime(2018, 10, 10, tzinfo=UTC)),
        ("October 10, 2018, 8:19 PM", datetime(2018, 10, 10, 20, 19, tzinfo=UTC)),
        ("1539202764", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("1539202764.25", datetime(2018, 10, 10, 20, 19, 24, 250_000, tzinfo=UTC)),
        ("1539202764000", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("1539202764000.0", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("1539202764000001", datetime(2018, 10, 10, 20, 19, 24, 1, tzinfo=UTC)),
        ("1539202764000001999", datetime(2018, 10, 10, 20, 19, 24, 1, tzinfo=UTC)),
        ("123456789", datetime(1973, 11, 29, 21, 33, 9, tzinfo=UTC)),
    ],
)
def test_forms_of_time(text: str, moment: datetime) -> None:
    assert parse(text) == [micros(moment)]


@examples(75)
@given(st.datetimes(min_value=datetime(1974, 1, 1), max_value=datetime(2068, 12, 31)), zones)
def test_forms_of_platforms_are_read_as_strftime_writes_them(moment: datetime, zone: timezone) -> None:
    zoned = moment.replace(microsecond=0, tzinfo=zone)
    zoneless = moment.replace(microsecond=0, tzinfo=UTC)
    forms = ["%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z", "%Y-%m-%d %H:%M:%S %z", "%Y%m%dT%H%M%S%z"]
    assert parse(*(zoned.strftime(form) for form in forms)) == [micros(zoned)] * 4
    forms = ["%m/%d/%Y %I:%M:%S %p", "%m/%d/%y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%B %d, %Y %H:%M:%S", "%Y%m%d%H%M%S"]
    assert parse(*(zoneless.strftime(form) for form in forms)) == [micros(zoneless)] * 5
    exact = moment.replace(tzinfo=UTC)
    since = micros(exact)
    assert parse(str(since // 1_000_000), str(since // 1000), str(since), str(since * 1000)) == [
        since // 1_000_000 * 1_000_000,
        since // 1000 * 1000,
        since,
        since,
    ]


def test_days_come_first_where_asked_for() -> None:
    column = column_of([b"10/9/2013", b"31/12/2018 4:48", b"12-31-2018", b"2018/10/9"])
    assert parse_timestamps(*column, day_first=True).tolist() == [
        micros(datetime(2013, 9, 10, tzinfo=UTC)),
        micros(datetime(2018, 12, 31, 4, 48, tzinfo=UTC)),
        NULL_TIME,
        micros(datetime(2018, 10, 9, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "not a date",
        "2023-13-01",
        "2023-00-01",
        "2023-01-32",
        "1900-02-29",
        "2023-04-31",
        "0000-01-01",
        "20231301",
        "20230101250000",
        "12345678",
        "99999999999999999999",
        "1539202764.5x",
        "13/13/2018",
        "31/12/2018",
        "10/9/013",
        "10-9/2013",
        "1.2",
        "1/2/",
        "10/9/2013 4",
        "10/9/2013 13:00 PM",
        "10/9/2013 0:30 AM",
        "10/9/2013 4:48 XM",
        "Wed Okt 10 20:19:24 +0000 2018",
        "Wed Oct 10 20:19:24 +0000",
        "Wed Oct 10",
        "Wed Oct 32 20:19:24 +0000 2018",
        "Wed",
        "Oct 10, 18",
        "2018-10-10 20:19 CET",
        "2023-01-01T",
        "2023-01-01T10",
        "2023-01-01T10:00:",
        "2023-01-01T24:00:00",
        "2023-01-01T23:60:00",
        "2023-01-01T23:59:60",
        "2023-01-01T10:00:00.",
        "2023-01-01T10:00:00.Z",
        "2023-01-01T10:00:00+24:00",
        "2023-01-01T10:00:00+00:60",
        "2023-01-01T10:00:00+1",
        "2023-01-01T10:00:00+00:0",
        "2023-01-01T10:00:00+000",
        "2023-01-01T10:00:00ZZ",
        "2023-01-01T10:00:00Z and more",
        "\uff12023-01-01",
        "-2023-01-01",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert parse(text, text + "\x00x") == [NULL_TIME, NULL_TIME]


def test_a_value_ends_where_its_column_says() -> None:
    column = column_of([b"2023-01-01", b" 10:00:00", b"2023-01-01T10:00", b":30+01:00"])
    assert parse_timestamps(*column).tolist() == [
        micros(datetime(2023, 1, 1, tzinfo=UTC)),
        NULL_TIME,
        micros(datetime(2023, 1, 1, 10, tzinfo=UTC)),
        NULL_TIME,
    ]
