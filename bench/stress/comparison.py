"""The job against the hand-made single process on random data, round after round: equal pairs every time.

Each seed gives data, a threshold, a block size and a number of buckets (bench/stress/data.py). What
follows -- goes to the job. At the first difference the script stops with exit code 1, prints the difference and the
command that repeats the round, and keeps the round's files.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from fractions import Fraction
from typing import Final

from bench.agreement import differences, wrong_pairs
from bench.jobrun import CACHE, ROOT, run_job, tell
from bench.processes import measure
from bench.stress.data import Recipe, recipe_of, write_data

EXAMPLES: Final = """\
examples:
  python -m bench.stress random
  python -m bench.stress random --seeds 1000 --minutes 60
  python -m bench.stress random --first-seed 7 --seeds 1 -- --fold none
"""
SCRATCH = CACHE / "stress"
CHECKED_PAIRS = 5_000  # of every round, looked over in Python


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this trial."""
    parser.add_argument("--seeds", type=int, default=10, help="number of rounds (default 10)")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first round (default 0)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no round after this many minutes")
    parser.add_argument(
        "--accounts", type=int, default=100_000, help="accounts, with ten posts each (default 100000)"
    )
    parser.add_argument("job", nargs="*", help="options of the job, after --")


def main(options: argparse.Namespace) -> int:
    """Do rounds until the seeds or the minutes are used up; 1 if one of them failed."""
    started = time.monotonic()
    done = 0
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        if time.monotonic() - started > 60 * options.minutes:
            break
        wrong = round_of(recipe_of(seed, options.accounts), options.job)
        if wrong:
            again = ["python", "-m", "bench.stress", "random", "--first-seed", str(seed), "--seeds", "1"]
            again += ["--accounts", str(options.accounts), *(["--", *options.job] if options.job else [])]
            lines = [*wrong, f"files in {SCRATCH}; again: {shlex.join(again)}"]
            print(*lines, sep="\n", file=sys.stderr)
            return 1
        done += 1
    tell(f"{done} rounds, equal pairs in each\n")
    return 0


def round_of(recipe: Recipe, job: list[str]) -> list[str]:
    """Do one round; what is wrong, or nothing."""
    tell(
        f"seed {recipe.seed}: {recipe.posts:,} posts, {recipe.hashtags:,} hashtags, similarity {recipe.threshold},"
        f" block size {recipe.block_size:,}, {recipe.buckets} buckets ... "
    )
    found = SCRATCH / "handmade.parquet"
    write_data(recipe, SCRATCH)
    script = [sys.executable, "bench/handmade.py", str(SCRATCH), str(found), "--min-similarity", recipe.threshold]
    try:
        handmade = measure(script, ROOT)
        run = run_job(SCRATCH, job=[*recipe.job_options(), *job], output=SCRATCH / "output")
    except RuntimeError as error:
        tell("failed\n")
        return [str(error)]
    wrong = differences(found, SCRATCH / "output")
    wrong += wrong_pairs(found, SCRATCH / "accounts.tsv", Fraction(recipe.threshold), CHECKED_PAIRS, recipe.seed)
    verdict = "DIFFERENT" if wrong else "agree"
    seconds = f"job {run.measurement.seconds:.0f} s, hand-made {handmade.seconds:.0f} s"
    tell(f"{run.similar_pairs:,} pairs {verdict} ({seconds})\n")
    return wrong
