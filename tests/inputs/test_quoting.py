import csv
import io
import random
from typing import Literal

import pytest

from jobs.inputs.quoting import detect_quoting, read_header
from jobs.inputs.tables import Quoting

COLUMNS = ("id", "text", "hashtags")
HEADER = b"id\ttext\thashtags\n"


def quoted(rows: list[tuple[str, str, str]], quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=quoting)
    writer.writerows([COLUMNS, *rows])
    return text.getvalue().encode()


@pytest.mark.parametrize(
    ("head", "quoting"),
    [
        (HEADER, "none"),
        (HEADER + b"1\ta text\tone\n", "none"),
        (HEADER + b'1\t"begins with a quote\tone\n2\tb\ttwo\n', "none"),
        (HEADER + b'1\t"begins\tone\n2\tends"\ttwo\n3\tc\tthree\n', "none"),
        (HEADER + b'1\t"a ""quoted"" text"\tone\n', "none"),  # no row is malformed either way
        (quoted([("1", "a\ttab", "one")]), "rfc4180"),
        (quoted([("1", "two\nlines", "one")]), "rfc4180"),
        (quoted([("1", 'a "quote"\nand a line', "one"), ("2", "b", "two")]), "rfc4180"),
        (quoted([("1", "plain", "one")], csv.QUOTE_ALL), "rfc4180"),
        (b"\xef\xbb\xbf" + quoted([("1", "plain", "one")], csv.QUOTE_ALL), "rfc4180"),
        (b'"id"\t"broken header\ttext\thashtags\n1\tb\tc\n', "none"),
    ],
)
def test_the_reading_with_fewer_malformed_rows_is_taken(head: bytes, quoting: str) -> None:
    assert detect_quoting(head, COLUMNS, complete=True) == quoting


def tweets(seed: int) -> list[tuple[str, str, str]]:
    chance = random.Random(seed)
    pieces = ["word ", "two ", '"', "\n", "\t", "more "]
    weights = [8, 8, 1, 0.3, 0.1, 8]
    return [(str(i), "".join(chance.choices(pieces, weights, k=20)), "tag") for i in range(400)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_a_quoted_file_is_known_wherever_its_head_is_cut(seed: int, quoting: Literal[0, 1]) -> None:
    data = quoted(tweets(seed), quoting)
    chance = random.Random(seed)
    for _ in range(40):
        cut = chance.randrange(len(data) // 4, len(data))
        assert detect_quoting(data[:cut], COLUMNS, complete=False) == "rfc4180"


@pytest.mark.parametrize("seed", range(5))
def test_a_raw_file_is_known_wherever_its_head_is_cut(seed: int) -> None:
    texts = [(i, text.replace("\n", " ").replace("\t", " "), tag) for i, text, tag in tweets(seed)]
    data = HEADER + "\n".join("\t".join(row) for row in texts).encode()
    chance = random.Random(seed)
    for _ in range(40):
        assert detect_quoting(data[: chance.randrange(len(data))], COLUMNS, complete=False) == "none"


def test_one_open_quote_does_not_make_a_long_raw_head_look_quoted() -> None:
    head = HEADER + b'1\t"open\tone\n' + b"2\ttext\ttwo\n" * 20_000
    assert detect_quoting(head, COLUMNS, complete=False) == "none"


@pytest.mark.parametrize(
    ("head", "quoting", "names", "body"),
    [
        (b"a\tb\nrest", "none", ["a", "b"], 4),
        (b'"a"\t"b ""c"""\r\nrest', "rfc4180", ["a", 'b "c"'], 15),
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
    assert read_header(head, quoting) == (names, body)
