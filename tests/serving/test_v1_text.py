import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.api.text import csv_lines, joined, json_objects, timestamps

TEXTS = st.lists(st.text(max_size=8) | st.text(st.sampled_from("=+-@\t\r\n\",'\\a"), max_size=5), min_size=1)
TIME = pa.timestamp("us", "UTC")


@given(TEXTS)
def test_any_text_comes_back_from_json(texts: list[str]) -> None:
    column = pa.chunked_array([texts[:1], texts[1:]], pa.string())
    lines = json_objects([("text", column), ("inside", [("again", column)])])
    objects = json.loads(b"[" + joined(lines, ",") + b"]")
    assert objects == [{"text": text, "inside": {"again": text}} for text in texts]


@given(TEXTS)
def test_any_text_comes_back_from_csv_but_for_the_sign_before_formulas(texts: list[str]) -> None:
    column = pa.chunked_array([texts], pa.string())
    written = joined(csv_lines([column, column]), "\r\n").decode()
    rows = list(csv.reader(io.StringIO(written + "\r\n", newline=""), strict=True))
    neutral = ["'" + text if text.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")) else text for text in texts]
    assert [row or ["", ""] for row in rows] == [[text, text] for text in neutral]


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_a_spreadsheet_runs_no_text(formula: str) -> None:
    (line,) = csv_lines([pa.chunked_array([[formula]])]).to_pylist()
    assert line.lstrip('"').startswith("'")


@pytest.mark.parametrize("value", ["1234567890123456789", "007", "1e5", "=1+1", "'x", "a,b"])
def test_a_marked_text_begins_with_one_apostrophe_more(value: str) -> None:
    (line,) = csv_lines([pa.chunked_array([[value]])], marked=[0]).to_pylist()
    assert next(csv.reader([line])) == ["'" + value]


def test_numbers_and_times_stand_in_csv_without_quotes() -> None:
    columns: list[Any] = [
        pa.chunked_array([[1, None]], pa.int64()),
        pa.chunked_array([[0.9333333333333333, 1.0]]),
        pa.chunked_array([[datetime(2023, 1, 1, 10, tzinfo=UTC), None]], TIME),
    ]
    assert csv_lines(columns).to_pylist() == ["1,0.9333333333333333,2023-01-01T10:00:00Z", ",1.0,"]


def test_nulls_are_null_in_json() -> None:
    columns: list[tuple[str, Any]] = [
        ("a", pa.chunked_array([[None, "x"]], pa.string())),
        ("b", pa.chunked_array([[None, 1.5]], pa.float64())),
        ("c", pa.chunked_array([[None, datetime(2023, 1, 1, tzinfo=UTC)]], TIME)),
    ]
    assert json_objects(columns).to_pylist() == [
        '{"a":null,"b":null,"c":null}',
        '{"a":"x","b":1.5,"c":"2023-01-01T00:00:00Z"}',
    ]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_written_so_that_it_reads_the_same(value: float) -> None:
    (line,) = json_objects([("x", pa.chunked_array([[value]]))]).to_pylist()
    assert json.loads(line) == {"x": value}


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
def test_times_are_iso_8601_in_utc(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    (text,) = timestamps(pa.array([moment], TIME)).to_pylist()
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == moment
    assert ("." in text) == (moment.microsecond != 0)
    assert text == moment.isoformat().replace("+00:00", "Z")


def test_joining_nothing_gives_nothing() -> None:
    assert joined(pa.array([], pa.string()), ",") == b""
    assert joined(pa.chunked_array([["a"], ["b"]]), "\r\n") == b"a\r\nb"
