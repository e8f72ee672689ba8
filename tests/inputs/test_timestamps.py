from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.inputs.timestamps import NULL_TIME, parse_timestamps

from .reading import column_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
zones = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def parse(*texts: str) -> list[int]:
    times = parse_timestamps(*column_of([text.encode() for text in texts]))
    assert times.dtype == np.int64
    return times.tolist()


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@settings(deadline=None, max_examples=300)
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


@settings(deadline=None, max_examples=500)
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
    ],
)
def test_forms_of_time(text: str, moment: datetime) -> None:
    assert parse(text) == [micros(moment)]


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
        "2023-1-1",
        "2023/01/01",
        "01.02.2023",
        "20230101",
        "1672531200",
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
        "2023-01-01T10:00:00 UTC",
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
