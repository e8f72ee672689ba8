"""Delimited text whose rows all do not fit its header."""

from pathlib import Path

import pytest

from jobs.inputs.tables import POSTS
from lookalike.errors import UsageError

from .reading import Quoting, examine, read

ROW_NAMES = (
    "every row has one field more than the header: if these are R's row names, write it with row.names = FALSE, or "
    "name the first column in the header; if a value has the delimiter in it, put it in quotes"
)


def put(folder: Path, text: str) -> Path:
    path = folder / "things.tsv"
    path.write_bytes(text.encode())
    return path


def refused(path: Path, quoting: Quoting = "auto") -> str:
    with pytest.raises(UsageError, match=f"^{path}: ") as caught:
        examine(path, quoting=quoting)
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "lines",
    [
        ["id\tvalue", "1\ta\tone"],
        ["id\tvalue", "", "1\ta\tone", "2\tb\t", ""],
        ["id,value", "x,a,one", "y,b,two", "z,c,"],
        ['"id"\t"value"', '"1"\t"a"\t"one"', '"2"\t"b"\t"say ""two"""'],
        ['"id"\t"value"', '"1"\t"a"\t"one\\"s"', '"2"\t"b"\t"two"'],
    ],
)
def test_row_names_without_a_name_are_an_error_that_says_so(tmp_path: Path, lines: list[str], line_end: str) -> None:
    assert refused(put(tmp_path, line_end.join(lines))) == ROW_NAMES


@pytest.mark.parametrize(("delimiter", "name"), [("\t", "tab"), (",", "comma"), (";", "semicolon"), ("|", "pipe")])
def test_a_delimiter_at_the_end_of_each_row_is_an_error_that_says_so(
    tmp_path: Path, delimiter: str, name: str
) -> None:
    rows = "".join(f"i{i}{delimiter}value{i}{delimiter}\n" for i in range(3))
    told = f"every row ends with a {name}, and the header does not; end the header with one, too"
    assert refused(put(tmp_path, f"id{delimiter}value\n{rows}")) == told
    ended = put(tmp_path, f"id{delimiter}value{delimiter}\n{rows}")
    assert read(examine(ended)).values == [(b"i%d" % i, b"value%d" % i) for i in range(3)]


@pytest.mark.parametrize(
    "value", ['"{""a"": 1, ""b"": 2}"', '"[""one"", ""two""]"', '"say ""x"", y"', '"a ""quoted"", one"']
)
def test_delimiters_beside_doubled_quotes_are_no_misfit(tmp_path: Path, value: str) -> None:
    found = read(
        examine(put(tmp_path, "id,value\n" + "".join(f"{i},{value}\n" for i in range(1, 4))), quoting="auto")
    )
    assert [(one.decode(), other.decode()) for one, other in found.values] == [
        (str(i), value[1:-1].replace('""', '"')) for i in range(1, 4)
    ]
    assert found.malformed == []


def test_all_of_a_long_head_is_looked_at(tmp_path: Path) -> None:
    rows = "".join(f"{i}\ti{i}\t{'value' * 20}\n" for i in range(1, 20_000))
    assert refused(put(tmp_path, "id\tvalue\n" + rows)) == ROW_NAMES
    assert len(read(examine(put(tmp_path, "id\tvalue\n" + rows[:700_000] + "\ni0\tfits\n" + rows))).rows) == 1


@pytest.mark.parametrize(
    "rows",
    [
        "i1\tone\tmore\n",  # a tab in a text
        "i1\tone\tmore\ni2\ttwo\tmore\n",
        "i1\tone\t\ni2\ttwo\t\n",
        "1\ti1\tone\ni2\ttwo\n",
        "1\ti1\tone\tmore\n",
        "1\n",
        "",
    ],
)
def test_few_rows_that_do_not_fit_are_broken_ones(tmp_path: Path, rows: str) -> None:
    examine(put(tmp_path, "id\tvalue\n" + rows), quoting="auto")


def test_a_file_without_the_columns_is_told_of_these(tmp_path: Path) -> None:
    assert "no column 'value'" in refused(put(tmp_path, "id\tvalu\n1\ta\tone\n2\tb\ttwo\n3\tc\tthree\n"))


@pytest.mark.parametrize("quoting", ["auto", "none", "rfc4180"])
@pytest.mark.parametrize(
    ("header", "advice"),
    [
        (
            "id   author_id   hashtags",
            r"if no value has spaces in it, sed -E 's/ +/\t/g' FILE > FILE.tsv makes them tabs",
        ),
        ("  Text  ID", r"if no value has spaces in it, sed -E 's/ +/\t/g' FILE > FILE.tsv makes them tabs"),
        ('"id" "author_id" "hashtags"', 'write it with tabs, sep = "\\t" in R\'s write.table'),
    ],
)
def test_spaces_between_columns_are_an_error_that_says_so(
    tmp_path: Path, header: str, advice: str, quoting: Quoting
) -> None:
    path = put(tmp_path, header + "\n1 a vote\n")
    with pytest.raises(UsageError) as caught:
        examine(path, POSTS, quoting)
    assert str(caught.value) == f"{path}: looks separated by spaces; {advice}"


def test_notes_in_words_do_not_look_separated_by_spaces(tmp_path: Path) -> None:
    assert "no column 'id'" in refused(put(tmp_path, "an id of each\nid\tvalue\n"))
