"""Options that cannot be used are refused in one clear line."""

from pathlib import Path

import pytest

from jobs.options.cli import parse_arguments
from jobs.options.load import load_config
from lookalike.errors import UsageError

from .configs import REQUIRED, from_yaml, refusal, yaml_refusal


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([*REQUIRED, "--bogus", "1"], "unrecognized arguments: --bogus 1"),
        ([*REQUIRED, "--min-sim", "0.8"], "unrecognized arguments: --min-sim 0.8"),
        ([*REQUIRED, "--buckets"], "--buckets: expected one argument"),
        ([*REQUIRED, "--buckets", "many"], "--buckets: must be a whole number from 1 to 4096, not 'many'"),
        ([*REQUIRED, "--posts"], "--posts: expected at least one argument"),
        ([*REQUIRED, "--blocking", "magic"], "--blocking: must be lossless or prefix, not 'magic'"),
        ([*REQUIRED, "--fold", "upper"], "--fold: must be none or case, not 'upper'"),
        ([*REQUIRED, "--quoting", "some"], "--quoting: must be auto, none, rfc4180 or backslash, not 'some'"),
        (REQUIRED[2:], "--posts is missing"),
        ([], "--posts is missing; --output is missing"),
        ([*REQUIRED, "--min-similarity", "0"], "--min-similarity: 0 would store every pair"),
        ([*REQUIRED, "--min-similarity", "1.01"], "--min-similarity: 1.01 is not between 0 and 1"),
        ([*REQUIRED[:2], *REQUIRED[4:]], "--accounts is missing; or does each post have its author's name?"),
        ([*REQUIRED, "--accounts-from", "posts"], "--accounts and --accounts-from posts are both there"),
        ([*REQUIRED, "--encoding", "klingon"], "--encoding: 'klingon' is no encoding that Python knows"),
        ([*REQUIRED, "--encoding", "hex"], "--encoding: 'hex' is no encoding of text"),
        ([*REQUIRED, "--columns", "id"], "--columns: 'id' is not COLUMN=NAME"),
        ([*REQUIRED, "--min-similarity", "-0.5"], "--min-similarity"),
        ([*REQUIRED, "--min-similarity", "nan"], "--min-similarity: 'nan' is not a decimal number"),
        ([*REQUIRED, "--min-similarity", "80%"], "--min-similarity: '80%' is not a decimal number"),
        ([*REQUIRED, "--min-similarity", "0.1234567891"], "--min-similarity: 0.1234567891 has more than 9 decimals"),
        ([*REQUIRED, "--prefix-length", "0"], "--prefix-length: must be a whole number from 1 to 1000, not '0'"),
        ([*REQUIRED, "--buckets", "0"], "--buckets: must be a whole number from 1 to 4096, not '0'"),
        ([*REQUIRED, "--buckets", "4097"], "--buckets: must be a whole number from 1 to 4096, not '4097'"),
        ([*REQUIRED, "--block-size", "0"], "--block-size: must be a whole number from 1 to 2147483648, not '0'"),
        (
            [*REQUIRED, "--max-reject-fraction", "1.5"],
            "--max-reject-fraction: must be a number from 0 to 1, not '1.5'",
        ),
        (
            [*REQUIRED, "--max-reject-fraction", "nan"],
            "--max-reject-fraction: must be a number from 0 to 1, not 'nan'",
        ),
        ([*REQUIRED, "--max-candidates", "-1"], "--max-candidates: must be a whole number of at least 0, not '-1'"),
        ([*REQUIRED, "--max-candidates", "1e9"], "--max-candidates: must be a whole number of at least 0, not '1e9'"),
        ([*REQUIRED, "--verify", "-1"], "--verify: must be a whole number from 0 to 1000000, not '-1'"),
        ([*REQUIRED, "--verify", "1000001"], "--verify: must be a whole number from 0 to 1000000, not '1000001'"),
        ([*REQUIRED, "--config", "/nowhere/job.yaml"], "/nowhere/job.yaml: cannot be read: No such file"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(argv: list[str], expected: str) -> None:
    assert expected in refusal(*argv)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("bucket: 3", "job.yaml: unknown key 'bucket'; the keys are posts, accounts,"),
        ("max_generations: 0", "job.yaml: max_generations: must be a whole number from 1 to 1000, not '0'"),
        ("buckets: '3'", "job.yaml: buckets: must be a whole number from 1 to 4096, not '3'"),
        ("buckets: 3.0", "job.yaml: buckets: "),
        ("buckets: true", "job.yaml: buckets: "),
        ("buckets: 5000", "job.yaml: buckets: must be a whole number from 1 to 4096, not '5000'"),
        ("max_candidates: 1.5", "job.yaml: max_candidates: "),
        ("max_candidates: true", "job.yaml: max_candidates: "),
        ("ignore_hashtags: 3", "job.yaml: ignore_hashtags: must be a path, not '3'"),
        ("verify: all", "job.yaml: verify: must be a whole number from 0 to 1000000, not 'all'"),
        ("plan: 1", "job.yaml: plan: must be true or false, not '1'"),
        ("progress: 'yes'", "job.yaml: progress: must be true or false, not 'yes'"),
        ("exclude_reposts: 1", "job.yaml: exclude_reposts: "),
        ("blocking: magic", "job.yaml: blocking: must be lossless or prefix, not 'magic'"),
        ("min_similarity: true", "job.yaml: min_similarity: 'True' is not a decimal number such as 0.8"),
        ("min_similarity: 1.5", "job.yaml: min_similarity: 1.5 is not between 0 and 1"),
        ("min_similarity: 1e-3", "job.yaml: min_similarity: '1e-3' is not a decimal number"),
        ("min_similarity: [0.8]", "job.yaml: min_similarity: '[0.8]' is not a decimal number"),
        ("max_reject_fraction: .inf", "job.yaml: max_reject_fraction: "),
        ("- buckets", "job.yaml: is not a list of keys and values"),
        ("just text", "job.yaml: is not a list of keys and values"),
        ("a: [", "job.yaml: is not YAML: "),
        ("a: !!python/object:os.system {}", "job.yaml: is not YAML: "),
        ("1: 2", "job.yaml: unknown key '1'"),
    ],
)
def test_what_a_file_may_not_say_is_named_in_one_line(tmp_path: Path, content: str, expected: str) -> None:
    assert expected in yaml_refusal(tmp_path, content)


