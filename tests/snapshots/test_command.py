"""The look-ups for people, over small snapshots and through the real command."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jobs.reporting.terminal import printable, shorten, table, width
from lookalike import errors
from lookalike.outputs.layout import CURRENT

from .commands import Command, Ran
from .publishing import publish_sample
from .samples import START, Sample

ROOT = Path(__file__).resolve().parents[2]


def sample_of(display: str, names: dict[str, str], pairs: list[tuple[str, str, int, int]]) -> Sample:
    """One hashtag: names by account id; pairs as (account, account, distance, length of the longer name)."""
    key = display.casefold()
    members = [
        {
            "hashtag": key,
            "account_id": account,
            "screen_name": name,
            "posts": 2,
            "reposts": 1,
            "first_post": START,
            "last_post": START,
            "created_at": None,
        }
        for account, name in names.items()
    ]
    rows = [
        {
            "hashtag": key,
            "account_a": a,
            "account_b": b,
            "distance": distance,
            "similarity": (longer - distance) / longer,
            "longer": longer,
        }
        for a, b, distance, longer in pairs
    ]
    counts = {"posts": 2 * len(members), "members": len(members), "pairs": len(rows)}
    return Sample(hashtags=[{"hashtag": key, "display": display, **counts}], members=members, pairs=rows)


EAGLES = sample_of(
    "MAGA",
    {"a1": "eagle_01", "a2": "eagle_02", "a3": "eagle_012", "b": "someone"},
    [("a1", "a3", 1, 9), ("a1", "a2", 1, 8), ("a2", "a3", 2, 9)],
)


@pytest.fixture(scope="module")
def eagles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("eagles")
    publish_sample(output, EAGLES)
    return output


def test_pairs_show_names_beside_ids_the_most_similar_first(command: Command, eagles: Path) -> None:
    assert command("pairs", eagles, "maga") == Ran(
        0,
        [
            "#MAGA: 8 posts, 4 accounts, 3 similar pairs",
            "",
            "similarity  distance  screen name  screen name  account  account",
            "    0.8889         1  eagle_01     eagle_012    a1       a3",
            "    0.8750         1  eagle_01     eagle_02     a1       a2",
            "    0.7778         2  eagle_02     eagle_012    a2       a3",
        ],
        "",
    )


@pytest.mark.parametrize("written", ["MAGA", "#maga", " #Maga ", "\uff03\uff2d\uff21\uff27\uff21"])
def test_a_hashtag_is_found_in_any_spelling(command: Command, eagles: Path, written: str) -> None:
    assert command("pairs", eagles, written).lines[0] == "#MAGA: 8 posts, 4 accounts, 3 similar pairs"


def test_the_threshold_is_exact_and_the_limit_tells_what_it_hides(command: Command, eagles: Path) -> None:
    ran = command("pairs", eagles, "maga", "--min-similarity", "0.875", "--limit", "1")
    assert ran.lines[0] == "#MAGA: 8 posts, 4 accounts, 2 similar pairs"
    assert ran.lines[3:] == ["    0.8889         1  eagle_01     eagle_012    a1       a3", "", "1 more: --limit 2"]
    none = command("pairs", eagles, "maga", "--min-similarity", "1")
    assert none == Ran(0, ["#MAGA: 8 posts, 4 accounts, 0 similar pairs"], "")


def test_a_hashtag_that_nobody_used_is_an_answer(command: Command, eagles: Path) -> None:
    assert command("pairs", eagles, "other") == Ran(0, ["#other: nobody used this hashtag"], "")


def test_show_tells_origin_funnel_and_files(command: Command, eagles: Path) -> None:
    lines = command("show", eagles).lines
    assert lines[:5] == [
        f"snapshot  {(eagles / CURRENT).read_text().split()[0]}",
        "made      2026-11-23 15:01:02 UTC by lookalike 0.1.0",
        "mode      full, asked for: 1 file of posts read, 10 bytes",
        'options   blocking "lossless", exclude_reposts false',
        "posts     p.tsv (text, 10 bytes)",
    ]
    assert lines[5:22] == [
        "",
        "rows of accounts             4",
        "  used                       4",
        "rows of posts               13",
        "  used                       5",
        "  without hashtag            3",
        "  excluded reposts           2",
        "  duplicates                 3  copies of other rows",
        "hashtags                     1",
        "memberships                  4  distinct (hashtag, account)",
        "pairs that share a hashtag   6",
        "candidates                   5  let through by lossless blocking",
        "verified                     4  distances computed",
        "similar pairs                3  similarity of at least 0.5",
        "",
        "seconds  scan 1.5  compare 0.2",
        "",
    ]
    assert [line.split()[:2] for line in lines[22:]] == [
        ["table", "rows"],
        ["pairs", "3"],
        ["identical", "0"],
        ["members", "4"],
        ["hashtags", "1"],
        ["accounts", "4"],
        ["names", "0"],
        ["account_hashtags", "4"],
        ["lookalikes", "6"],
        ["spellings", "1"],
        ["rejects", "0"],
        ["post_index", "10"],
        ["unknown_posts", "0"],
    ]


EVIL = "\x1b]0;gone\x07\x1b[2J\n\t\u202eabc\x9b"


def test_nothing_in_a_name_reaches_the_terminal_as_a_command(command: Command, tmp_path: Path) -> None:
    one, other = f"id{EVIL}", "ie"
    names = {one: f"na{EVIL}", other: f"nb{EVIL}"}
    tag = f"tag{EVIL}".replace("\u202e", "")  # which no key of a hashtag has
    publish_sample(tmp_path, sample_of(tag, names, [(one, other, 1, len(EVIL) + 2)]))
    ran = command("pairs", tmp_path, f"tag{EVIL}")
    assert len(ran.lines) == 4
    assert all(line.isprintable() for line in ran.lines)
    assert r"na\x1b]0;gone\x07\x1b[2J\n\t\u202eabc\x9b" in ran.lines[3]
    assert r"id\x1b]0;gone" in ran.lines[3]
    assert command("pairs", tmp_path, f"no{EVIL}").lines == [
        r"#no\x1b]0;gone\x07\x1b[2j\n\tabc\x9b: nobody used this hashtag"
    ]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (["pairs", "{eagles}", "#"], errors.UsageError, "'#' is not a hashtag"),
        (["pairs", "{eagles}", "x", "--min-similarity", "0.4"], errors.UsageError, "only pairs of at least 0.5"),
        (["pairs", "{eagles}", "x", "--min-similarity", "1.1"], errors.UsageError, "1.1 is not between 0 and 1"),
        (["pairs", "{eagles}", "x", "--limit", "0"], errors.UsageError, "not a whole number above 0"),
        (["pairs", "{eagles}"], errors.UsageError, "HASHTAG"),
        (["gone\x1b[2J"], errors.UsageError, r"'gone\x1b[2J'"),
        ([], errors.UsageError, "COMMAND"),
        (["show", "{eagles}/nowhere"], errors.SnapshotError, "no snapshot has been published here"),
        (["pairs", "{eagles}/.lock", "x"], errors.SnapshotError, "Not a directory"),
    ],
)
def test_an_error_is_one_line_and_has_its_exit_code(
    command: Command, eagles: Path, arguments: list[str], kind: type[errors.JobError], message: str
) -> None:
    ran = command(*[argument.format(eagles=eagles) for argument in arguments])
    assert (ran.code, ran.lines) == (kind.exit_code, [])
    assert ran.errors.startswith("error: ")
    assert ran.errors.count("\n") == 1
    assert ran.errors[:-1].isprintable()
    assert message in ran.errors


def test_a_damaged_file_is_an_error_and_nothing_is_half_printed(command: Command, tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path, EAGLES)
    entry = next(entry for entry in snapshot.manifest.files if entry.table == "members" and entry.rows)
    (tmp_path / entry.path).write_bytes(b"PAR1")
    ran = command("pairs", tmp_path, "maga")
    assert (ran.code, ran.lines) == (errors.SnapshotError.exit_code, [])
    assert "has 4 bytes" in ran.errors


@pytest.mark.parametrize("arguments", [["verify"], ["show"], ["pairs", "#maga"]])
def test_a_pipe_in_place_of_a_file_is_an_error_and_not_waited_for(
    command: Command, tmp_path: Path, arguments: list[str]
) -> None:
    publish_sample(tmp_path, EAGLES)
    (file,) = tmp_path.glob("snapshots/*/hashtags/**/*.parquet")
    file.unlink()
    os.mkfifo(file)
    name, *rest = arguments
    ran = command(name, tmp_path, *rest)
    assert (ran.code, f"{file}: is not a file" in "\n".join([ran.errors, *ran.lines])) == (1, True)


@pytest.mark.parametrize("table_name", ["pairs", "members", "hashtags"])
def test_rows_of_a_file_with_a_flipped_bit_are_not_shown(command: Command, tmp_path: Path, table_name: str) -> None:
    publish_sample(tmp_path, EAGLES)
    (file,) = tmp_path.glob(f"snapshots/*/{table_name}/**/*.parquet")
    content = bytearray(file.read_bytes())
    content[content.index(b"maga")] ^= 1
    file.write_bytes(content)
    expected = f"error: {file}: its checksum is not the manifest's\n"
    assert command("pairs", tmp_path, "#maga") == Ran(1, [], expected)


def run_process(output: Path, stdout: Any, **environment: str) -> subprocess.CompletedProcess[bytes]:
    arguments = [sys.executable, "-m", "jobs.snapshots", "pairs", str(output), "#maga"]
    return subprocess.run(
        arguments, cwd=ROOT, env={**os.environ, **environment}, stdout=stdout, stderr=subprocess.PIPE, check=False
    )


def test_a_reader_that_went_away_is_no_error(eagles: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = run_process(eagles, closed)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_an_error_in_one_line(eagles: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run_process(eagles, full)
    assert (done.returncode, done.stderr) == (1, b"error: cannot write to stdout: No space left on device\n")


def test_what_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    names = {"a": "éa", "b": "éb"}
    publish_sample(tmp_path, sample_of("maga", names, [("a", "b", 1, 2)]))
    done = run_process(tmp_path, subprocess.PIPE, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\xe9a" in done.stdout.splitlines()[3]


def test_columns_line_up_whatever_the_names_are_made_of() -> None:
    names = ["plain", "鷹の目", "🦅🦅", "e\u0301agle", "x" * 50, "鷹" * 20]
    lines = table([(name, 1000, 0.5) for name in names], ("name", "count", "share"), widest=10)
    assert lines[0] == "name        count   share"
    assert lines[5] == "xxxxxxxxx…  1,000  0.5000"
    assert {width(line) for line in lines} == {25}


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain text", "plain text"), ("é鷹🦅", "é鷹🦅"), ("\r\x00", r"\r\x00"), ("\u200b\u2066", r"\u200b\u2066")],
)
def test_only_what_is_no_visible_character_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_cut_text_is_no_wider_than_asked() -> None:
    assert (shorten("鷹鷹鷹", 4), shorten("abc", 3), shorten("abcd", 3)) == ("鷹…", "abc", "ab…")
