"""What --inspect prints."""

import csv
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .command import ROOT, submit_alone

POSTS = "id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
ACCOUNTS = "id\tcreated_at\tscreen_name\n"
POST = "p1\t2021-01-01T10:00:00Z\tu1\tFalse\thello\tVote|Now\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inspect(*arguments: str, code: int = 0, stderr: str = "") -> str:
    done = submit_alone("--inspect", *arguments)
    assert (done.returncode, done.stderr) == (code, stderr)
    # Spaces at the end of lines would be invisible here.
    assert all(line == line.rstrip() for line in done.stdout.splitlines())
    return done.stdout


def write(**contents: str) -> None:
    for name, content in contents.items():
        Path(f"{name}.tsv").write_text(content)


def test_files_are_shown_as_they_are_understood() -> None:
    other = 'p2\t1539202764000\tu2\t1.0\t"a ""b"""\t#Vote\n'
    write(posts=POSTS + POST + other, accounts=ACCOUNTS + "u1\t2020-01-01\t@maga_eagle\nu2\tsoon\tZoe\n")
    assert inspect("posts.tsv", "accounts.tsv") == (
        "posts.tsv: posts\n"
        "  format    tab-separated, quoted\n"
        "  hashtags  with bars between them\n"
        "\n"
        "  id  created_at           author_id  is_repost  text   hashtags\n"
        "  p1  2021-01-01 10:00:00  u1         no         hello  vote | now\n"
        '  p2  2018-10-10 20:19:24  u2         yes        a "b"  vote\n'
        "\n"
        "accounts.tsv: accounts\n"
        "  format  tab-separated, not quoted\n"
        "\n"
        "  id  created_at           screen_name\n"
        "  u1  2020-01-01 00:00:00  maga_eagle\n"
        "  u2  ? soon               Zoe\n"
        "\n"
    )


def test_an_export_with_authors_is_shown_as_posts_and_as_accounts() -> None:
    tweet: dict[str, Any] = {
        "id_str": "1",
        "created_at": "Wed Oct 10 20:19:24 +0000 2018",
        "full_text": "RT @x: #one",
        "user": {"id_str": "11", "screen_name": "ann", "created_at": "Wed Oct 10 20:19:24 +0000 2012"},
        "retweeted_status": {"id_str": "9"},
        "entities": {"hashtags": [{"text": "one"}]},
    }
    Path("tweets.jsonl").write_text(json.dumps(tweet) + "\n")
    assert inspect("tweets.jsonl") == (
        "tweets.jsonl: posts\n"
        "  format   JSON Lines\n"
        "  preset   twitter-v1, Twitter API v1.1, a tweet a line\n"
        "  columns  id from id_str, author_id from user.id_str, is_repost from whether there is retweeted_status, "
        "text from the first of 5 places that has it, hashtags from the first of 4 places that has it\n"
        "\n"
        "  id  created_at           author_id  is_repost  text         hashtags\n"
        "  1   2018-10-10 20:19:24  11         yes        RT @x: #one  one\n"
        "\n"
        "tweets.jsonl: accounts\n"
        "  format   JSON Lines\n"
        "  preset   twitter-v1, Twitter API v1.1, a tweet a line\n"
        "  columns  id from user.id_str, created_at from user.created_at, screen_name from user.screen_name, "
        "seen_at from created_at\n"
        "\n"
        "  id  created_at           screen_name  seen_at\n"
        "  11  2012-10-10 20:19:24  ann          2018-10-10 20:19:24\n"
        "\n"
    )


def test_accounts_from_posts_are_shown_with_the_options_of_a_run() -> None:
    write(posts="id,author_id,hashtags,username,created_at\np1,u1,vote,ann,2021-01-01\n")
    assert inspect("posts.tsv", "--accounts-from", "posts", "--columns", "screen_name=username") == (
        "posts.tsv: posts\n"
        "  format    comma-separated, not quoted\n"
        "  missing   is_repost, text\n"
        "  hashtags  with bars between them\n"
        "\n"
        "  id  created_at           author_id  hashtags\n"
        "  p1  2021-01-01 00:00:00  u1         vote\n"
        "\n"
        "posts.tsv: accounts\n"
        "  format   comma-separated, not quoted\n"
        "  columns  id from author_id, screen_name from username, seen_at from created_at\n"
        "  missing  created_at\n"
        "\n"
        "  id  screen_name  seen_at\n"
        "  u1  ann          2021-01-01 00:00:00\n"
        "\n"
    )


