"""The table of bench/serving/README.md."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import describe_machine
from bench.serving.load import Load


@dataclass(frozen=True)
class Figures:
    """What was measured: a load a round each. Sizes in bytes."""

    pairs: int
    hashtags: int
    usual_bytes: int
    large_bytes: int
    bare: Sequence[Load]
    fastapi: Sequence[Load]
    service: Sequence[Load]
    half: Sequence[Load]
    large: Sequence[Load]
    streamed: Sequence[Load]
    beside: Sequence[Load]
    cold: Sequence[Load]


def write_results(readme: Path, figures: Figures) -> list[str]:
    """Put the table between the marks of the README; its lines."""
    lines = list(_table(figures))
    marks = "<!-- written by run.py -->", "<!-- end -->"
    text = readme.read_text()
    between = re.compile(f"{re.escape(marks[0])}.*?{re.escape(marks[1])}", re.DOTALL)
    if not between.search(text):
        raise RuntimeError(f"{readme}: has no place for the table")
    block = "\n".join([marks[0], *lines, marks[1]])
    readme.write_text(between.sub(lambda _: block, text))
    return lines


def _table(figures: Figures) -> Iterable[str]:
    yield f"{describe_machine()}. {figures.hashtags:,} hashtags, {figures.pairs:,} pairs."
    yield ""
    yield "| | measured | wanted |"
    yield "| --- | --- | --- |"
    yield (
        f"| hot look-up, an answer of {figures.usual_bytes / 1000:.1f} kB: answers a second against the FastAPI "
        f"route | {_ratio(figures.service, figures.fastapi):.2f} times | 1.5 times |"
    )
    yield f"| the same against bare ASGI | {100 * _ratio(figures.service, figures.bare):.0f}% | towards 80% |"
    half = min(figures.half, key=lambda load: load.p99)
    share = half.rate / max(load.rate for load in figures.service)
    yield f"| p99 at {100 * share:.0f}% of capacity | {1000 * half.p99:.1f} ms | 10 ms |"
    yield f"| p99 of a cold look-up | {_p99(figures.cold)} | 15 ms |"
    for what, loads in (("the cache", figures.large), ("the snapshot, streamed", figures.streamed)):
        best = max(load.bytes / load.processor for load in loads)
        yield f"| an answer of {figures.large_bytes / 1e6:.0f} MB from {what} | {best / 1e6:.0f} MB/s | 200 MB/s |"
    yield f"| p99 of others while it is being sent | {_p99(figures.beside)} | 20 ms |"


def _ratio(loads: Sequence[Load], others: Sequence[Load]) -> float:
    rounds = zip(loads, others, strict=True)
    return statistics.median(load.processor_rate / other.processor_rate for load, other in rounds)


def _p99(loads: Sequence[Load]) -> str:
    return f"{1000 * min(load.p99 for load in loads):.1f} ms"
