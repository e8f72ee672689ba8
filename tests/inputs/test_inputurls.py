"""Which texts are URLs of input, and what is shown of those that are not."""

import pytest

from jobs.options.cli import parse_arguments
from lookalike.errors import UsageError
from lookalike.inputurls import InputUrl, input_path, input_url


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("posts.tsv", "posts.tsv"),
        ("/data/s3:/posts", "/data/s3:/posts"),
        ("file:///data/my posts", "/data/my posts"),
        ("file://localhost/data", "/data"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("S3A://bucket/a b/day-?[0-9]*.tsv", "s3://bucket/a b/day-?[0-9]*.tsv"),
        ("s3n://bucket/a/", "s3://bucket/a"),
        ("gs://bucket/100%/é#1", "gs://bucket/100%/é#1"),
        ("az://container/a=1", "az://container/a=1"),
        ("abfs://container/a", "abfs://container/a"),
        ("abfss://container@account.dfs.core.windows.net/a", "abfss://container@account.dfs.core.windows.net/a"),
        ("hdfs://node/a", "hdfs://node/a"),
        ("hdfs://node:9870/a", "hdfs://node:9870/a"),
    ],
)
def test_a_path_of_the_input_has_one_form(text: str, path: str) -> None:
    assert input_path(text) == path
    arguments = ["--posts", "p", text, "--accounts", text, "--output", "/apart"]
    config = parse_arguments(arguments).config
    assert (config.posts, config.accounts) == (("p", path), (path,))
    assert parse_arguments(["--inspect", text]).inspect == (path,)


def test_a_url_is_taken_apart() -> None:
    assert input_url("posts.tsv") is None
    assert input_url("s3a://bucket/a/b/") == InputUrl("s3", "bucket", "a/b")
    assert str(InputUrl("hdfs", "node:1", "")) == "hdfs://node:1"


@pytest.mark.parametrize(
    ("text", "shown", "reason"),
    [
        ("ftp://host/a", "ftp://host/a", "cannot be read"),
        ("https://bucket.example/a?X-Amz-Signature=secret", "https://bucket.example/a?...", "cannot be read"),
        ("s3://bucket/a?X-Amz-Signature=secret", "s3://bucket/a?...", "query"),
        ("s3://key:secret@bucket/a", "s3://...@bucket/a", "names no bucket"),
        ("s3://key:sec/ret@bucket/a", "s3://...@bucket/a", "names no bucket"),
        ("s3:///a", "s3:///a", "names no bucket"),
        ("hdfs:///a", "hdfs:///a", "names no name node"),
        ("s3://bucket/a//b", "s3://bucket/a//b", "empty part"),
        ("s3://bucket/../b", "s3://bucket/../b", "empty part"),
        ("s3://bucket/a\n", "s3://bucket/a\n", "printed"),
        ("file://host/a", "file://host/a", "file:///PATH"),
    ],
)
def test_another_url_is_refused_in_one_line_without_its_secrets(text: str, shown: str, reason: str) -> None:
    for flag, arguments in (
        ("--posts", ["--posts", "p", text, "--accounts", "a", "--output", "o"]),
        ("--accounts", ["--posts", "p", "--accounts", text, "--output", "o"]),
        ("--inspect", ["--inspect", "p", text]),
    ):
        with pytest.raises(UsageError, match=reason) as caught:
            parse_arguments(arguments)
        message = str(caught.value)
        assert message.startswith(f"{flag}: {shown!r} ")
        assert "sec" not in message
        assert "\n" not in message
