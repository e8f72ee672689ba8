"""Options from flags and YAML: what is taken, what wins, and what is refused in one clear line."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.options.cli import DEFAULT_CONFIG, parse_arguments
from jobs.options.config import JobConfig
from jobs.options.load import load_config
from lookalike import __version__
from lookalike.errors import UsageError
from lookalike.threshold import Threshold

REQUIRED = ["--posts", "p.tsv", "--accounts", "a.tsv", "--output", "out"]


def parsed(*more: str) -> JobConfig:
    return parse_arguments([*REQUIRED, *more]).config


def refusal(*argv: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_arguments(argv)
    assert caught.value.exit_code == 2
    message = str(caught.value)
    assert "\n" not in message
    return message


def from_yaml(folder: Path, content: str, flags: dict[str, Any] | None = None) -> JobConfig:
    path = folder / "job.yaml"
    path.write_text(content, encoding="utf-8")
    return load_config(path, flags or {})


def yaml_refusal(folder: Path, content: str) -> str:
    with pytest.raises(UsageError) as caught:
        from_yaml(folder, content, {"posts": ["p"], "accounts": ["a"], "output": "o"})
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_options_the_documented_defaults_hold() -> None:
    config = parsed()
    assert json.loads(config.model_dump_json()) == {
        "posts": ["p.tsv"],
        "accounts": ["a.tsv"],
        "accounts_from": "files",
        "output": "out",
        "encoding": "auto",
        "delimiter": "auto",
        "skip_lines": 0,
        "preset": "auto",
        "columns": [],
        "hashtags_from": "auto",
        "hashtag_separator": "auto",
        "day_first": False,
        "strip_suffix": [],
        "all_names": False,
        "strict": False,
        "min_similarity": "0.8",
        "blocking": "lossless",
        "prefix_length": 3,
        "exclude_reposts": False,
        "fold": "none",
        "quoting": "auto",
        "max_reject_fraction": 0.01,
        "buckets": 64,
        "progress": True,
        "max_generations": 16,
        "block_size": 100_000,
        "ignore_hashtags": None,
        "plan": False,
        "max_candidates": None,
        "verify": 0,
        "max_fall_fraction": 0.5,
    }


@pytest.mark.parametrize(
    ("flags", "key", "value"),
    [
        (["--min-similarity", "0.75"], "min_similarity", Threshold.parse("0.75")),
        (["--blocking", "prefix"], "blocking", "prefix"),
        (["--prefix-length", "7"], "prefix_length", 7),
        (["--exclude-reposts"], "exclude_reposts", True),
        (["--fold", "case"], "fold", "case"),
        (["--quoting", "rfc4180"], "quoting", "rfc4180"),
        (["--encoding", "UTF16"], "encoding", "utf-16"),
        (["--delimiter", "pipe"], "delimiter", "pipe"),
        (["--skip-lines", "2"], "skip_lines", 2),
        (["--preset", "twint"], "preset", "twint"),
        (["--columns", "id=Id,hashtags=Tags used"], "columns", (("id", "Id"), ("hashtags", "Tags used"))),
        (["--columns", "id=Id", "posts.text=a=b"], "columns", (("id", "Id"), ("posts.text", "a=b"))),
        (["--hashtags-from", "text"], "hashtags_from", "text"),
        (["--hashtag-separator", "list"], "hashtag_separator", "list"),
        (["--day-first"], "day_first", True),
        (["--strip-suffix", ".bsky.social", "@"], "strip_suffix", (".bsky.social", "@")),
        (["--strict"], "strict", True),
        (["--all-names"], "all_names", True),
        (["--max-reject-fraction", "0.5"], "max_reject_fraction", 0.5),
        (["--buckets", "1"], "buckets", 1),
        (["--max-generations", "1"], "max_generations", 1),
        (["--block-size", "50"], "block_size", 50),
        (["--ignore-hashtags", "some where"], "ignore_hashtags", Path("some where")),
        (["--plan"], "plan", True),
        (["--no-plan"], "plan", False),
        (["--max-candidates", "0"], "max_candidates", 0),
        (["--max-candidates", "100000000000000"], "max_candidates", 10**14),
        (["--verify", "20"], "verify", 20),
        (["--no-progress"], "progress", False),
        (["--progress"], "progress", True),
        (["--posts", "x", "y z", "*.tsv"], "posts", ("x", "y z", "*.tsv")),
        (["--accounts", "x"], "accounts", ("x",)),
        (["--output", "/else where"], "output", Path("/else where")),
    ],
)
def test_a_flag_sets_its_option_and_no_other(flags: list[str], key: str, value: object) -> None:
    config = parsed(*flags)
    assert getattr(config, key) == value
    assert config.model_copy(update={key: getattr(parsed(), key)}) == parsed()


def test_a_flag_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(
        "buckets: 7\nfold: case\nprogress: false\nposts: [p1, p2]\nexclude_reposts: true\n"
    )
    config = parsed("--config", str(tmp_path / "job.yaml"), "--buckets", "9", "--progress")
    assert (config.buckets, config.fold, config.progress, config.exclude_reposts) == (9, "case", True, True)
    assert config.posts == ("p.tsv",)


def test_every_option_can_stand_in_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(json.dumps(json.loads(parsed("--buckets", "5").model_dump_json())))
    assert parse_arguments(["--config", str(path)]).config == parsed("--buckets", "5")


def test_the_file_in_the_project_names_every_option_with_its_default() -> None:
    text = DEFAULT_CONFIG.read_text(encoding="utf-8")
    commented = text.replace("# posts: [", "posts: [").replace("# accounts: [", "accounts: [")
    keys = yaml.safe_load(commented.replace("# output: ", "output: "))
    assert set(keys) == set(JobConfig.model_fields)
    written = {key: value for key, value in keys.items() if key not in ("posts", "accounts", "output")}
    written |= {key: tuple(value) for key, value in written.items() if value == []}
    written["min_similarity"] = Threshold.parse(written["min_similarity"])
    assert written == {key: JobConfig.model_fields[key].default for key in written}


@pytest.mark.parametrize(
    ("content", "expected"),
    [("0.8", "0.8"), ('"0.80"', "0.8"), ("1", "1"), ("1.0", "1"), ("0.1", "0.1"), ("'.5'", "0.5")],
)
def test_a_threshold_is_taken_as_it_is_written(tmp_path: Path, content: str, expected: str) -> None:
    options = {"posts": ["p"], "accounts": ["a"], "output": "o"}
    config = from_yaml(tmp_path, f"min_similarity: {content}", options)
    assert config.min_similarity == Threshold.parse(expected)
    assert json.loads(config.model_dump_json())["min_similarity"] == expected


def test_a_single_path_needs_no_list(tmp_path: Path) -> None:
    config = from_yaml(tmp_path, "posts: p.tsv\naccounts: [a.tsv]\noutput: out\n")
    assert (config.posts, config.accounts) == (("p.tsv",), ("a.tsv",))


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


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    message = yaml_refusal(tmp_path, "buckets: 0\nfold: loud\nbucket: 1\n")
    assert message.count("; ") >= 2
    for part in ("job.yaml: buckets: ", "job.yaml: fold: ", "unknown key 'bucket'"):
        assert part in message


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not YAML"):
        load_config(tmp_path / "job.yaml", {})


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    options = {"posts": ["p.tsv"], "accounts": ["a.tsv"], "output": "out"}
    assert from_yaml(tmp_path, "# nothing\n", options) == parsed()


def test_options_cannot_be_changed_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parsed().buckets = 3


@pytest.mark.parametrize(
    ("flag", "expected"), [("--version", f"lookalike {__version__}\n"), ("--help", "examples:\n")]
)
def test_version_and_help_are_printed_and_end_well(
    capsys: pytest.CaptureFixture[str], flag: str, expected: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_arguments([flag])
    assert caught.value.code == 0
    assert expected in capsys.readouterr().out


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    told = capsys.readouterr().out
    flags = {"--" + name.replace("_", "-") for name in JobConfig.model_fields} | {"--config", "--version"}
    assert {flag for flag in flags if flag not in told} == set()


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


def test_how_a_run_is_watched_is_not_for_its_manifest(tmp_path: Path) -> None:
    options = {"webhook": "https://host/xyzzy", "metrics_file": "m.prom", "wait": 5, "force": True}
    config = load_config(None, {"posts": ["p"], "accounts": ["a"], "output": tmp_path} | options)
    assert not set(options) & set(json.loads(config.model_dump_json()))