def test_files_of_a_folder_are_judged_together_and_shown_together() -> None:
    for day in range(1, 6):
        write(**{f"day{day}": "id,author_id,text,name\n" + f"p{day},u1,#Vote and #now,x\n"})
    assert inspect(".", "--columns", "posts.text=name", "--hashtags-from", "text") == (
        "day1.tsv, day2.tsv, day3.tsv and 2 more: posts\n"
        "  format    comma-separated, not quoted\n"
        "  columns   text from name\n"
        "  missing   created_at, is_repost\n"
        "  hashtags  out of the text\n"
        "\n"
        "  id  author_id  text  hashtags\n"
        "  p1  u1         x\n"
        "  p2  u1         x\n"
        "  p3  u1         x\n"
        "\n"
    )
    write(day3='id,author_id,text\np3,u1,"#Vote, now"\n', day4='id,author_id,text\np4,u1,"a" #b\n' * 3)
    told = (
        "error: day3.tsv has quoted fields, day4.tsv has fields with quotes that are part of them; all files of "
        "posts must be quoted in one way. If they are, name it: --quoting\n"
    )
    assert inspect("day[34].tsv", code=2, stderr=told) == ""


def test_what_looks_wrong_is_a_warning() -> None:
    posts = [
        f" p{i}\t10.2021\t{10**18 + i}.0\t\tx\t{tag}\n" for i, tag in enumerate(["a,b", "b,c", "c,a", "NA", "NA"])
    ]
    names = "".join(
        f"{i}.0E+17\t\t{name}@server.example\n" for i, name in enumerate(["abe", "kim", "zoe", "joe", "sue"])
    )
    write(posts=POSTS + "".join(posts) + "too short\n")
    Path("accounts.tsv").write_bytes((ACCOUNTS + names).encode() + b"6.0E+17\t\tZo\xeb\n")
    told = inspect("posts.tsv", "accounts.tsv", "--hashtag-separator", "bar")
    assert [line.strip() for line in told.splitlines() if "warning" in line] == [
        "warning: 1 of the first 6 rows has a wrong number of fields, such as too short",
        "warning: ids of posts have spaces around them, such as ' p0'; ids are compared as they are written",
        "warning: ids of posts' authors look like numbers with fractions or exponents, such as "
        "'1000000000000000000.0': digits may be lost",
        "warning: 5 of 5 posts have a date that cannot be read, such as '10.2021'",
        "warning: 'na' is a hashtag of 2 of the first 6 rows, but looks like a missing value; leave it out with "
        "--ignore-hashtags",
        "warning: 3 of 5 hashtags in the posts have commas in them, such as 'a,b'; see --hashtag-separator",
        f"warning: {Path.cwd()}/accounts.tsv: not UTF-8, read as cp1252, which is a guess; see --encoding",
        "warning: ids of accounts look like numbers with fractions or exponents, such as '0.0E+17': digits may be "
        "lost",
        "warning: 83% of the screen names end in '@server.example', which makes short names similar; see "
        "--strip-suffix @server.example",
    ]


def test_accounts_that_a_run_warns_of_are_warned_of() -> None:
    rows = [
        f"u{i}\t2020-01-01\t{name}\t{seen}\n"
        for i, (name, seen) in enumerate(
            [('"Smith, Jane"', "2020-02-01"), ("(unknown)", "some day"), *[("(unknown)", "2020-02-01")] * 4]
        )
    ]
    write(accounts="id\tcreated_at\tscreen_name\tseen_at\n" + "".join(rows))
    told = inspect("accounts.tsv", "--quoting", "none")
    assert [line.strip() for line in told.splitlines() if "warning" in line] == [
        "warning: 1 screen name is in quotes, such as '\"Smith, Jane\"', and each of these has a comma; if the "
        "quotes are no part of the names, see --quoting rfc4180",
        "warning: 5 of 6 accounts have the same screen name '(unknown)'; each two of them are a pair of similarity "
        "1. If it stands for no name, leave it empty",
        "warning: 1 of 6 accounts have a date that cannot be read, such as 'some day'",
        "warning: 83% of the screen names end in 'unknown)', which makes short names similar; see --strip-suffix "
        "unknown)",
    ]


