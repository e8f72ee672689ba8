import csv
import io
import random
from pathlib import Path
from typing import Any

import pytest

from jobs.inputs.files import find_files
from jobs.inputs.reading import Reading
from jobs.inputs.rows import read_rows
from jobs.inputs.tables import ACCOUNTS, TO_THE_END, Dialect, Quoting, Table
from jobs.inputs.text.evidence import Evidence
from jobs.inputs.text.header import read_header
from lookalike.errors import UsageError

from .reading import read

NOTES = Table("notes", ("id", "text", "hashtags"), free_text=frozenset({"text"}))
HEADER = b"id\ttext\thashtags\n"
Rows = list[tuple[str, str, str]]


def written(rows: Rows, **options: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, **({"delimiter": "\t", "lineterminator": "\n"} | options))
    writer.writerows([NOTES.columns, *rows])
    return text.getvalue().encode()


def found(folder: Path, *contents: bytes) -> list[Quoting]:
    """How files with these contents are read together."""
    paths = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.tsv"
        path.write_bytes(content)
        paths.append(str(path))
    return [file.dialect.quoting for file in find_files(NOTES, paths)]


def evidence_of(folder: Path, table: Table, content: bytes, read_as: Quoting) -> Evidence:
    """What all rows of a file tell that is read so."""
    path = folder / "rows.tsv"
    path.write_bytes(content)
    (file,) = find_files(table, [str(path)], Reading(quoting=read_as))
    return sum((Evidence.of(batch, read_as) for batch in read_rows(file, table)), Evidence())


@pytest.mark.parametrize(
    ("head", "quoting"),
    [
        (HEADER, "none"),
        (HEADER + b"1\ta text\tone\n", "none"),
        # Quotes that no writer has put around a field.
        (HEADER + b'1\t"begins with a quote\tone\n2\tb\ttwo\n', "none"),
        (HEADER + b'1\t"begins\tone\n2\tends"\ttwo\n3\tc\tthree\n', "none"),
        (HEADER + b'1\t"a" is a letter\tone\n', "none"),
        (HEADER + b'1\t"a text in quotes"\tone\n2\ttext\ttwo\n', "none"),
        (b'"id"\t"broken header\ttext\thashtags\n1\tb\tc\n', "none"),
        # Quotes that only a writer that quotes has a reason to write.
        (HEADER + b'1\t"a ""quoted"" text"\tone\n', "rfc4180"),
        (HEADER + b'1\t""\tone\n2\tb\t""\n', "rfc4180"),
        (HEADER + b'1\ttext\t"#one"\n', "rfc4180"),
        (HEADER + b'1\t"a"\tone\n2\t"b"\ttwo\n3\t"c"\tthree\n', "rfc4180"),
        (HEADER + b'1\t"a \\"quoted\\" text"\tone\n', "backslash"),
        (HEADER + b'1\t""\tone\n2\t"a \\"b\\" c"\ttwo\n', "backslash"),
        (HEADER + b'1\t"ends with a backslash \\"\tone\n2\t"a ""b"""\ttwo\n', "rfc4180"),
        (written([("1", "a\ttab", "one")]), "rfc4180"),
        # Lines that look like rows were not written as parts of one field.
        (HEADER + b'1\t""\tone\n2\t"opens\ttwo\n3\tb\tthree\n4\tcloses"\tfour\n', "none"),
        (HEADER + b'1\t"a ""b"""\tone\n2\t"two\nlines"\ttwo\n', "rfc4180"),
        (written([("1", "two\nlines", "one")]), "rfc4180"),
        (written([("1", 'a "quote"\nand a line', "one"), ("2", "b", "two")]), "rfc4180"),
        (written([("1", "plain", "one")], quoting=csv.QUOTE_ALL), "rfc4180"),
        (b"\xef\xbb\xbf" + written([("1", "plain", "one")], quoting=csv.QUOTE_ALL), "rfc4180"),
        (written([("1", 'a "b"\n', "one")], doublequote=False, escapechar="\\"), "backslash"),
    ],
)
def test_the_quotes_of_the_fields_tell_how_a_file_is_read(tmp_path: Path, head: bytes, quoting: str) -> None:
    assert found(tmp_path, head) == [quoting]