@pytest.mark.parametrize("content", ["posts: []", "posts: [1]", "posts: {a: b}", "posts:"])
def test_paths_in_a_file_must_be_paths(tmp_path: Path, content: str) -> None:
    with pytest.raises(UsageError, match=r"job\.yaml: posts: "):
        from_yaml(tmp_path, content, {"accounts": ["a"], "output": "o"})


def test_a_file_that_holds_no_metrics_is_not_replaced_by_them(tmp_path: Path) -> None:
    """Such as an input, named by mistake."""
    file = tmp_path / "posts.tsv"
    file.write_text("id\tauthor_id\thashtags\n")
    given = ["--posts", str(file), "--accounts", "a", "--output", "o", "--metrics-file", str(file)]
    assert f"--metrics-file: {file} is there and holds no metrics of a run" in refusal(*given)
    for content in ("", "# HELP lookalike_run_exit_code Exit code\n"):
        file.write_text(content)
        assert parse_arguments(given).config.metrics_file == file


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    message = yaml_refusal(tmp_path, "buckets: 0\nfold: loud\nbucket: 1\n")
    assert message.count("; ") >= 2
    for part in ("job.yaml: buckets: ", "job.yaml: fold: ", "unknown key 'bucket'"):
        assert part in message


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not YAML"):
        load_config(tmp_path / "job.yaml", {})


@pytest.mark.parametrize(
    "address",
    [
        "hooks.example/xyzzy",
        "ftp://host/xyzzy",
        "https://:80/xyzzy",
        "https://u:xyzzy@host/",
        "http://host:port/xyzzy",
        "http://host/x yzzy",
        "http://host/\u00e4xyzzy",
    ],
)
def test_an_address_that_cannot_be_called_is_refused_without_being_shown(tmp_path: Path, address: str) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(f"webhook: '{address}'\n", encoding="utf-8")
    given = {"posts": ["p"], "accounts": ["a"], "output": tmp_path}
    for options in (given, given | {"webhook": address}):
        with pytest.raises(UsageError) as caught:
            load_config(path, options)
        assert "webhook: must be an address such as https://host/path" in str(caught.value)
        assert "yzzy" not in str(caught.value)


def test_yaml_that_is_none_is_told_by_its_line_without_showing_it(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("buckets: 3\nwebhook: 'https://host/xyzzy\n")
    with pytest.raises(UsageError, match="is not YAML: line 3: ") as caught:
        load_config(path, {})
    assert "xyzzy" not in str(caught.value)
