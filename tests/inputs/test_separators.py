import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.separators.lists import plain_lists
from jobs.inputs.separators.registry import SEPARATORS, find_separator
from jobs.stages.scan.explode import Spellings

from .reading import column_of

words = st.text("abcé語'_", min_size=1, max_size=5).filter(lambda word: word.strip("'_"))


@pytest.mark.parametrize(
    ("fields", "separator"),
    [
        ([], "bar"),
        (["", " "], "bar"),
        (["one", "two"], "bar"),
        (["one|two", "one, two"], "bar"),
        (["one, two", "three"], "comma"),
        (["one,two three"], "comma"),
        (["one; two", ""], "semicolon"),
        (["#one #two", "#three"], "space"),
        ([" one ", "two"], "bar"),  # the space is around it
        (["['one', 'two']", "[]", ""], "list"),
        (["[one, two]"], "list"),
        (["[one]", "two", "three"], "list"),
        (["one|two"] + ["one,two"] * 3, "comma"),  # of these the one that more fields have
        (["New York|Paris", "New York", "Los Angeles"], "bar"),  # a name with a space in it is likelier
        (["{one,two}", "{}"], "list"),
        (["('one', 'two')", "('one',)", "()"], "list"),
        (['c("one", "two")', "character(0)"], "list"),
        (["cut(one)", "two"], "bar"),
        (["one"] * 1000 + ["a, b"], "bar"),  # a slip is no separator
    ],
)
def test_the_separator_is_told_by_the_fields(fields: list[str], separator: str) -> None:
    assert find_separator(field.encode() for field in fields) == separator


def lists(*fields: str) -> list[str]:
    found = plain_lists(column_of([field.encode() for field in fields]))
    return [found.value(i).decode() for i in range(len(fields))]


def test_lists_lose_brackets_and_quotes() -> None:
    fields = ["['one', 'two']", '["one","two"]', "[one, two]", "[]", "", "one", " [ 'a' ] ", "['don''t']"]
    parts = [[part.strip() for part in field.split(",") if part.strip()] for field in lists(*fields)]
    assert parts == [["one", "two"]] * 3 + [[], [], ["one"], ["a"], ["don''t"]]


def test_lists_of_postgresql_python_and_r_lose_their_marks() -> None:
    pairs = ["{one,two}", '{"one","two"}', "('one', 'two')", 'c("one", "two")', "{'one', 'two'}", " c('one','two') "]
    alone = ["('one',)", "{one}", 'c("one")']
    pairs += ["{'one', 'two'}", "frozenset({'one', 'two'})", "frozenset(['one', 'two'])", 'list("one", "two")']
    pairs += ["array(['one', 'two'], dtype=object)", "[np.str_('one'), np.str_('two')]", "set(['one', 'two'])"]
    pairs += ['list(list(text = "one", indices = c(1, 5)), list(text = "two", indices = c(6, 9)))']
    alone += ["frozenset({'one'})", "array(['one'], dtype='<U3')", 'list(text = "one", indices = list(c(1, 5)))']
    nothing = ["{}", "()", "c()", "character(0)", '{"indices": []}', "set()", "list()", "frozenset()"]
    nothing += ["array([], dtype=object)", "frozenset({})"]
    others = ["cut(one)", "c(one", "character(one", "(", "c(", "lists(one)", "c[one]"]
    parts = [[part.strip() for part in field.split(",") if part.strip()] for field in lists(*pairs, *alone, *nothing)]
    assert parts == [["one", "two"]] * len(pairs) + [["one"]] * len(alone) + [[]] * len(nothing)
    assert lists(*others) == others


def test_lists_as_numpy_writes_them_have_space_between_items() -> None:
    fields = ["['one' 'two']", "['one'\n 'two']", "[\"it's\" 'one']", "['one']", "[' ' 'one']", r"['one' '\u00e9']"]
    parts = [[part.strip() for part in field.split(",") if part.strip()] for field in lists(*fields)]
    assert parts == [["one", "two"], ["one", "two"], ["it's", "one"], ["one"], ["one"], ["one", "é"]]


def test_lists_of_objects_and_escaped_letters_are_read() -> None:
    fields = [
        '[{"text": "one", "indices": [0, 4]}, {"tag": "two"}]',
        r'["\u00e9t\u00e9"]',
        "[{'text': 'x'}]",
        "[{broken",
    ]
    assert lists(*fields) == ["one,two", "été", "x", "[{broken"]


@given(st.lists(st.lists(words, max_size=4), max_size=5))
def test_lists_as_python_and_json_write_them_are_read_back(rows: list[list[str]]) -> None:
    for write in (repr, json.dumps, lambda row: json.dumps(row, ensure_ascii=False)):
        found = lists(*(write(row) for row in rows))
        for row, field in zip(rows, found, strict=True):
            assert ast.literal_eval(repr(row)) == row
            assert [part.strip() for part in field.split(",") if part.strip()] == row


@pytest.mark.parametrize("separator", SEPARATORS)
def test_every_separator_gives_the_same_hashtags(separator: str) -> None:
    rows = [["one", "two"], ["three"], [], ["one"]]
    written = {
        "bar": "|".join,
        "comma": ", ".join,
        "semicolon": "; ".join,
        "space": " ".join,
        "list": repr,
    }[separator]
    spellings = Spellings(buckets=1, seed=1)
    fields = column_of([written(row).encode() for row in rows])
    found = spellings.explode(fields, SEPARATORS[separator])
    assert found.offsets.tolist() == [0, 2, 3, 3, 4]
    assert sorted(spellings.dictionary()["key"].to_pylist()) == ["one", "three", "two"]
