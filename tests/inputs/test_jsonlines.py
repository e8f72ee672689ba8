import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.files import find_files, plan_splits
from jobs.inputs.formats.jsonpaths import JsonPath
from jobs.inputs.reading import ALL_AUTO, Reading
from jobs.inputs.rows import fetch_rows
from jobs.inputs.tables import ACCOUNTS, POSTS, InputFile
from lookalike.errors import UsageError
from tests.examples import examples

from .reading import THINGS, read

TWEET = {
    "id_str": "7",
    "created_at": "Wed Oct 10 20:19:24 +0000 2018",
    "user": {"id_str": "1", "screen_name": "ann", "created_at": "Wed Oct 10 20:19:24 +0000 2012"},
    "full_text": "RT",
    "retweeted_status": {"id_str": "6"},
    "entities": {"hashtags": [{"text": "one", "indices": [0, 1]}, {"text": "two", "indices": [2, 3]}]},
}


def put(path: Path, *objects: Any) -> str:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects), encoding="utf-8")
    return str(path)


def examined(path: str, reading: Reading = ALL_AUTO) -> InputFile:
    (file,) = find_files(THINGS, [path], reading)
    return file


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id_str", "7"),
        ("user.screen_name", "ann"),
        ("user.none", None),
        ("none.at.all", None),
        ("entities.hashtags[].text", ["one", "two"]),
        ("entities.hashtags[text=two].indices", [2, 3]),
        ("entities.hashtags[].indices[]", [0, 1, 2, 3]),
        ("user.screen_name + id_str", "ann-7"),
        ("user.none + id_str|id_str", "7"),
        ("text|full_text", "RT"),
        ("entities.urls[].url", []),
        ("user[].id_str", []),
    ],
)
def test_a_path_finds_a_value(path: str, value: Any) -> None:
    found = JsonPath.parse(path).find(TWEET)
    assert found == (value or None)


@pytest.mark.parametrize("path", ["", "a..b", "a[", "a[]]", "[].a"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        JsonPath.parse(path)


def test_values_become_text(tmp_path: Path) -> None:
    values = ["é", 7, 7.0, 7.5, True, False, None, ["a", None, "b"], [{"tag": "c"}], {"k": 1}]
    path = put(tmp_path / "a.jsonl", *({"id": i, "value": value} for i, value in enumerate(values)))
    found = [value.decode() for _, value in read(examined(path)).values]
    assert found == ["é", "7", "7", "7.5", "true", "false", "", "a||b", "c", '{"k":1}']


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NaN", b""),
        ('"cut \\ud83d"', b"cut ?"),
        ('{"k": "\\ud83d"}', b'{"k":"?"}'),
        # As a double: the exponent shows that digits are lost.
        ("9.06e17", b"9.06e+17"),
        ("123456789012345678901234567890", b"123456789012345678901234567890"),
        ("18446744073709551616", b"18446744073709551616"),
        ("-9223372036854775809", b"-9223372036854775809"),
        ("0.12345678901234567890123", b"0.12345678901234568"),
    ],
)
def test_values_that_other_programs_write_against_the_rules_are_read(
    tmp_path: Path, written: str, value: bytes
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"id": 1, "value": {written}}}\n{{"id": 2, "value": "b"}}\n', encoding="utf-8")
    found = read(examined(str(path)))
    assert found.values == [(b"1", value), (b"2", b"b")]
    assert found.malformed == []


