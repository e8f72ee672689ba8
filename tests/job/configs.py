"""Options of the job from flags and YAML, and what a refusal says."""

from pathlib import Path
from typing import Any

import pytest

from jobs.options.cli import parse_arguments
from jobs.options.config import JobConfig
from jobs.options.load import load_config
from lookalike.errors import UsageError

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
