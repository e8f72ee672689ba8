"""What --inspect runs as Python, against the same functions compiled."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from jobs.inputs.accounts.names import cleaned_names, count_undecoded
from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.separators.lists import plain_lists
from jobs.inputs.suspects import suspects_of
from jobs.inputs.tables import Column
from jobs.inputs.text.found import room
from jobs.inputs.text.quotedrows import scan_quoted
from jobs.inputs.text.quotes import BACKSLASH, QUOTE, escaped_outside
from jobs.inputs.text.rawrows import scan_raw
from jobs.inputs.text.search import find_row_end, quotes_in
from lookalike.strings.values import are_blank, beyond_ascii, frozen, hash_values, pack_values, parse_flags

ROOT = Path(__file__).resolve().parents[2]
TRIALS = 150
COMMA = ord(",")
PIECES = (
    '"',
    '""',
    '\\"',
    "\\",
    ",",
    "\n",
    "\r\n",
    "\r",
    "a",
    "bc ",
    " ",
    "#Vote",
    "maga_eagle_01",
    "é",
    "\u3000",
    "x" * 90,
)
DATES = """2021-01-02T03:04:05Z;2021-1-2;10/9/2013;10.9.2013;20210102;1539202764;1539202764000;1.5;soon;2021-02-30
Wed Oct 10 20:19:24 +0000 2018;10 Oct 2018 1:02 PM;Oct 10, 2018;2018-10-10 20:19 UTC;2018-10-10 20:19:24.5+01:30;20:19
Wed, 10 Oct 2018 20:19:24 +0000;1539202764.25;2018-10-10T20""".replace("\n", ";")
LISTS = (
    "['a','b']",
    "[a, b]",
    '["a\\\\u00e9"]',
    "c(a, b)",
    "{a,b}",
    "{'text': 'a'}",
    "['a' 'b']",
    "[",
    "a,b",
    "(a)",
    "",
)
NAMES = ("@maga_eagle", " Tom ", "Zoe\u0301", "a", "", "\uf7e9x", "maga@server.example", "é")
FLAGS = ("1.0", "0", "TRUE", "retweet", "maybe", "", " yes ")


def results(seed: int) -> list[Any]:
    """What each function makes of random input."""
    made = random.Random(seed)
    found: list[Any] = []
    for _ in range(TRIALS):
        text = "".join(made.choices(PIECES, k=made.randrange(60))) + "\n"
        buffer = np.frombuffer(text.encode(), np.uint8)
        slots = np.array(made.choice([[0, 1], [0, 1, -1], [-1, 1, 0]]), np.int64)
        rows = room(2, 40)
        raw = scan_raw(buffer, 0, len(buffer), len(buffer), COMMA, slots, rows)
        found += [raw, rows.row[:, : raw[0]].tolist(), rows.malformed[:, : raw[1]].tolist(), rows.quotes.tolist()]
        for escape in (QUOTE, BACKSLASH):
            for final in (True, False):
                rows, side = room(2, 40), buffer.copy()
                read = scan_quoted(buffer, 0, len(buffer), len(buffer), COMMA, escape, slots, rows, side, final)
                places: list[Any] = [rows.row[:, : read[0]], rows.malformed[:, : read[1]], rows.quotes, side]
                found += [read, *(place.tolist() for place in places)]
            found += [quotes_in(buffer, escape), find_row_end(buffer, 0, len(buffer), escape, made.random() < 0.5)]
    values = Column.of([made.choice(PIECES).encode() * made.randrange(3) for _ in range(TRIALS)])
    flags = Column.of([flag.encode() for flag in FLAGS])
    dates = Column.of([date.encode() for date in DATES.split(";")])
    names = Column.of([name.encode() for name in NAMES])
    lists = plain_lists(Column.of([one.encode() for one in LISTS]))
    packed, edges = pack_values(*values)
    found += [parse_flags(*flags).tolist(), are_blank(*values).tolist(), beyond_ascii(*values).tolist()]
    found += [packed.tolist(), edges.tolist(), hash_values(*values).tolist(), lists.texts()]
    found += [parse_timestamps(*dates, day_first=first).tolist() for first in (True, False)]
    found += [cleaned_names(names).texts(), cleaned_names(names, ("@",)).texts(), count_undecoded(names)]
    found += [escaped_outside(frozen(values.buffer), values.start, values.end)]
    suspects = suspects_of([made.choice(PIECES) + made.choice(LISTS) for _ in range(TRIALS)])
    return [*found, suspects.uses, suspects.counts, suspects.examples]


def test_functions_that_run_as_python_give_the_same_as_compiled_ones() -> None:
    program = (
        "import json, sys; from lookalike.strings import compiler; compiler.interpret(); "
        "from tests.inputs.test_interpreted import results; print(json.dumps(results(7), default=int)); "
        "assert not {'numba', 'llvmlite'} & sys.modules.keys()"
    )
    # numpy warns of products of which the upper half is lost, as it is meant to be.
    command = [sys.executable, "-W", "ignore::RuntimeWarning", "-c", program]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(results(7), default=int))
