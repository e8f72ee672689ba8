import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.rows import fetch_rows, read_rows
from jobs.inputs.tables import POSTS, Part
from lookalike.errors import UsageError
from lookalike.strings.values import parse_flags

from .reading import THINGS, examine, read

MOMENT = datetime(2023, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
POST: dict[str, list[Any]] = {
    "id": ["1"],
    "created_at": [None],
    "author_id": ["2"],
    "is_repost": ["0"],
    "text": ["t"],
    "hashtags": ["h"],
}


def written(folder: Path, **columns: Any) -> Path:
    path = folder / "posts.parquet"
    pq.write_table(pa.table(POST | columns), path)
    return path


def values_of(path: Path, column: str) -> list[bytes]:
    file = examine(path, POSTS)
    batches = list(read_rows(file, POSTS, Part(0, 1)))
    return [batch[column].value(i) for batch in batches for i in range(len(batch))]


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.int8(), pa.large_string()),
    ],
    ids=str,
)
def test_strings_of_every_kind_are_read_and_a_null_is_empty(tmp_path: Path, kind: pa.DataType) -> None:
    texts = ["one", None, "", "zwö", "one"]
    plain = pa.array(texts, pa.string())
    column = plain.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else plain.cast(kind)
    path = tmp_path / "things.parquet"
    pq.write_table(pa.table({"value": column, "id": plain, "more": plain}), path)
    expected = [b"one", b"", b"", "zwö".encode(), b"one"]
    assert read(examine(path)).values == [(value, value) for value in expected]


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint64(), pa.int32()], ids=str)
def test_whole_numbers_may_be_ids(tmp_path: Path, kind: pa.DataType) -> None:
    numbers = pa.array([0, 7, 120], kind)
    path = written(tmp_path, **{name: [POST[name][0]] * 3 for name in POST} | {"id": numbers, "author_id": numbers})
    assert values_of(path, "id") == values_of(path, "author_id") == [b"0", b"7", b"120"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.timestamp("us", "UTC"), MOMENT, MOMENT),
        (pa.timestamp("us", "America/New_York"), MOMENT, MOMENT),
        (pa.timestamp("us"), MOMENT.replace(tzinfo=None), MOMENT),
        (pa.timestamp("ns", "UTC"), MOMENT, MOMENT),
        (pa.timestamp("ms"), MOMENT.replace(microsecond=678000, tzinfo=None), MOMENT.replace(microsecond=678000)),
        (pa.timestamp("s"), MOMENT.replace(microsecond=0, tzinfo=None), MOMENT.replace(microsecond=0)),
        (pa.timestamp("us"), datetime(1969, 12, 31, 23, 59, 59, 1), datetime(1969, 12, 31, 23, 59, 59, 1, UTC)),
        (pa.date32(), date(2023, 1, 2), datetime(2023, 1, 2, tzinfo=UTC)),
        (pa.date64(), date(1960, 2, 29), datetime(1960, 2, 29, tzinfo=UTC)),
        (pa.string(), "2023-01-02T03:04:05.678901Z", MOMENT),
        (pa.int32(), 1_539_202_764, datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        (pa.int64(), 1_539_202_764_001, datetime(2018, 10, 10, 20, 19, 24, 1000, UTC)),
        (pa.float64(), 1_539_202_764.25, datetime(2018, 10, 10, 20, 19, 24, 250_000, UTC)),
        (pa.null(), None, None),
        (pa.timestamp("us"), None, None),
    ],
    ids=str,
)
def test_dates_of_every_kind_are_read(
    tmp_path: Path, kind: pa.DataType, value: object, expected: datetime | None
) -> None:
    file = examine(written(tmp_path, created_at=pa.array([value], kind)), POSTS)
    (batch,) = read_rows(file, POSTS, Part(0, 1))
    (time,) = parse_timestamps(*batch["created_at"]).tolist()
    assert time == (NULL_TIME if expected is None else np.datetime64(expected.replace(tzinfo=None), "us").astype(int))


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        (pa.array([True]), 1),
        (pa.array([False]), 0),
        (pa.array([1], pa.int8()), 1),
        (pa.array([0], pa.int64()), 0),
        (pa.array([2]), -1),
        (pa.array([1.0]), 1),
        (pa.array([0.5]), -1),
        (pa.array(["retweet"]).dictionary_encode(), 1),
        (pa.array(["True"]), 1),
        (pa.array([None], pa.bool_()), -1),
        (pa.array([None]), -1),
    ],
    ids=str,
)
def test_repost_flags_of_every_kind_are_read(tmp_path: Path, values: pa.Array, flag: int) -> None:
    file = examine(written(tmp_path, is_repost=values), POSTS)
    (batch,) = read_rows(file, POSTS, Part(0, 1))
    assert parse_flags(*batch["is_repost"]).tolist() == [flag]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array([uuid.UUID(int=7).bytes], pa.uuid()), str(uuid.UUID(int=7)).encode()),
        (pa.array([Decimal(9_060_000_000_000_000_001)], pa.decimal128(38, 0)), b"9060000000000000001"),
        (pa.array([Decimal("12.00")], pa.decimal128(20, 2)), b"12"),
        (pa.array([float(1 << 53) - 1]), b"9007199254740991"),
        (pa.array(["a"]).dictionary_encode(), b"a"),
        (pa.array(["a"], pa.json_()), b"a"),
        (pa.array([None], pa.uuid()), b""),
        (pa.array([None], pa.float64()), b""),
    ],
    ids=str,
)
def test_ids_of_every_kind_are_text(tmp_path: Path, ids: pa.Array, expected: bytes) -> None:
    assert values_of(written(tmp_path, author_id=ids), "author_id") == [expected]


