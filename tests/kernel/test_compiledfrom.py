"""Compiled functions that numba kept, after a change of what they were made of in another module."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = """
from typing import NamedTuple
from lookalike.strings.compiler import compiled
import numpy as np
from numba.extending import intrinsic

STEP = 10
TABLE = np.array([1, 2, 3])

class Pair(NamedTuple):
    one: int
    other: int

def _seven(typing, number):
    def code(context, builder, signature, arguments):
        return builder.add(arguments[0], arguments[0].type(700))
    return number(number), code

seven = intrinsic(_seven)

@compiled
def inner(number):
    return 1000 * number
"""
USER = """
from lookalike.strings.compiler import compiled
from library import STEP, TABLE, Pair, inner, seven

@compiled
def _between(number):
    return inner(number)

@compiled
def total(pair: "Pair", number):
    return _between(number) + STEP + TABLE[1] + seven(number) + 100_000 * pair.one

if __name__ == "__main__":
    print(total(Pair(1, 2), 3), sum(total.stats.cache_hits.values()), sum(total.stats.cache_misses.values()))
"""


def run(folder: Path, library: str, *, seed: int = 0) -> list[int]:
    """The sum that a new process computes, and how many functions it found in the cache and did not find."""
    (folder / "library.py").write_text(library)
    (folder / "user.py").write_text(USER)
    environment = os.environ | {
        "PYTHONPATH": f"{folder}:{ROOT}",
        "NUMBA_CACHE_DIR": str(folder / "kept"),
        "PYTHONHASHSEED": str(seed),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    script = [sys.executable, str(folder / "user.py")]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=True)
    return [int(number) for number in done.stdout.split()]


CHANGES = [
    ("1000 * number", "2000 * number", 106_715),
    ("STEP = 10", "STEP = 20", 103_725),
    ("[1, 2, 3]", "[1, 5, 3]", 103_718),
    ("type(700)", "type(800)", 103_815),
    ("    one: int\n    other: int", "    other: int\n    one: int", 203_715),
]


def test_changes_of_another_module_are_seen(tmp_path: Path) -> None:
    assert run(tmp_path, LIBRARY) == [103_715, 0, 1]
    assert run(tmp_path, LIBRARY, seed=1) == [103_715, 1, 0]
    assert run(tmp_path, LIBRARY + "# A remark.\n") == [103_715, 1, 0]
    for before, after, expected in CHANGES:
        changed = LIBRARY.replace(before, after)
        assert changed != LIBRARY
        assert run(tmp_path, changed) == [expected, 0, 1], after
    assert run(tmp_path, changed, seed=1) == [expected, 1, 0]
