"""The figures beside bench/README.md, by part: each with the day, the machine and the versions it was taken on."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.machine import machine, today


@dataclass(frozen=True)
class Result:
    """What one part gave, and when and where."""

    date: str
    machine: str
    figures: dict[str, Any]


def load(path: Path) -> dict[str, Result]:
    """The last figures of every part that was ever measured, by its name."""
    if not path.exists():
        return {}
    return {name: Result(**result) for name, result in json.loads(path.read_text()).items()}


def save(path: Path, results: dict[str, Result]) -> None:
    """Write them all; the file is whole at any moment."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = json.dumps({name: asdict(result) for name, result in sorted(results.items())}, indent=1)
    temporary.write_text(text + "\n")
    temporary.replace(path)


def taken_now(figures: dict[str, Any]) -> Result:
    """Figures of this moment and machine, rounded to what they are worth."""
    return Result(today(), machine(), _rounded(figures))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(content) for key, content in value.items()}
    if isinstance(value, list):
        return [_rounded(content) for content in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
