"""Draw the similar pairs of a hashtag as SVG, for the README.

    python scripts/draw_network.py .cache/demo/output workerfuture >docs/images/workerfuture.svg

Accounts that are connected by pairs form a circle, in the order of their names; each line is a pair. The tables are
read as docs/how-to/open-a-snapshot.md says. The same snapshot gives the same picture.
"""

from __future__ import annotations

import argparse
import dataclasses
import html
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc
import pyarrow.dataset as ds

_WIDTH: Final = 960
_HEIGHT: Final = 560
_COLOURS: Final = {1: "#c2410c", 2: "#94a3b8"}  # by distance; larger distances as 2
_LABEL: Final = 120  # room for a name outside of a circle


@dataclasses.dataclass(frozen=True)
class Pair:
    """A similar pair; a and b are ids of accounts."""

    a: str
    b: str
    distance: int


def main() -> None:
    """Print the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("hashtag", help="as the tables have it: in lower case, without #")
    arguments = parser.parse_args()
    names = {row["account_id"]: row["screen_name"] for row in _rows(arguments.output, "members", arguments.hashtag)}
    pairs = [
        Pair(a=row["account_a"], b=row["account_b"], distance=row["distance"])
        for row in _rows(arguments.output, "pairs", arguments.hashtag)
    ]
    print("\n".join(_picture(pairs, names)))


def _rows(output: Path, table: str, hashtag: str) -> list[dict[str, Any]]:
    """The rows of a hashtag in a table of the live snapshot; for each account the newest generation comes last."""
    live = (output / "CURRENT").read_text().split()[0]
    manifest = json.loads((output / "snapshots" / live / "manifest.json").read_text())
    files = [file for file in manifest["files"] if file["table"] == table]
    files.sort(key=lambda file: file.get("generation", 0))
    return [
        row
        for file in files
        for row in ds.dataset(output / file["path"]).to_table(filter=pc.field("hashtag") == hashtag).to_pylist()
    ]


def _picture(pairs: list[Pair], names: dict[str, str]) -> Iterator[str]:
    groups = _groups(pairs)
    # Circles get room by the number of names around them.
    parts = [math.sqrt(len(group)) for group in groups]
    room = _WIDTH - 2 * _LABEL * len(groups)
    left = 0.0
    places: dict[str, tuple[float, float]] = {}
    labels: list[str] = []
    for group, part in zip(groups, parts, strict=True):
        radius = min(room * part / sum(parts), _HEIGHT - 2 * _LABEL) / 2
        middle = left + _LABEL + room * part / sum(parts) / 2
        left += 2 * _LABEL + room * part / sum(parts)
        for number, account in enumerate(sorted(group, key=lambda one: (names[one], one))):
            angle = 2 * math.pi * number / len(group) - math.pi / 2
            places[account] = (middle + radius * math.cos(angle), _HEIGHT / 2 + radius * math.sin(angle))
            labels.append(_label(names[account], places[account], angle))
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="monospace">'
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="12" fill="#ffffff"/>'
    for pair in sorted(pairs, key=lambda one: (-one.distance, one.a, one.b)):  # the nearest on top
        yield _line(pair, places)
    for x, y in places.values():
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#0f172a"/>'
    yield from labels
    yield _legend()
    yield "</svg>"


def _groups(pairs: list[Pair]) -> list[set[str]]:
    """The accounts that are connected, the largest group first."""
    group_of: dict[str, set[str]] = {}
    for pair in pairs:
        both = group_of.get(pair.a, {pair.a}) | group_of.get(pair.b, {pair.b})
        group_of |= dict.fromkeys(both, both)
    groups = {min(group): group for group in group_of.values()}
    return sorted(groups.values(), key=lambda group: (-len(group), min(group)))


def _line(pair: Pair, places: dict[str, tuple[float, float]]) -> str:
    (x1, y1), (x2, y2) = places[pair.a], places[pair.b]
    colour, width, opacity = (_COLOURS[1], 1.4, 0.9) if pair.distance == 1 else (_COLOURS[2], 0.7, 0.55)
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}"/>'


def _label(name: str, place: tuple[float, float], angle: float) -> str:
    """A name beside its place, along the radius, never upside down."""
    is_left = math.cos(angle) < -1e-9
    degrees = math.degrees(angle) + (180 if is_left else 0)
    x, y = place[0] + 10 * math.cos(angle), place[1] + 10 * math.sin(angle)
    turn = f'transform="translate({x:.1f} {y:.1f}) rotate({degrees:.1f})"'
    anchor = "end" if is_left else "start"
    return f'<text {turn} font-size="13" fill="#0f172a" text-anchor="{anchor}" dy="4">{html.escape(name)}</text>'


def _legend() -> str:
    """What the colours mean, in the lower right corner, where no circle reaches."""
    parts, x = [], _WIDTH - 240
    for y, distance, text in (
        (_HEIGHT - 40, 1, "one letter differs"),
        (_HEIGHT - 18, 2, "two or more letters differ"),
    ):
        parts.append(
            f'<line x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" stroke="{_COLOURS[distance]}" stroke-width="2"/>'
            f'<text x="{x + 32}" y="{y}" font-size="12" fill="#475569">{text}</text>'
        )
    return "".join(parts)


if __name__ == "__main__":
    main()
