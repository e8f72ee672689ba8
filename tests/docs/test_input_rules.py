"""The page about input files has tables of examples, and the code reads each of them as the page says."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, get_args
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.inputs.accounts.names import cleaned_names
from jobs.inputs.columns import find_columns
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.files import find_files
from jobs.inputs.formats.registry import FORMATS
from jobs.inputs.reading import ALL_AUTO, DELIMITERS, Reading
from jobs.inputs.rejects import Reason
from jobs.inputs.rows import read_rows
from jobs.inputs.separators.registry import SEPARATORS, find_separator
from jobs.inputs.tables import ACCOUNTS, POSTS, Compression, Table
from jobs.inputs.text.dialects import find_delimiter
from jobs.inputs.text.encodings import find_encoding
from jobs.inputs.texthashtags import hashtags_of
from jobs.options.config import JobConfig
from jobs.options.option import described_options
from jobs.stages.scan.explode import Spellings
from lookalike.hashtags import normalise
from lookalike.strings.values import parse_flags

from ..inputs.reading import column_of
from .documents import table
from .project import ROOT

PAGE: Final = ROOT / "docs/reference/input-files.md"
_CODE: Final = re.compile(r"`([^`]*)`")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(t)|(n))")


def rows(header: str) -> list[list[str]]:
    """The rows of the table with this header."""
    return table(PAGE, f"\n| {header} |\n| ---")


def codes(cell: str) -> list[str]:
    """What a cell has between backquotes."""
    return _CODE.findall(cell)


def code(cell: str) -> str:
    """The one text between backquotes of a cell; "" in an empty cell and for two backquotes with nothing between."""
    found = codes(cell)
    assert len(found) <= 1, cell
    return found[0] if found else ""


def written(text: str) -> bytes:
    r"""What a file holds: \t, \n, \xNN and \uNNNN stand for a tab, a line feed, a byte and a character."""
    parts, at = [], 0
    for match in _ESCAPE.finditer(text):
        char, byte, tab, _ = match.groups()
        meant = chr(int(char, 16)).encode() if char else bytes([int(byte, 16)]) if byte else b"\t" if tab else b"\n"
        parts += [text[at : match.start()].encode(), meant]
        at = match.end()
    return b"".join([*parts, text[at:].encode()])


def shown(text: str) -> str:
    return written(text).decode()


def read(path: Path, reading: Reading, given: Table = POSTS) -> tuple[str, dict[str, list[bytes]]]:
    """How a file is quoted, and the values of each column."""
    (file,) = find_files(given, [str(path)], reading)
    (batch,) = read_rows(file, given)
    values = {name: [batch[name].value(i) for i in range(len(batch))] for name in given.columns}
    return file.dialect.quoting, values


def test_the_columns_are_those_that_the_job_reads() -> None:
    documented = {name: tuple(codes(columns)) for name, columns, _ in rows("input | columns | must be there")}
    assert documented == {one.name: one.columns for one in (POSTS, ACCOUNTS)}
    needed = {name: set(codes(columns)) for name, _, columns in rows("input | columns | must be there")}
    assert needed == {one.name: {*one.required, *one.either} for one in (POSTS, ACCOUNTS)}


def test_the_formats_and_compressions_are_all_that_there_are() -> None:
    assert [name for name, _ in rows("format | how it is recognised")] == [one.title for one in FORMATS.values()]
    assert [name for name, _ in rows("compression | usual ending")] == list(get_args(Compression))


@pytest.mark.parametrize(("head", "encoding"), rows("first bytes | encoding"))
def test_encodings(head: str, encoding: str) -> None:
    assert find_encoding(written(code(head))) == code(encoding)


@pytest.mark.parametrize(("header", "delimiter"), rows("header | delimiter"))
def test_delimiters(header: str, delimiter: str) -> None:
    assert find_delimiter(written(code(header)) + b"\n", POSTS, ALL_AUTO) == delimiter


def test_every_delimiter_has_an_example() -> None:
    assert {name for _, name in rows("header | delimiter")} == set(DELIMITERS)


@pytest.mark.parametrize(("column", "field", "quoting", "value"), rows("column | field | read as | value"))
def test_quotes(tmp_path: Path, column: str, field: str, quoting: str, value: str) -> None:
    names = ["id", "author_id", "text", "hashtags"]
    lines = [dict(zip(names, values, strict=True)) for values in (["1", "7", "so", "one"], ["2", "8", "no", "two"])]
    lines[0][code(column)] = code(field)
    path = tmp_path / "posts.tsv"
    path.write_text("\n".join("\t".join(line) for line in [names, *(line.values() for line in lines)]) + "\n")
    found, values = read(path, ALL_AUTO)
    assert (found, values[code(column)][0].decode()) == (quoting, code(value))
    assert values["id"] == [b"1", b"2"]


@pytest.mark.parametrize(("path", "line", "value"), rows("path | line | value"))
def test_paths_in_json(tmp_path: Path, path: str, line: str, value: str) -> None:
    file = tmp_path / "posts.jsonl"
    every = '{"body": "", "tags": ["x"], "post": {"body": ""}, "refs": [{"type": "quoted", "id": 0}], "long": "x"}'
    lines = [code(line), every]
    file.write_text("".join(one.replace("{", '{"id": 1, "author_id": 2, ', 1) + "\n" for one in lines))
    reading = Reading(columns={"text": code(path)}, hashtags_from="text")
    _, values = read(file, reading)
    assert values["text"][0].decode() == code(value)


# Values of the types that the page names.
_TYPES: Final[dict[str, Sequence[Any]]] = {
    "text": [
        pa.array(["7"]),
        pa.array([b"7"]),
        pa.array(["7"]).dictionary_encode(),
        pa.array(["7"], pa.large_string()),
    ],
    "whole number": [pa.array([7]), pa.array([7], pa.uint8())],
    "floating point": [pa.array([7.0]), pa.array([7.0], pa.float32())],
    "decimal": [pa.array([Decimal(7)], pa.decimal128(20, 0))],
    "UUID": [pa.ExtensionArray.from_storage(pa.uuid(), pa.array([UUID(int=7).bytes], pa.binary(16)))],
    "timestamp": [pa.array([datetime(2020, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))],
    "date": [pa.array([date(2020, 1, 1)])],
    "boolean": [pa.array([True])],
    "list of text": [pa.array([["one", "two"]]), pa.array([["one"]], pa.large_list(pa.string()))],
    "list of structs with a field": [],
}


@pytest.mark.parametrize(("columns", "types"), rows("column | types"))
def test_types_in_parquet(tmp_path: Path, columns: str, types: str) -> None:
    fields = codes(types)
    kinds = re.sub(r" `.*", "", types).split(", ")
    tried = [values for kind in kinds for values in _TYPES[kind]] + [pa.array([[{one: "one"}]]) for one in fields]
    for number, values in enumerate(tried):
        for column in codes(columns):
            path = tmp_path / f"{number}-{column}.parquet"
            for one in (one for one in (POSTS, ACCOUNTS) if column in one.columns):
                usual = {name: pa.array(["1"]) for name in one.columns}
                pq.write_table(pa.table(usual | {column: values}), path)
                _, found = read(path, ALL_AUTO, one)
                assert found[column][0] not in (b"", b"[]"), values.type


@pytest.mark.parametrize(("name", "column"), rows("name in the file | column"))
def test_names_of_columns(name: str, column: str) -> None:
    (found,) = find_columns(Table("posts", ("author_id",)), [code(name)], {})
    assert (found is not None) == (column != "none")


@pytest.mark.parametrize(("separator", "field", "hashtags"), rows("separator | field | hashtags"))
def test_separators(separator: str, field: str, hashtags: str) -> None:
    value = code(field).encode()
    assert find_separator([value]) == separator
    spellings = Spellings(buckets=1, seed=1)
    found = spellings.explode(column_of([value]), SEPARATORS[separator])
    keys = spellings.dictionary()["key"].to_pylist()
    assert (int(found.offsets[1]), sorted(set(keys))) == (len(codes(hashtags)), sorted(codes(hashtags)))


def test_every_separator_has_an_example() -> None:
    assert {name for name, _, _ in rows("separator | field | hashtags")} == set(SEPARATORS)


@pytest.mark.parametrize(("text", "hashtags", "rule"), rows("text | hashtags | rule"))
def test_hashtags_in_texts(text: str, hashtags: str, rule: str) -> None:
    found = hashtags_of(column_of([written(code(text))])).value(0).decode()
    assert [one for one in found.split("|") if one] == list(map(shown, codes(hashtags))), rule


@pytest.mark.parametrize(("rule", "text", "key"), rows("rule | written | key"))
def test_keys_of_hashtags(rule: str, text: str, key: str) -> None:
    assert normalise(shown(code(text))) == shown(code(key)), rule


def compared(name: bytes, endings: tuple[str, ...] = ()) -> str:
    return cleaned_names(column_of([name]), endings).value(0).decode()


@pytest.mark.parametrize(("rule", "name", "expected"), rows("rule | written | compared"))
def test_screen_names(rule: str, name: str, expected: str) -> None:
    assert compared(written(code(name))) == shown(code(expected)), rule


@pytest.mark.parametrize(("ending", "name", "expected"), rows("`--strip-suffix` | written | compared"))
def test_endings_of_screen_names(ending: str, name: str, expected: str) -> None:
    assert compared(written(code(name)), (code(ending),)) == code(expected)


def moment(text: str, *, day_first: bool = False) -> str:
    (micros,) = parse_timestamps(*column_of([text.encode()]), day_first=day_first).tolist()
    if micros == NULL_TIME:
        return "null"
    return str(np.datetime64(micros, "us").astype(datetime))


@pytest.mark.parametrize(("form", "text", "expected"), rows("form | written | read as"))
def test_dates(form: str, text: str, expected: str) -> None:
    assert moment(code(text)) == expected, form


@pytest.mark.parametrize(("text", "expected"), rows("written | read as"))
def test_dates_with_the_day_first(text: str, expected: str) -> None:
    assert moment(code(text), day_first=True) == expected


@pytest.mark.parametrize(("meaning", "words"), rows("meaning | values"))
def test_flags(meaning: str, words: str) -> None:
    texts = codes(words)
    variants = [variant.encode() for word in texts for variant in (word, word.upper(), f" {word} ")]
    assert set(parse_flags(*column_of(variants)).tolist()) == {int(meaning == "repost")}


def test_the_flags_are_all_that_there_are() -> None:
    from lookalike.strings.values import _FLAGS

    assert {word for _, words in rows("meaning | values") for word in codes(words)} == set(_FLAGS)


def test_the_reasons_of_rejects_are_all_that_there_are() -> None:
    assert [reason for reason, _ in rows("reason | meaning")] == [reason.value for reason in _reasons()]


def _reasons() -> list[Reason]:
    last = [Reason.UNKNOWN_AUTHOR, Reason.CONFLICT]
    return [reason for reason in Reason if reason not in last] + last


def test_the_options_on_the_page_exist() -> None:
    text = PAGE.read_text(encoding="utf-8")
    flags = {described.flag for described in described_options(JobConfig)} | {"--inspect"}
    assert set(re.findall(r"--[a-z][a-z-]*[a-z]", text)) - flags == set()
