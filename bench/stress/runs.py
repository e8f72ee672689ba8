"""Bits of the live snapshot are flipped, one at a time: what a run makes of it has the rows of a run over all input.

Each flip is tried with a full run, which must publish the right rows, and with an incremental run, which must publish
the right rows or end with an error of one line. None may crash, or take much more memory than without the flip. A run
is the job's main function in a process of its own, with Spark's tasks run one after the other there.
"""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.jobrun import CACHE, tell
from bench.stress import localrun
from bench.stress.children import Ended, forked
from bench.stress.flips import USED_BY_RUNS, Flip, random_flips
from bench.stress.rows import Rows, differing, rows_that_count
from bench.stress.sample import Sample
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot

EXAMPLES: Final = """\
examples:
  python -m bench.stress flips
  python -m bench.stress flips --flips 1000 --tables members accounts
  python -m bench.stress flips --seed 7 --flips 10 --tables manifest.json
"""
MODES: Final = ("full", "incremental")
MORE_BYTES: Final = 256 << 20  # of memory than a run over an undamaged snapshot takes
_WRONG: Final = 90  # exit code of a child whose run has published other rows


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this trial."""
    parser.add_argument("--flips", type=int, default=100, help="flips of each table (default 100)")
    parser.add_argument(
        "--tables", nargs="+", choices=USED_BY_RUNS, default=USED_BY_RUNS, help="default: all", metavar="TABLE"
    )
    parser.add_argument("--seed", type=int, default=0, help="other bits for another seed (default 0)")
    parser.add_argument("--folder", type=Path, default=CACHE / "stress-flips", help="for the files of the trial")


def main(options: argparse.Namespace) -> int:
    """Try all flips; 1 if one of them went wrong."""
    localrun.load()
    trial = Trial(Sample(options.folder))
    tell(f"flips of runs: a run without a flip takes {trial.usual_bytes >> 20} MB at most\n")
    wrong: list[str] = []
    for table in options.tables:
        wrong += trial.table(table, options.flips, options.seed)
    tell(f"{len(wrong)} of {2 * options.flips * len(options.tables)} runs went wrong\n")
    tell("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


@dataclass
class _Seen:
    """What became of the flips of one table in one mode. outcomes: how many of each kind."""

    outcomes: Counter[str] = field(default_factory=Counter)
    most_bytes: int = 0
    wrong: list[str] = field(default_factory=list)


class Trial:
    """Runs over one sample. usual_bytes: of memory that runs over an undamaged snapshot take."""

    def __init__(self, sample: Sample) -> None:
        """Make the sample, and run over it without a flip. Raises RuntimeError if that goes wrong."""
        self._sample = sample
        sample.make()
        self._expected: Rows = {}
        clean = sample.folder / "clean"
        made = forked(lambda: localrun.run(sample.arguments(clean, "full")))
        if made.code:
            raise RuntimeError(f"a full run ended with {made.code}:\n{made.printed}")
        self._expected = rows_that_count(clean)
        runs = {mode: self._run(mode) for mode in MODES}
        for mode, ended in runs.items():
            if ended.code or _mode_of(ended) != mode:
                raise RuntimeError(f"without a flip an {mode} run ended with {ended.code}:\n{ended.printed}")
        self.usual_bytes = max(ended.peak_bytes for ended in runs.values())

    def table(self, table: str, flips: int, seed: int) -> list[str]:
        """Try flips of one table; a line for each run that went wrong."""
        tell(f"  {table:16}")
        wrong = []
        for mode in MODES:
            seen = _Seen()
            for flip in random_flips(self._sample.output, table, flips, seed):
                self._note(seen, mode, flip)
            found = ", ".join(f"{count} {outcome}" for outcome, count in sorted(seen.outcomes.items()))
            tell(f"  {mode}: {found}, at most {seen.most_bytes >> 20} MB;")
            wrong += seen.wrong
        tell("\n")
        return wrong

    def _note(self, seen: _Seen, mode: str, flip: Flip) -> None:
        ended = self._run(mode, flip)
        seen.most_bytes = max(seen.most_bytes, ended.peak_bytes)
        outcome, why = self._judged(ended, mode)
        seen.outcomes[outcome] += 1
        if why:
            seen.wrong.append(f"{mode} run, {flip}: {why}")

    def _judged(self, ended: Ended, mode: str) -> tuple[str, str]:
        """What became of a run, in a word or two, and what is wrong with that."""
        end = ended.printed[-600:]
        if ended.code == _WRONG:
            return "WRONG ROWS", end
        if ended.code < 0 or "Traceback" in ended.printed:
            return "CRASHED", f"it ended with {ended.code}: {end}"
        if ended.peak_bytes > self.usual_bytes + MORE_BYTES:
            return "TOO MUCH MEMORY", f"{ended.peak_bytes >> 20} MB"
        if ended.code:
            is_clear = any(line.startswith("error: ") for line in ended.printed.splitlines())
            allowed = is_clear and mode == "incremental"
            return "refused", "" if allowed else f"it ended with {ended.code}: {end}"
        return ("right" if _mode_of(ended) == mode else "right after reading all"), ""

    def _run(self, mode: str, flip: Flip | None = None) -> Ended:
        """A run over a copy of the sample's output."""
        output = self._sample.folder / "tried"
        shutil.rmtree(output, ignore_errors=True)
        shutil.copytree(self._sample.output, output)
        if flip is not None:
            flip.do(output)
        arguments = self._sample.arguments(output, mode)

        def run_and_compare() -> int:
            code = localrun.run(arguments)
            if code:
                return code
            lines = differing(rows_that_count(output), self._expected)
            made = Snapshot.open(FolderOutput(output)).manifest.mode.name
            print(*lines, f"mode {made}", sep="\n")
            return _WRONG if lines else 0

        return forked(run_and_compare)


def _mode_of(ended: Ended) -> str:
    return ended.printed.rstrip().rpartition("mode ")[2]
