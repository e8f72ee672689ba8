"""Options from flags and YAML: what is taken, and what wins."""

import json
from pathlib import Path

import pytest
import yaml

from jobs.options.cli import DEFAULT_CONFIG, parse_arguments
from jobs.options.config import JobConfig
from jobs.options.load import load_config
from lookalike import __version__
from lookalike.threshold import Threshold

from .configs import from_yaml, parsed


def test_without_options_the_documented_defaults_hold() -> None:
    config = parsed()
    assert json.loads(config.model_dump_json()) == {
        "posts": ["p.tsv"],
        "accounts": ["a.tsv"],
        "posts_format": "auto",
        "partition_column": None,
        "accounts_format": "auto",
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
        "identical": "pairs",
        "max_name_length": 256,
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
        "max_pairs": 200_000_000,
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
        (["--identical", "group"], "identical", "group"),
        (["--max-reject-fraction", "0.5"], "max_reject_fraction", 0.5),
        (["--buckets", "1"], "buckets", 1),
        (["--max-generations", "1"], "max_generations", 1),
        (["--block-size", "50"], "block_size", 50),
        (["--ignore-hashtags", "some where"], "ignore_hashtags", Path("some where")),
        (["--plan"], "plan", True),
        (["--no-plan"], "plan", False),
        (["--max-candidates", "0"], "max_candidates", 0),
        (["--max-candidates", "100000000000000"], "max_candidates", 10**14),
        (["--max-pairs", "0"], "max_pairs", 0),
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


def test_how_a_run_is_watched_is_not_for_its_manifest(tmp_path: Path) -> None:
    options = {"webhook": "https://host/xyzzy", "metrics_file": "m.prom", "wait": 5, "force": True}
    config = load_config(None, {"posts": ["p"], "accounts": ["a"], "output": tmp_path} | options)
    assert not set(options) & set(json.loads(config.model_dump_json()))
