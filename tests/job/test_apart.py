"""The output and the folders of the input are apart, or the run is refused at once."""

from pathlib import Path

import pytest

from jobs.options.cli import parse_arguments
from jobs.similar_accounts import main

from .configs import refusal


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of posts; the accounts are beside it."""
    (tmp_path / "data" / "posts").mkdir(parents=True)
    (tmp_path / "data" / "posts" / "one.tsv").write_text("id\n")
    (tmp_path / "data" / "accounts.tsv").write_text("id\n")
    (tmp_path / "link").symlink_to(tmp_path / "data" / "posts")
    return tmp_path / "data"


def arguments(data: Path, posts: str, output: str) -> list[str]:
    return ["--posts", str(data / posts), "--accounts", str(data / "accounts.tsv"), "--output", str(data / output)]


@pytest.mark.parametrize(
    ("posts", "output", "problem"),
    [
        ("posts", "posts", "is a folder of --posts"),
        ("posts", "../link", "is a folder of --posts"),
        ("posts", "posts/out", "is in a folder of --posts"),
        ("posts", "../link/on/the/way", "is in a folder of --posts"),
        ("posts", ".", "has in it a folder of --posts"),
        ("../link", ".", "has in it a folder of --posts"),
        ("posts/*.tsv", "posts", "is a folder of --posts"),
        ("posts/*.tsv", ".", "has in it a folder of --posts"),
        ("*/*.tsv", ".", "is a folder of --posts"),
    ],
)
def test_an_output_in_a_folder_of_posts_is_refused_before_anything_is_written(
    data: Path, posts: str, output: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(data.parent.rglob("*"))
    assert main(arguments(data, posts, output)) == 2
    out, errors = capsys.readouterr()
    assert out == ""
    assert errors.startswith("error: --output: ")
    assert problem in errors
    assert errors.count("\n") == 1
    assert set(data.parent.rglob("*")) == before


def test_a_folder_of_accounts_counts_too(data: Path) -> None:
    argv = ["--posts", str(data / "accounts.tsv"), "--accounts", str(data / "posts"), "--output", str(data)]
    assert "has in it a folder of --accounts" in refusal(*argv)


@pytest.mark.parametrize(
    ("posts", "output"),
    [
        ("posts", "out"),
        ("posts", "posts2"),
        ("posts/one.tsv", "posts"),
        ("posts/one.tsv", "."),
        ("posts/*.tsv", "posts/out"),
        ("gone", "gone/out"),
        ("posts", "../link/../out"),
    ],
)
def test_files_may_be_beside_an_output(data: Path, posts: str, output: str) -> None:
    parse_arguments(arguments(data, posts, output))


@pytest.mark.parametrize(
    ("posts", "output", "problem"),
    [
        ("s3://b", "s3://b/out", "is in a folder of --posts"),
        ("s3a://b/", "s3://b/out", "is in a folder of --posts"),
        ("s3://b/posts", "s3://b/posts/on/the/way", "is in a folder of --posts"),
        ("s3://b/posts", "s3://b/posts/", "is a folder of --posts"),
        ("s3://b", "s3://b", "is a folder of --posts"),
        ("s3://b/posts/*.tsv", "s3://b/posts", "is a folder of --posts"),
        ("s3://b/out/posts/*.tsv", "s3://b/out", "has in it a folder of --posts"),
        ("s3://b/*/x", "s3://b", "is a folder of --posts"),
    ],
)
def test_an_output_in_a_store_is_apart_from_folders_there(posts: str, output: str, problem: str) -> None:
    for flag, other in (("--posts", "--accounts"), ("--accounts", "--posts")):
        message = refusal(flag, posts, other, "elsewhere", "--output", output)
        assert message.startswith("--output: s3://b")
        assert problem.replace("--posts", flag) in message


@pytest.mark.parametrize(
    ("posts", "output"),
    [
        ("s3://b/posts", "s3://b/out"),
        ("s3://b/post", "s3://b/posts"),
        ("s3://b/posts", "s3://b/posts2"),
        ("s3://b/posts/*.tsv", "s3://b/posts/out"),
        ("s3://b/out/posts.tsv", "s3://b/out"),
        ("s3://b/posts", "s3://c/posts/out"),
        ("s3://b", "gs://b/out"),
        ("hdfs://b", "s3://b/out"),
        ("/data", "s3://b/data"),
        ("s3://b/data", "/data"),
    ],
)
def test_an_output_may_be_beside_the_input_in_a_store(posts: str, output: str) -> None:
    parse_arguments(["--posts", posts, "--accounts", posts, "--output", output])