def test_files_of_a_header_alone_have_no_rows() -> None:
    write(posts=POSTS, accounts=ACCOUNTS)
    told = inspect("posts.tsv", "accounts.tsv")
    assert [line.strip() for line in told.splitlines()].count("no rows") == 2


def test_flags_that_cannot_be_read_are_a_warning_where_reposts_are_left_out() -> None:
    write(posts=POSTS + POST.replace("False", "perhaps"))
    told = inspect("posts.tsv", "--exclude-reposts")
    assert [line.strip() for line in told.splitlines() if "warning" in line] == [
        "warning: 1 of 1 post have a repost flag that cannot be read, such as 'perhaps'; they are taken for no "
        "reposts"
    ]


@pytest.mark.parametrize(
    ("hashtag", "what"),
    [
        ("[a{}", "have brackets in them"),
        ("c(a{}", "have brackets in them"),
        ("a,{}", "have commas in them"),
        ("a;{}", "have semicolons in them"),
        ("a|{}", "have bars in them"),
        ("a\x01{}", "have line ends or control characters in them"),
        ("#a#{}", "have # in them"),
        ("'a{}'", "are in quotes"),
        ("a {}", "have spaces in them"),
    ],
)
def test_signs_that_the_separator_is_another_one_are_a_warning(hashtag: str, what: str) -> None:
    separator = "semicolon" if hashtag == "a,{}" else "comma"
    write(posts=POSTS + "".join(POST.replace("Vote|Now", hashtag.format(i)) for i in range(3)))
    lines = [
        line for line in inspect("posts.tsv", "--hashtag-separator", separator).splitlines() if "warning" in line
    ]
    example = repr(hashtag.format(0).lstrip("#"))
    assert lines == [f"  warning: 3 of 3 hashtags in the posts {what}, such as {example}; see --hashtag-separator"]


def test_files_that_cannot_be_read_are_named_after_the_others() -> None:
    write(posts=POSTS + POST, other="Id,Text\n1,x\n", notes="by a tool\n\n" + POSTS + POST, empty="")
    Path("lines.jsonl").write_text('{"a": {"b": 1}}\n')
    shown = inspect(
        "no/*.tsv",
        "empty.tsv",
        "*.tsv",
        "lines.jsonl",
        code=2,
        stderr="error: no/*.tsv: no such file, folder or match\n"
        "empty.tsv: empty, not even a header with the columns id, author_id\n"
        "notes.tsv: has neither the columns of posts nor those of accounts\n"
        "  found: by a tool; there is one column alone\n"
        "  posts also need id, author_id, hashtags or text\n"
        "  accounts also need id, screen_name\n"
        "  the header may be in line 3: --skip-lines 2\n"
        "other.tsv: has neither the columns of posts nor those of accounts\n"
        "  found: Id, Text; the file looks comma-separated\n"
        "  posts also need author_id\n"
        "  accounts also need screen_name\n"
        "  name the columns that are there: --columns COLUMN=NAME,...\n"
        "lines.jsonl: has neither the columns of posts nor those of accounts\n"
        "  found: a.b; the file looks like JSON Lines\n"
        "  posts also need id, author_id, hashtags or text\n"
        "  accounts also need id, screen_name\n"
        "  name the columns that are there: --columns COLUMN=NAME,...\n",
    )
    assert shown.startswith("posts.tsv: posts\n")
    assert shown.count(": posts\n") == 1


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    with Path("a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "author_id", "hashtags"], ["\x1b[31m", "two\nlines", "\u202evote"]])
    assert inspect("a.csv").splitlines()[-2] == r"  \x1b[31m  two\nlines  vote"


def test_the_real_command_needs_no_java(folder: Path) -> None:
    write(posts=POSTS + POST)
    cache = {"NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"]} if "NUMBA_CACHE_DIR" in os.environ else {}
    commands = folder / "bin"
    commands.mkdir()
    for name in ("bash", "env", "dirname"):  # of the system, and nothing else
        (commands / name).symlink_to(f"/usr/bin/{name}")
    done = subprocess.run(
        [ROOT / "spark-submit.sh", "--inspect", "posts.tsv"],
        env={"PATH": str(commands), "HOME": str(folder), **cache},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, inspect("posts.tsv"), "")