@pytest.mark.parametrize("depth", [10, 100_000])
def test_a_line_of_any_depth_is_read_or_malformed(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.jsonl"
    deep = "[" * depth + "12345678901234567890123" + "]" * depth
    path.write_text(f'{{"id": 1, "value": "a"}}\n{{"id": 2, "value": "b", "more": {deep}}}\n')
    found = read(examined(str(path)))
    assert len(found.values) + len(found.malformed) == 2
    assert found.values[0] == (b"1", b"a")


POST = {"id": "1", "author_id": "u", "text": "#a"}


def test_hashtags_that_the_first_objects_lack_stop_a_run_that_takes_them_from_the_texts(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", *[POST] * 1000, POST | {"hashtags": ["b"]})
    (file,) = find_files(POSTS, [path])
    assert file.from_text
    with pytest.raises(UsageError, match=r"the first 1,000 objects have no 'hashtags', .* but a later one has it"):
        read(file, table=POSTS)
    of_last = {"column": b"b", "text": b"a"}
    for source in ("column", "text"):
        (file,) = find_files(POSTS, [path], Reading(hashtags_from=source))
        assert read(file, table=POSTS).values[-1][POSTS.columns.index("hashtags")] == of_last[source]


def test_columns_that_only_later_objects_have_are_read(tmp_path: Path) -> None:
    more = {"created_at": "2020-01-01", "is_repost": True, "hashtags": ["b"]}
    path = put(tmp_path / "a.jsonl", *[POST | {"hashtags": ["a"]}] * 1000, POST | more)
    (file,) = find_files(POSTS, [path])
    assert [file.has(POSTS, column) for column in POSTS.columns] == [True, False, True, False, True, True]
    found = read(file, table=POSTS).values
    assert found[0] == (b"1", b"", b"u", b"", b"#a", b"a")
    assert found[-1] == (b"1", b"2020-01-01", b"u", b"true", b"#a", b"b")
    path = put(
        tmp_path / "b.jsonl", *[{"id": 1, "screen_name": "a"}] * 1000, {"id": 1, "screen_name": "b", "seen_at": 7}
    )
    (file,) = find_files(ACCOUNTS, [path])
    assert read(file, table=ACCOUNTS).values[-1] == (b"1", b"", b"b", b"7")


def test_a_key_that_is_the_same_to_the_letter_counts_first(tmp_path: Path) -> None:
    alike = {"ID": "9", "Author_ID": "x", "Hashtags": 7}
    path = put(tmp_path / "a.jsonl", POST | {"hashtags": ["b"]} | alike, alike | POST | {"hashtags": ["c"]})
    (file,) = find_files(POSTS, [path])
    assert read(file, table=POSTS).values == [
        (b"1", b"", b"u", b"", b"#a", b"b"),
        (b"1", b"", b"u", b"", b"#a", b"c"),
    ]


@pytest.mark.parametrize(("hashtags", "separator"), [(["climate change"], "bar"), ("climate change", "space")])
def test_items_of_real_lists_are_whole_hashtags(tmp_path: Path, hashtags: Any, separator: str) -> None:
    (file,) = find_files(POSTS, [put(tmp_path / "a.jsonl", *[POST | {"hashtags": hashtags}] * 3)])
    assert file.separator == separator


def test_a_mark_of_byte_order_is_no_part_of_the_first_object(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1, "value": "a"}\n{"id": 2, "value": "b"}\n', encoding="utf-8-sig")
    found = read(examined(str(path)))
    assert found.values == [(b"1", b"a"), (b"2", b"b")]
    assert found.rows[0][:2] == (3, b'{"id": 1, "value": "a"}')


def test_lines_that_are_no_object_are_malformed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": 1, "value": "a"}\n\n[1]\n{"id": 2\n{"id": 3, "value": "na\xefve"}')
    found = read(examined(str(path), Reading(encoding="utf-8")))
    assert [raw for _, raw in found.malformed] == [b"[1]", b'{"id": 2']
    assert found.values == [(b"1", b"a"), (b"3", "na\uf7efve".encode())]
    assert [raw for _, raw, _ in found.rows] == [b'{"id": 1, "value": "a"}', b'{"id": 3, "value": "na\xefve"}']


@examples(40)
@given(
    st.lists(st.tuples(st.text(max_size=5), st.text('a|\n\té😀"\\', max_size=9)), min_size=1, max_size=30),
    st.integers(1, 300),
    st.integers(1, 200),
)
def test_any_splits_give_what_json_loads_gives(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], split_bytes: int, chunk_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    put(path, *({"id": "x" + one, "value": other} for one, other in rows))
    file = examined(str(path))
    parts = [
        read(file, split.start, split.end, chunk_bytes=chunk_bytes) for split in plan_splits([file], split_bytes)
    ]
    found = [row for part in parts for row in part.rows]
    assert [values for _, _, values in found] == [(b"x" + one.encode(), other.encode()) for one, other in rows]
    places = np.array([found[-1][0]], np.int64)
    (row,) = fetch_rows(file, places, THINGS)
    assert (row.raw, row.values) == found[-1][1:]


def test_compressed_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id":1,"value":"a"}\n{"id":2,"value":"b"}\n'))
    assert read(examined(str(path))).values == [(b"1", b"a"), (b"2", b"b")]


def test_columns_are_named_by_paths(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", {"ID": 1, "more": {"deep": "a"}})
    reading = Reading(columns={"value": "more.deep"}, insisted=frozenset({"value"}))
    assert read(examined(path, reading)).values == [(b"1", b"a")]


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (Reading(), r"a\.jsonl: no 'value'; found: id, more\.deep, list\[\]\.x; the file looks like JSON Lines; "),
        (Reading(columns={"value": "a..b"}), r"a\.jsonl: 'a\.\.b' is no path"),
        (Reading(columns={"value": "no"}, insisted=frozenset({"value"})), r"a\.jsonl: no 'no'; found: .* Lines$"),
    ],
)
def test_a_missing_value_is_named_with_what_there_is(tmp_path: Path, reading: Reading, message: str) -> None:
    path = put(tmp_path / "a.jsonl", {"id": 1, "more": {"deep": "a"}, "list": [{"x": 1}]})
    with pytest.raises(UsageError, match=message):
        examined(path, reading)


def test_other_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[\n{"id": 1}\n]')
    with pytest.raises(UsageError, match=r"a\.json: is JSON, but not an object a line"):
        examined(str(tmp_path / "a.json"))


def test_tweets_of_the_first_api_are_known(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", TWEET, {**TWEET, "id_str": "8", "retweeted_status": None, "entities": {}})
    (file,) = find_files(POSTS, [path])
    assert (file.preset, file.separator) == ("twitter-v1", "bar")
    assert read(file, table=POSTS).values == [
        (b"7", b"Wed Oct 10 20:19:24 +0000 2018", b"1", b"1", b"RT", b"one|two"),
        (b"8", b"Wed Oct 10 20:19:24 +0000 2018", b"1", b"0", b"RT", b""),
    ]
    (file,) = find_files(ACCOUNTS, [path])
    assert (
        read(file, table=ACCOUNTS).values
        == [(b"1", b"Wed Oct 10 20:19:24 +0000 2012", b"ann", b"Wed Oct 10 20:19:24 +0000 2018")] * 2
    )