def test_the_files_of_one_table_are_read_in_one_way(tmp_path: Path) -> None:
    plain, empty = HEADER + b"1\ta\tone\n", HEADER + b'2\t""\ttwo\n'
    assert found(tmp_path, plain, empty) == ["rfc4180", "rfc4180"]
    assert found(tmp_path, plain, plain) == ["none", "none"]


def test_files_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    literal, empty = HEADER + b'1\t"a" is a letter\tone\n' * 3, HEADER + b'2\t""\ttwo\n'
    with pytest.raises(UsageError, match=r"1\.tsv has quoted fields, \S*0\.tsv has fields with quotes .*--quoting$"):
        found(tmp_path, literal, empty)


def tweets(seed: int) -> Rows:
    chance = random.Random(seed)
    pieces = ["word ", "two ", '"', "\n", "\t", "more "]
    weights = [8, 8, 1, 0.3, 0.1, 8]
    return [(str(i), "".join(chance.choices(pieces, weights, k=20)), "tag") for i in range(400)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("options", "quoting"),
    [
        ({}, "rfc4180"),
        ({"quoting": csv.QUOTE_ALL}, "rfc4180"),
        ({"doublequote": False, "escapechar": "\\"}, "backslash"),
    ],
)
def test_a_quoted_file_is_known_wherever_its_head_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, options: dict[str, Any], quoting: str
) -> None:
    data = written(tweets(seed), **options)
    chance = random.Random(seed)
    for _ in range(20):
        monkeypatch.setattr("jobs.inputs.formats.registry.HEAD_BYTES", chance.randrange(len(data) // 4, len(data)))
        assert found(tmp_path, data) == [quoting]


@pytest.mark.parametrize("seed", range(5))
def test_a_raw_file_is_known_wherever_its_head_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    texts = [(i, text.replace("\n", " ").replace("\t", " "), tag) for i, text, tag in tweets(seed)]
    data = HEADER + "\n".join("\t".join(row) for row in texts).encode()
    chance = random.Random(seed)
    for _ in range(20):
        monkeypatch.setattr("jobs.inputs.formats.registry.HEAD_BYTES", chance.randrange(len(HEADER), len(data)))
        assert found(tmp_path, data) == ["none"]


def test_one_open_quote_does_not_make_a_long_raw_head_look_quoted(tmp_path: Path) -> None:
    head = HEADER + b'1\t"open\tone\n' + b"2\ttext\ttwo\n" * 20_000
    assert found(tmp_path, head * 8) == ["none"]


@pytest.mark.parametrize(
    ("row", "read_as", "better"),
    [
        (b'9\t""\tone\n', "none", "rfc4180"),
        (b'9\t"a ""b"" c"\tone\n', "none", "rfc4180"),
        (b'9\ttext\t"one"\n', "none", "rfc4180"),
        (b'9\t"two\nlines"\tone\n', "none", "rfc4180"),
        (b'9\t"a\ttab"\tone\n', "none", "rfc4180"),
        (b'9\t"a \\"b\\" c"\tone\n', "none", "backslash"),
        (b'9\t"a \\"b\\",\ttab"\tone\n', "none", "backslash"),
        (b'9\t"two\tand\nlines"\tone\n', "none", "rfc4180"),
        (b'9\t"a \\"b\\" c"\tone\n', "rfc4180", "backslash"),
        (b'9\t"a" is a letter\tone\n', "rfc4180", "none"),
        (b'9\t"a" is a letter\tone\n', "none", None),
        (b'9\t"in quotes"\tone\n', "none", None),
        (b'9\t"a ""b"" c"\tone\n', "rfc4180", None),
        (b'9\t"a \\"b\\" c"\tone\n', "backslash", None),
    ],
)
def test_a_row_after_the_head_contradicts_the_reading(
    tmp_path: Path, row: bytes, read_as: Quoting, better: Quoting | None
) -> None:
    evidence = evidence_of(tmp_path, NOTES, HEADER + b"1\ttext\tone\n" * 50 + row, read_as)
    assert evidence.reading_instead_of(read_as) == better
    if better is not None:
        assert evidence.example is not None
        assert evidence.example in row.decode().splitlines()


@pytest.mark.parametrize(
    ("row", "read_as", "better"),
    [
        (b'9\tTom \\"T\\" Lee\n', "none", "backslash"),
        (b'9\tTom \\"T\\" Lee\n', "rfc4180", "backslash"),
        (b'9\tTom \\"T\\" Lee\n', "backslash", None),
        (b'9\tTom "T" Lee\n', "none", None),
        (b'9\t"Tom \\""T\\"" Lee"\n', "rfc4180", None),
        (b"9\tTom \\T\\ Lee\n", "none", None),
    ],
)
def test_a_name_with_backslashes_before_its_quotes_contradicts_the_reading(
    tmp_path: Path, row: bytes, read_as: Quoting, better: Quoting | None
) -> None:
    evidence = evidence_of(tmp_path, ACCOUNTS, b"id\tscreen_name\n" + b"1\tanna\n" * 50 + row, read_as)
    assert evidence.reading_instead_of(read_as) == better
    assert evidence.example == (None if better is None else row.decode().strip())


def test_quotes_with_backslashes_are_unescaped_in_fields_without_quotes_too(tmp_path: Path) -> None:
    rows = [("1", 'Tom "T" Lee', "a"), ("2", 'a "\\" b', "b"), ("3", "C:\\dir", "c"), ("4", "text", "d")]
    path = tmp_path / "notes.tsv"
    content = written(rows, doublequote=False, escapechar="\\")
    assert rb"Tom \"T\" Lee" in content
    path.write_bytes(content.replace(rb"C:\\dir", rb"C:\dir"))  # as Spark writes it; nothing else can be meant
    (file,) = find_files(NOTES, [str(path)], Reading(quoting="backslash"))
    values = [tuple(field.encode() for field in row) for row in rows]
    assert read(file, table=NOTES).values == values
    for cut in range(file.body, file.size):
        first, second = (read(file, *part, table=NOTES).values for part in ((0, cut), (cut, TO_THE_END)))
        assert first + second == values


@pytest.mark.parametrize("escape", ["rfc4180", "backslash"])
def test_values_come_without_their_quotes(tmp_path: Path, escape: Quoting) -> None:
    rows = [
        ("1", 'Tom "T" Lee', "a"),
        ("2", "tab\there", "b"),
        ("3", "two\nlines", "c"),
        ("4", '""', "d"),
        ("5", "", "e"),
    ]
    options = {"doublequote": False, "escapechar": "\\"} if escape == "backslash" else {}
    path = tmp_path / "notes.tsv"
    path.write_bytes(written(rows, **options, quoting=csv.QUOTE_ALL))
    (file,) = find_files(NOTES, [str(path)])
    assert file.dialect.quoting == escape
    assert read(file, table=NOTES).values == [tuple(field.encode() for field in row) for row in rows]


@pytest.mark.parametrize(
    ("head", "quoting", "names", "body"),
    [
        (b"a\tb\nrest", "none", ["a", "b"], 4),
        (b'"a"\t"b ""c"""\r\nrest', "rfc4180", ["a", 'b "c"'], 15),
        (b'"a"\t"b \\"c\\""\r\nrest', "backslash", ["a", 'b "c"'], 15),
        (b'"a"\tb\n', "none", ['"a"', "b"], 6),
        (b'"a\tb\n', "rfc4180", [], 5),
        (b"\xef\xbb\xbf\n\na\n", "none", ["a"], 7),
        (b"a\tb", "none", ["a", "b"], 3),
        (b"", "none", [], 0),
    ],
)
def test_the_header_is_the_first_line_that_is_not_blank(
    head: bytes, quoting: Quoting, names: list[str], body: int
) -> None:
    assert read_header(head, Dialect(quoting=quoting)) == (names, body)


def test_lines_above_the_header_are_passed_over() -> None:
    assert read_header(b"Export of today\n\na\tb\n", Dialect(), 1) == (["a", "b"], 21)
