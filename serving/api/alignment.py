"""The comparison of two names: their distance, and the fewest edits that make one of the other.

The bit-parallel algorithm of Myers (1999) in Hyyrö's form (2003), on Python's integers as words of any length: the
vertical differences of every column are kept, and the way back through them names the edits.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from lookalike.snapshots.manifest import Manifest
from serving.problems.kinds import InvalidParameter

Operation = Literal["equal", "substitute", "insert", "delete"]
# Bits of the matrix that is kept for the way back, twice: 16 MiB.
_MOST_CELLS: Final = 1 << 26
# Names with more characters are not compared within a request.
LONGEST: Final = 1 << 16


class Step(NamedTuple):
    """One character of either name, or of both. a, b: the characters; None on the side that has none."""

    operation: Operation
    a: str | None
    b: str | None


class Columns(NamedTuple):
    """For each character of b, where the distance rises and falls from one character of a to the next."""

    rises: list[int]
    falls: list[int]


def distance(a: str, b: str) -> int:
    """The Levenshtein distance in code points."""
    return _distance(a, b, None)


def similarity(distance: int, longer: int) -> float:
    """(m - d) / m, rounded once, as the job stores it; two empty names are identical."""
    return (longer - distance) / longer if longer else 1.0


def align(a: str, b: str) -> list[Step] | None:
    """The steps from a to b; those that are not "equal" are as many as the distance. None if too long to show."""
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    if len(middle_a) * len(middle_b) > _MOST_CELLS:
        return None
    columns = Columns([], [])
    _distance(middle_a, middle_b, columns)
    steps = [Step("equal", character, character) for character in a[:head]]
    steps += _way_back(middle_a, middle_b, columns)
    return steps + [Step("equal", character, character) for character in a[len(a) - tail :]]


def _common(a: str, b: str) -> int:
    """How many characters the two have in common from the start."""
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _distance(a: str, b: str, columns: Columns | None) -> int:
    """The distance; fills `columns` if given."""
    if not a:
        return len(b)
    rows_of: dict[str, int] = {}
    for row, character in enumerate(a):
        rows_of[character] = rows_of.get(character, 0) | 1 << row
    every, last = (1 << len(a)) - 1, 1 << (len(a) - 1)
    up, down, score = every, 0, len(a)
    for character in b:
        equal = rows_of.get(character, 0)
        vertical = equal | down
        horizontal = (((equal & up) + up) ^ up) | equal
        rise = (down | ~(horizontal | up)) & every
        fall = up & horizontal
        score += bool(rise & last) - bool(fall & last)
        rise = rise << 1 | 1
        fall <<= 1
        up = (fall | ~(vertical | rise)) & every
        down = rise & vertical & every
        if columns is not None:
            columns.rises.append(up)
            columns.falls.append(down)
    return score


def _way_back(a: str, b: str, columns: Columns) -> list[Step]:
    steps: list[Step] = []
    at_a, at_b = len(a), len(b)
    while at_a and at_b:
        bit = 1 << (at_a - 1)
        if columns.rises[at_b - 1] & bit:
            at_a -= 1
            steps.append(Step("delete", a[at_a], None))
            continue
        at_b -= 1
        if at_b and columns.falls[at_b - 1] & bit:
            steps.append(Step("insert", None, b[at_b]))
            continue
        at_a -= 1
        kind: Operation = "equal" if a[at_a] == b[at_b] else "substitute"
        steps.append(Step(kind, a[at_a], b[at_b]))
    steps += [Step("delete", character, None) for character in reversed(a[:at_a])]
    steps += [Step("insert", None, character) for character in reversed(b[:at_b])]
    return steps[::-1]


class Names(NamedTuple):
    """The comparison of two names, as the job defines it. a, b: the names as they were compared."""

    a: str
    b: str
    distance: int
    similarity: float
    meets_floor: bool
    steps: list[Step] | None


def compare_names(manifest: Manifest, a: str, b: str) -> Names:
    """Compare two screen names as the job that made a snapshot did. Raises InvalidParameter for very long ones."""
    if folds(manifest):
        a, b = a.casefold(), b.casefold()
    if max(len(a), len(b)) > LONGEST:
        raise InvalidParameter(f"Names of more than {LONGEST} characters are not compared here.")
    longer, edits = max(len(a), len(b)), distance(a, b)
    meets_floor = manifest.threshold.is_met(edits, longer)
    return Names(a, b, edits, similarity(edits, longer), meets_floor, align(a, b))


def folds(manifest: Manifest) -> bool:
    """Whether the job compared names without regard to case."""
    return manifest.configuration.get("fold") == "case"
