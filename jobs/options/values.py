"""The kinds of values that options have beyond numbers and switches, each with its check."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator

from lookalike.inputurls import input_path
from lookalike.outputs.urls import StoreUrl, parse_output
from lookalike.threshold import Threshold


def _floor(given: Any) -> Threshold:
    """The least similarity of a pair, from a command line or a YAML file."""
    if isinstance(given, Threshold):
        return given
    # YAML reads an unquoted 0.8 as a double. Its shortest form is what was written.
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    text = repr(given) if is_number else given
    if not isinstance(text, str):
        raise ValueError("is not a decimal number such as 0.8")
    threshold = Threshold.parse(text)
    if threshold.numerator == 0:
        raise ValueError("0 would store every pair of accounts; it must be above 0")
    return threshold


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _web_address(text: str | None) -> str | None:
    if text is not None and not _is_web_address(text):
        raise ValueError("must be an address such as https://host/path, without a user")
    return text


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


def _encoding(name: str) -> str:
    """The encoding as Python names it."""
    if name == "auto":
        return name
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        raise ValueError("is no encoding that Python knows") from None
    if not found._is_text_encoding:  # bytes.decode asks this, too
        raise ValueError("is no encoding of text")
    return found.name


def _format(name: str) -> str:
    if not _FORMAT.fullmatch(name):
        raise ValueError("is no name of a format")
    return name


def _columns(given: Any) -> Any:
    """Pairs of a column and its name in the files, from id=ID,hashtags=Tags, a list of such, or a mapping in YAML."""
    if isinstance(given, dict):
        return tuple((str(column), str(name)) for column, name in given.items())
    if isinstance(given, tuple):
        return given
    parts = [part.partition("=") for part in _parts(given)]
    if not all(sign for _, sign, _ in parts):
        raise ValueError("is not COLUMN=NAME, several with commas between them")
    return tuple((column.strip(), name) for column, _, name in parts)


def _parts(given: Any) -> tuple[str, ...]:
    """Texts with commas between them, or a list of such."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise ValueError("is no text and no list of texts")
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


_FORMAT = re.compile(r"[A-Za-z_][A-Za-z0-9_.$-]*")

Columns = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_columns), Field(strict=False)]
Encoding = Annotated[str, AfterValidator(_encoding)]
SparkFormat = Annotated[str, AfterValidator(_format)]
Suffixes = Annotated[tuple[str, ...], BeforeValidator(_parts), Field(strict=False)]
InputPath = Annotated[str, AfterValidator(input_path)]
Paths = Annotated[tuple[InputPath, ...], BeforeValidator(_as_list), Field(min_length=1, strict=False)]
OptionalPaths = Annotated[
    Annotated[tuple[InputPath, ...], Field(min_length=1, strict=False)] | None, BeforeValidator(_as_list)
]
OptionalPath = Annotated[Path | None, Field(strict=False)]
Output = Annotated[Path | StoreUrl, PlainValidator(parse_output), PlainSerializer(str)]
Similarity = Annotated[Threshold, PlainValidator(_floor), PlainSerializer(str)]
Fraction = Annotated[float, Field(ge=0, le=1)]
WebAddress = Annotated[str | None, AfterValidator(_web_address)]
