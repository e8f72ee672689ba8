"""Hashtags that a run leaves out: how a list of them is read, and that a run is as if nobody had used them."""

import hashlib
from pathlib import Path

import pytest

from jobs.options.ignored import IgnoreList
from lookalike.errors import UsageError
from lookalike.hashtags import normalise

from .running import Job

POSTS = [  # author and hashtags
    ("a1", "covid|news"),
    ("a2", "#Covid|\uff23\uff2f\uff36\uff29\uff24"),
    ("a3", "COVID|News|vote"),
    ("a1", "Vote"),
    ("a2", "vote|covid|strasse"),
    ("a3", "Straße"),
    ("a3", ""),
]


def read(folder: Path, content: bytes) -> IgnoreList:
    path = folder / "ignored.txt"
    path.write_bytes(content)
    return IgnoreList.read(path)


def posts(path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = [f"p{i}\t2023-01-0{i + 1}\t{author}\tFalse\ttext {i}\t{tags}\n" for i, (author, tags) in enumerate(rows)]
    path.write_text("id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n" + "".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.tsv"
    path.write_text("id\tcreated_at\tscreen_name\n" + "".join(f"a{i}\t2023-01-01\tname_{i}\n" for i in range(1, 4)))
    return path


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (b"", set()),
        (b"\n \n\t\r\n", set()),
        (b"covid", {"covid"}),
        (b"#Covid\r\n  COVID \n\nvote\n", {"covid", "vote"}),
        ("\ufeff#Straße\n\uff03\uff36\uff2f\uff34\uff25\n".encode(), {"strasse", "vote"}),
        (b"two words\nc#\n", {"two words", "c#"}),
    ],
)
def test_a_list_is_one_hashtag_a_line_in_any_spelling(tmp_path: Path, content: bytes, keys: set[str]) -> None:
    assert read(tmp_path, content).keys == keys


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"covid\n\n#\n", "line 3, '#', is not a hashtag"),
        ("\uff03 #".encode(), "line 1, '\uff03 #', is not a hashtag"),
        (b"covid|vote", "line 1, 'covid|vote', holds a |, which separates hashtags; write one on a line"),
        (b"covid, vote", "line 1, 'covid, vote', holds a ,, which separates hashtags; write one on a line"),
        (b"covid\nvo\xffte\n", "line 2 is not UTF-8"),
    ],
)
def test_a_line_that_is_no_hashtag_is_named(tmp_path: Path, content: bytes, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, content)
    assert str(caught.value) == f"{tmp_path / 'ignored.txt'}: {expected}"


def test_a_list_that_is_not_there_is_a_usage_error_before_anything_is_made(
    quick_job: Job, tmp_path: Path, accounts: Path
) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.txt: cannot be read: No such file"):
        quick_job(
            posts(tmp_path / "posts.tsv", POSTS),
            accounts,
            output=tmp_path / "out",
            ignore_hashtags=tmp_path / "nowhere.txt",
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("ignored", [["covid"], ["#VOTE", "strasse"], ["covid", "news", "vote", "straße", "unused"]])
def test_a_run_is_as_if_nobody_had_used_them(
    quick_job: Job, tmp_path: Path, accounts: Path, ignored: list[str]
) -> None:
    (tmp_path / "ignored.txt").write_text("\n".join(ignored), encoding="utf-8")
    keys = set(map(normalise, ignored))
    others = [
        (author, "|".join(tag for tag in tags.split("|") if normalise(tag) not in keys)) for author, tags in POSTS
    ]
    ignore = tmp_path / "ignored.txt"
    result = quick_job(posts(tmp_path / "all.tsv", POSTS), accounts, ignore_hashtags=ignore, force=True)
    expected = quick_job(posts(tmp_path / "others.tsv", others), accounts, force=True)
    assert result.contents() == expected.contents()
    assert result.manifest.counts == expected.manifest.counts
    assert {row["hashtag"] for row in result.rows("hashtags")}.isdisjoint(keys)


def test_the_manifest_says_which_were_left_out(quick_job: Job, tmp_path: Path, accounts: Path) -> None:
    path = tmp_path / "ignored.txt"
    path.write_text("vote\n#Covid\nCOVID\n")
    made = posts(tmp_path / "posts.tsv", POSTS)
    assert quick_job(made, accounts).manifest.configuration["ignore_hashtags"] is None
    record = quick_job(made, accounts, ignore_hashtags=path).manifest.configuration["ignore_hashtags"]
    assert record == {
        "path": str(path),
        "hashtags": 2,
        "sha256": hashlib.sha256(b"covid\nvote\n").hexdigest(),
    }
