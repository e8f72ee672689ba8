"""Options from a YAML file and from flags, checked together. All mistakes are reported in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from jobs.options.apart import check_apart
from jobs.options.config import JobConfig
from jobs.options.option import described_options
from lookalike.errors import UsageError
from lookalike.inputurls import TABLE, without_secrets

_SHOWN = 80  # characters of a wrong value
METRICS_BEGIN = b"# HELP lookalike_"  # of the file that jobs.reporting.runrecord writes
# libyaml takes a tenth of the time; not every PyYAML is built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_config(path: Path | None, flags: dict[str, Any], *, complete: bool = True) -> JobConfig:
    """The options in a YAML file and those given as flags, which win. Raises UsageError that names each wrong key.

    complete: whether they must say where the accounts are.
    """
    options: dict[str, Any] = {} if path is None else _read(path)
    try:
        config = JobConfig(**{**options, **flags})
    except ValidationError as error:
        problems = [_describe(problem, flags, path) for problem in error.errors(include_url=False)]
        raise UsageError("; ".join(dict.fromkeys(problems))) from None
    if config.all_names and config.identical == "group":
        raise UsageError("--all-names and --identical group cannot be used together: leave one of them out")
    if not complete:
        return config
    if config.accounts_from == "posts" and config.accounts is not None:
        raise UsageError("--accounts and --accounts-from posts are both there: leave one of them out")
    if config.accounts_from == "files" and config.accounts is None:
        raise UsageError("--accounts is missing; or does each post have its author's name? --accounts-from posts")
    _check_one_reader(config)
    check_apart(config)
    _check_metrics_file(config.metrics_file)
    return config


def _check_metrics_file(path: Path | None) -> None:
    """Raise UsageError if a file is there that no run has written: the run would replace it, perhaps by mistake."""
    if path is None or not path.is_file():
        return
    try:
        with path.open("rb") as file:
            begin = file.read(len(METRICS_BEGIN))
    except OSError as error:
        raise UsageError(f"--metrics-file: {path}: cannot be read: {error.strerror}") from None
    if begin and begin != METRICS_BEGIN:
        raise UsageError(f"--metrics-file: {path} is there and holds no metrics of a run; it would be replaced")


def _check_one_reader(config: JobConfig) -> None:
    """Raise UsageError if not all paths of a table are read in one way: by the job, or by Spark."""
    given = (
        ("--posts", config.posts, config.posts_format),
        ("--accounts", config.accounts or (), config.accounts_format),
    )
    if config.partition_column is not None and not (
        config.posts_format != "auto" or any(path.startswith(TABLE) for path in config.posts)
    ):
        raise UsageError("--partition-column is for posts that Spark reads: table:NAME, or with --posts-format")
    for flag, paths, kind in given:
        of_catalogue = [path.startswith(TABLE) for path in paths]
        if any(of_catalogue) and kind != "auto":
            raise UsageError(f"{flag}-format: a table of the catalogue has a format of its own; leave it out")
        if any(of_catalogue) and not all(of_catalogue):
            raise UsageError(f"{flag}: a table of the catalogue cannot be read together with files")
        if kind != "auto" and not paths:
            raise UsageError(f"{flag}-format: there are no {flag}")


def _read(path: Path) -> dict[str, Any]:
    try:
        options = yaml.load(path.read_text(encoding="utf-8"), _LOADER) or {}
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not YAML: {_problem(error)}") from None
    if not isinstance(options, dict):
        raise UsageError(f"{path}: is not a list of keys and values")
    return {str(key): value for key, value in options.items()}


def _describe(problem: Any, flags: dict[str, Any], path: Path | None) -> str:
    key = str(problem["loc"][0])
    known = {described.name: described for described in described_options(JobConfig)}
    if key not in known:
        return f"{path}: unknown key {key!r}; the keys are {', '.join(known)}"
    described = known[key]
    if problem["type"] == "missing":
        return f"{described.flag} is missing"
    where = described.flag if key in flags else f"{path}: {key}"
    given = _shown(problem["input"])
    if problem["type"] == "value_error":  # from our own validators; the message follows the name or the value
        message = problem["msg"].removeprefix("Value error, ")
        is_named = described.option.secret or given in message
        return f"{where}: {message}" if is_named else f"{where}: {given!r} {message}"
    return f"{where}: must be {described.allowed}" + ("" if described.option.secret else f", not {given!r}")


def _shown(given: Any) -> str:
    """A wrong value; texts after a flag as they were typed, but for what may be secret in a URL."""
    texts = given if isinstance(given, list) and all(isinstance(one, str) for one in given) else [str(given)]
    return " ".join(map(without_secrets, texts))[:_SHOWN]


def _problem(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    """What is wrong and where, without the line itself, which may be a secret."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return type(error).__name__ if isinstance(error, UnicodeDecodeError) else " ".join(str(error).split())
