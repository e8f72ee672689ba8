"""What a run is asked to do: read once, checked at once, and frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    field_validator,
)

from lookalike.errors import UsageError
from lookalike.outputs.buckets import MAX_BUCKETS
from lookalike.outputs.urls import StoreUrl, parse_output
from lookalike.threshold import Threshold


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_SECRET = frozenset({"webhook"})  # options whose values are not printed

Paths = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]


class JobConfig(BaseModel):
    """The options of a run, described in conf/job.yaml. min_similarity is an exact decimal in (0, 1]."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    posts: Annotated[Paths, Field(strict=False)]
    accounts: Annotated[Paths, Field(strict=False)]
    output: Annotated[Path | StoreUrl, PlainValidator(parse_output), PlainSerializer(str)]
    mode: Annotated[Literal["auto", "full", "incremental"], Field(exclude=True)] = "auto"
    min_similarity: str = "0.8"
    blocking: Literal["lossless", "prefix"] = "lossless"
    prefix_length: Annotated[int, Field(ge=1, le=1000)] = 3
    exclude_reposts: bool = False
    fold: Literal["none", "case"] = "none"
    quoting: Literal["auto", "none", "rfc4180"] = "auto"
    max_reject_fraction: Annotated[float, Field(ge=0, le=1)] = 0.01
    buckets: Annotated[int, Field(ge=1, le=MAX_BUCKETS)] = 64
    max_generations: Annotated[int, Field(ge=1, le=1000)] = 8
    block_size: Annotated[int, Field(ge=1, le=2**31)] = 100_000
    ignore_hashtags: Annotated[Path | None, Field(strict=False)] = None
    plan: bool = False
    max_candidates: Annotated[int | None, Field(ge=0)] = None
    verify: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    max_fall_fraction: Annotated[float, Field(ge=0, le=1)] = 0.5
    # How a run is started and watched says nothing of what it found, and an address may be secret: not for manifests.
    force: Annotated[bool, Field(exclude=True)] = False
    wait: Annotated[int, Field(ge=0, le=31 * 24 * 3600, exclude=True)] = 0
    staging: Annotated[Path | None, Field(strict=False, exclude=True)] = None
    metrics_file: Annotated[Path | None, Field(strict=False, exclude=True)] = None
    webhook: Annotated[str | None, Field(exclude=True)] = None
    progress: bool = True

    @field_validator("min_similarity", mode="before")
    @classmethod
    def _exact_decimal(cls, value: Any) -> str:
        # YAML reads an unquoted 0.8 as a double, whose shortest form is what was written.
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        text = repr(value) if is_number else value
        if not isinstance(text, str):
            raise ValueError("is not a decimal number such as 0.8")
        if Threshold.parse(text).numerator == 0:
            raise ValueError("0 would store every pair of accounts; it must be above 0")
        return text

    @field_validator("webhook")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not _is_web_address(value):
            raise ValueError("is not an address such as https://host/path, without a user")
        return value

    @property
    def threshold(self) -> Threshold:
        """min_similarity as an exact fraction."""
        return Threshold.parse(self.min_similarity)


def _is_web_address(text: str) -> bool:
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        )
    except ValueError:  # a port that is no number
        return False


def load_config(path: Path | None, flags: dict[str, Any]) -> JobConfig:
    """The options in a YAML file, under those given as flags. Raises UsageError naming each bad key."""
    options: dict[str, Any] = {}
    if path is not None:
        try:
            options = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: is not YAML: {_problem(error)}") from None
        if not isinstance(options, dict):
            raise UsageError(f"{path}: is not a list of keys and values")
    try:
        return JobConfig(**{**{str(key): value for key, value in options.items()}, **flags})
    except ValidationError as error:
        problems = [_describe(problem, flags, path) for problem in error.errors(include_url=False)]
        raise UsageError("; ".join(dict.fromkeys(problems))) from None


def _describe(problem: Any, flags: dict[str, Any], path: Path | None) -> str:
    key = str(problem["loc"][0])
    flag = "--" + key.replace("_", "-")
    if problem["type"] == "missing":
        return f"{flag} is missing"
    if problem["type"] == "extra_forbidden":
        known = ", ".join(JobConfig.model_fields)
        return f"{path}: unknown key {key!r}; the keys are {known}"
    where = flag if key in flags else f"{path}: {key}"
    message = problem["msg"].removeprefix("Value error, ")
    given = "" if key in _SECRET else f", not {str(problem['input'])[:80]!r}"
    return f"{where}: {message[0].lower()}{message[1:]}{given}"


def _problem(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    """What is wrong and where, without the line itself, which may be a secret."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return type(error).__name__ if isinstance(error, UnicodeDecodeError) else " ".join(str(error).split())