def test_hashtags_may_be_structs(tmp_path: Path) -> None:
    structs = [[{"text": "a", "indices": [0, 1]}, {"text": "b", "indices": [2, 3]}], [], None, [None]]
    rows = {name: POST[name] * 4 for name in POST} | {"hashtags": pa.array(structs)}
    assert values_of(written(tmp_path, **rows), "hashtags") == [b"a|b", b"", b"", b""]


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.large_string())], ids=str)
@pytest.mark.parametrize(
    ("hashtags", "expected"),
    [(["a", "b"], b"a|b"), (["a"], b"a"), ([], b""), (None, b""), (["a", None, "c"], b"a||c"), ([None], b"")],
    ids=str,
)
def test_a_list_of_hashtags_is_joined(
    tmp_path: Path, kind: pa.DataType, hashtags: list[str | None] | None, expected: bytes
) -> None:
    rows = {name: POST[name] * 3 for name in POST} | {"hashtags": pa.array([["x"], hashtags, ["y", "z"]], kind)}
    assert values_of(written(tmp_path, **rows), "hashtags") == [b"x", expected, b"y|z"]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("id", pa.array([True])),
        ("text", pa.array([1])),
        ("created_at", pa.array([True])),
        ("is_repost", pa.array([[1.0]])),
        ("hashtags", pa.array([[{"other": "a"}]])),
        ("hashtags", pa.array([[1]])),
        ("author_id", pa.array([["2"]])),
    ],
    ids=str,
)
def test_a_type_that_cannot_be_used_is_named(tmp_path: Path, column: str, values: pa.Array) -> None:
    path = written(tmp_path, **{column: values})
    with pytest.raises(UsageError, match=f"posts.parquet: column '{column}' is of type [a-z0-9<>: ]+, which"):
        examine(path, POSTS)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["1"]}), tmp_path / "things.parquet")
    with pytest.raises(UsageError, match="no column 'value'"):
        examine(tmp_path / "things.parquet")


def test_rows_are_placed_by_number_and_fetched_again(tmp_path: Path) -> None:
    path = tmp_path / "things.parquet"
    numbers = [str(i) for i in range(500)]
    pq.write_table(pa.table({"value": numbers, "id": pa.array(range(500))}), path, row_group_size=64)
    file = examine(path)
    found = read(file, 2, 4, chunk_bytes=64)
    assert [place for place, _, _ in found.rows] == list(range(128, 256))
    assert found.rows[0] == (128, b"128\t128", (b"128", b"128"))
    fetched = list(fetch_rows(file, np.array([3, 200, 499]), THINGS))
    assert [row.values for row in fetched] == [(b"3", b"3"), (b"200", b"200"), (b"499", b"499")]


def test_a_damaged_file_is_a_clear_error(tmp_path: Path) -> None:
    path = written(tmp_path)
    data = bytearray(path.read_bytes())
    data[4:40] = b"\xff" * 36
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"posts\.parquet: cannot be read"):
        values_of(path, "id")


def test_small_groups_of_rows_hide_no_separator(tmp_path: Path) -> None:
    hashtags = ["one", "two", "one, two"]
    path = tmp_path / "posts.parquet"
    pq.write_table(
        pa.table({name: values * 3 for name, values in POST.items()} | {"hashtags": hashtags}), path, row_group_size=1
    )
    assert examine(path, POSTS).separator == "comma"


def test_ids_that_are_not_numbers_are_empty(tmp_path: Path) -> None:
    path = written(tmp_path, id=pa.array([float("nan")]), author_id=pa.array([7.0]))
    assert (values_of(path, "id"), values_of(path, "author_id")) == ([b""], [b"7"])


def test_a_dictionary_that_stands_for_much_text_is_read_in_pieces(tmp_path: Path) -> None:
    rows, size = 800, 3 << 20  # 2.3 GiB in all
    texts = pa.DictionaryArray.from_arrays(pa.array([0, None] * (rows // 2), pa.int8()), pa.array(["a" * size]))
    much = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int8()), pa.array(["b" * size]))
    ids = pa.array(map(str, range(rows)))
    path = tmp_path / "posts.parquet"
    pq.write_table(pa.table({"id": ids, "author_id": ids, "text": much, "hashtags": texts}), path)
    found = []
    for batch in read_rows(examine(path, POSTS), POSTS):
        values = [batch[name] for name in ("text", "hashtags")]
        assert sum(int((column.end - column.start).sum()) for column in values) <= (64 << 20) + 2 * size
        lengths = ((column.end - column.start).tolist() for column in values)
        found += list(zip(batch["id"].texts(), *lengths, strict=True))
    assert found == [(str(i), size, size if i % 2 == 0 else 0) for i in range(rows)]
