"""Random inputs with everything in them that real ones have been seen to hold, as raw tab-separated files."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

DATES = [
    *(b"2023-01-01 10:00:00+00:00", b"2017-09-07T19:52:00Z", b"2023-01-01T12:00:00+02:00", b"2023-06-30"),
    *(b"2023-01-01 10:00:00.123456", b"", b" ", b"not a date", b"2023-13-01 00:00:00", b"2023-02-29"),
]
FLAGS = [b"True", b"False", b"false", b"1", b"0", b"yes", b"N", b"", b"maybe"]
HASHTAGS = [
    *("Covid", "#covid", "COVID", " covid ", "##covid", "\uff23ovid", "\uff03covid", "\uff03 Covid", "Stra\u00dfe"),
    *(
        "STRASSE",
        "strasse",
        "\ufb01nance",
        "finance",
        "\u0130stanbul",
        "i\u0307stanbul",
        "\u03a3\u03c2",
        "\u03c3\u03c3",
    ),
    *(
        "e\u0301t\u00e9",
        "\u00c9t\u00c9",
        "\u2126",
        "\u03c9",
        "\u4e1c\u4eac",
        "#",
        " ",
        "",
        "\u00a0",
        "# #x",
        "x",
        "x" * 70,
    ),
    *("\U0001f600", "a b", "a\u200db", "co\u00advid", "\u200ecovid", "co\u200bvid\u2060"),
]
TOO_LONG = [b"x" * 4001, "\ufdfa".encode() * 122]
ALPHABETS = [
    "ab",
    "abc_",
    "ab\u00e9\u0416",
    "a\U0001f600\U0001f601",
    "aAbB",
    "e\u0301\u00e9\u00c9",
    "\u00dfs\u0130i",
    "@ab_",
]
TEXTS = [
    b"some text",
    b'"opens a quote',
    b"",
    b'a "word" in quotes',
    "\u00e9\U0001f600".encode(),
    b"\xff\xfe",
    b" \x0b ",
]


class Inputs(NamedTuple):
    """The files of both tables."""

    posts: list[Path]
    accounts: list[Path]


def made_inputs(rng: random.Random, folder: Path, *, accounts: int, posts: int) -> Inputs:
    """Files of about so many rows; an id or a name is often one that another row has."""
    folder.mkdir(parents=True, exist_ok=True)
    alphabet = rng.choice(ALPHABETS)
    names = [_name(rng, alphabet) for _ in range(max(1, accounts // 2))]
    ids = [rng.choice([f"a{number}", f"a{number}", f"\u00fc{number}"]).encode() for number in range(accounts)]
    if rng.random() < 0.3:
        ids += [b"a\xff1", b"a\\xff2", b" a1"]
    account_rows = [[account, rng.choice(DATES), _near(rng, names, alphabet)] for account in ids]
    account_rows += _repeated(rng, account_rows, [DATES, [name.encode() for name in names]])
    account_rows += _damaged(rng, account_rows)
    authors = [*ids, *ids, b"nobody"]
    post_rows = [
        [b"p%d" % number, rng.choice(DATES), rng.choice(authors), rng.choice(FLAGS), rng.choice(TEXTS), _tags(rng)]
        for number in range(posts)
    ]
    post_rows += _repeated(rng, post_rows, [DATES, authors, FLAGS, TEXTS, [_tags(rng) for _ in range(3)]])
    post_rows += _damaged(rng, post_rows)
    return Inputs(
        _write(
            rng, folder, "posts", [b"id", b"created_at", b"author_id", b"is_repost", b"text", b"hashtags"], post_rows
        ),
        _write(rng, folder, "accounts", [b"id", b"created_at", b"screen_name"], account_rows),
    )


def _name(rng: random.Random, alphabet: str) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.choice([1, 2, 4, 5, 8, 10, 15, 20, 66])))


def _near(rng: random.Random, names: Sequence[str], alphabet: str) -> bytes:
    """One of the names, with up to four edits; never blank."""
    name = list(rng.choice(names))
    for _ in range(rng.randint(0, 4)):
        place = rng.randint(0, len(name))
        edit = rng.choice(["insert", "replace", "delete"])
        name[place : place + (edit != "insert")] = [] if edit == "delete" else [rng.choice(alphabet)]
    broken = b"\xe9" if rng.random() < 0.02 else b""
    return ("".join(name) or "x").encode() + broken


def _tags(rng: random.Random) -> bytes:
    chance = rng.random()
    broken = b"|\xff#t" if chance < 0.02 else b"|" + rng.choice(TOO_LONG) if chance < 0.03 else b""
    return "|".join(rng.choice(HASHTAGS) for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 6]))).encode() + broken


def _repeated(rng: random.Random, rows: list[list[bytes]], others: Sequence[Sequence[bytes]]) -> list[list[bytes]]:
    """Some of the rows again: as they are, or with another value after the id."""
    repeated = []
    for row in rng.sample(rows, min(len(rows), rng.randint(0, 1 + len(rows) // 5))):
        for _ in range(rng.choice([1, 1, 2, 3])):
            copy = list(row)
            if rng.random() < 0.6:
                column = rng.randrange(len(others))
                copy[1 + column] = rng.choice(others[column])
            repeated.append(copy)
    return repeated


def _damaged(rng: random.Random, rows: list[list[bytes]]) -> list[list[bytes]]:
    """Rows that cannot be used, some of them twice."""
    damaged: list[list[bytes]] = []
    for row in rng.sample(rows, min(len(rows), rng.randint(0, 6))):
        blank = rng.choice([0, 2])
        damaged += rng.choice(
            [
                [row[:-1]],
                [[*row, b"more"]],
                [[b"alone"]] * 2,
                [[*row[:blank], rng.choice([b"", b"  ", b"\x0b"]), *row[blank + 1 :]]],
            ]
        )
    return damaged


def _write(rng: random.Random, folder: Path, table: str, names: list[bytes], rows: list[list[bytes]]) -> list[Path]:
    """Files with their columns in different orders and one more column, some with lines ending in CR LF."""
    rng.shuffle(rows)
    count = rng.choice([1, 1, 2, 3])
    paths = []
    for number in range(count):
        order = rng.sample(range(len(names)), len(names))
        more = [b"extra"] * rng.randint(0, 1)
        end = rng.choice([b"\n", b"\r\n"])
        lines = [[names[place] for place in order] + more]
        for row in rows[number::count]:
            whole = len(row) == len(names)
            lines.append([row[place] for place in order] + more if whole else row[:1] + row)
        content = end.join(b"\t".join(line) for line in lines) + rng.choice([end, b"", end + end])
        paths.append(folder / f"{table}-{number}.tsv")
        paths[-1].write_bytes(rng.choice([b"", b"\xef\xbb\xbf"]) + content)
    return paths
