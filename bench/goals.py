"""What the measurements should reach, and how far they do."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.results import Result

Figures = dict[str, Any]
GIB = 2**30


@dataclass(frozen=True)
class Goal:
    """One line of the table: what, from which part, the figure as a number and as text, what it is held against.

    at_least and aim are bounds of that number: above them if higher_is_better, below them otherwise.
    """

    what: str
    part: str
    figure: Callable[[Figures], float]
    unit: str
    at_least: float
    aim: float
    higher_is_better: bool = False

    def row(self, results: dict[str, Result]) -> list[str]:
        """The cells: what, reached, at least, aim, verdict, date."""
        bounds = [self._text(self.at_least), self._text(self.aim)]
        result = results.get(self.part)
        if result is None:
            return [self.what, "not measured", *bounds, "", ""]
        value = self.figure(result.figures)
        return [self.what, f"**{self._text(value)}**", *bounds, self._verdict(value), result.date]

    def _text(self, value: float) -> str:
        return f"{value:.3g}{self.unit}"

    def _verdict(self, value: float) -> str:
        # What is shown rounded is judged rounded.
        shown = float(f"{value:.3g}")
        reached = [shown >= bound if self.higher_is_better else shown <= bound for bound in (self.at_least, self.aim)]
        return "aim" if all(reached) else "yes" if reached[0] else "no"


def ratio(one: list[dict[str, float]], other: list[dict[str, float]]) -> float:
    """Median over the rounds of one's seconds by the other's."""
    return statistics.median(a["seconds"] / b["seconds"] for a, b in zip(one, other, strict=True))


def net_ratio(one: list[dict[str, float]], other: list[dict[str, float]], start: list[dict[str, float]]) -> float:
    """As ratio, with the seconds of a start taken off both."""
    rounds = zip(one, other, start, strict=True)
    return statistics.median((a["seconds"] - s["seconds"]) / (b["seconds"] - s["seconds"]) for a, b, s in rounds)


def median(runs: list[dict[str, float]], name: str) -> float:
    """Median over the rounds of one figure."""
    return statistics.median(run[name] for run in runs)


def _exchanged(kind: str, by: str, figures: Figures) -> float:
    return ratio(figures[kind], figures[by])


GOALS = (
    Goal("M: job by floor, time", "M-floor", lambda f: ratio(f["job"], f["other"]), "x", 1.0, 0.6),
    Goal("M: job by the hand-made process, time", "M-handmade", lambda f: ratio(f["job"], f["other"]), "x", 2.0, 1.2),
    Goal("S: naive by job, time", "S-naive", lambda f: 1 / ratio(f["job"], f["other"]), "x", 2.5, 4, True),
    Goal(
        "kernel, 100k names: symscan by kernel",
        "kernel-100k",
        lambda f: f["symscan"] / f["kernel"],
        "x",
        10,
        20,
        True,
    ),
    Goal("kernel, 1M names: symscan by kernel", "kernel-1M", lambda f: f["symscan"] / f["kernel"], "x", 5, 10, True),
    Goal("one hashtag of 3M members: memory", "L-3M", lambda f: median(f["job"], "peak_bytes") / GIB, " GiB", 6, 6),
    Goal(
        "one hashtag of 3M members: share of the cores busy in the last fifth of the comparison",
        "L-3M",
        lambda f: 100 * median(f["job"], "busy_last") / f["cores"],
        "%",
        90,
        95,
        True,
    ),
    Goal("one hashtag of 10M members: memory", "L-10M", lambda f: median(f["job"], "peak_bytes") / GIB, " GiB", 5, 4),
    Goal(
        "M: 1% new posts by a full run, the start taken off both",
        "incremental",
        lambda f: 100 * net_ratio(f["incremental"], f["full"], f["start"]),
        "%",
        20,
        20,
    ),
    Goal(
        "M: through the shuffle by the folder, time",
        "M-exchanges",
        partial(_exchanged, "shuffle", "folder"),
        "x",
        1.6,
        1.4,
    ),
    Goal(
        "M: through the shuffle by the floor, time",
        "M-exchanges",
        partial(_exchanged, "shuffle", "floor"),
        "x",
        0.9,
        0.7,
    ),
    Goal(
        "M: from and to an S3 server by folders, time",
        "M-exchanges",
        partial(_exchanged, "store", "folder"),
        "x",
        1.5,
        1.3,
    ),
    Goal(
        "20M accounts, few posts: memory of the driver",
        "accounts",
        lambda f: median(f["many_accounts"][-1]["job"], "driver_bytes") / GIB,
        " GiB",
        1.5,
        0.75,
    ),
    Goal("growth, M by S", "growth", lambda f: ratio(f["large"], f["small"]), "x", 11, 11),
    Goal("M: memory of all processes", "M-floor", lambda f: median(f["job"], "peak_bytes") / GIB, " GiB", 6, 4),
    Goal("M: two cores against one", "cores", lambda f: ratio(f["one"], f["two"]), "x", 1.7, 1.9, True),
    Goal(
        "M: slowest task of the compare stage by the median task",
        "M-profile",
        lambda f: statistics.median(f["balance"]),
        "x",
        3,
        2,
    ),
)
