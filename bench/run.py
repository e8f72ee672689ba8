"""Measure the job against the baselines and write the figures to bench/README.md.

    python bench/run.py                          all parts, more than an hour
    python bench/run.py --quick                  some of them, a few minutes
    python bench/run.py --only M-floor kernel-1M
    python bench/run.py --list

Each figure is a ratio taken in one run: job and baseline by turns, whole processes with their start, the median
of the rounds. Data sets are generated once, to .cache/bench. bench/results.json keeps the figures of the parts
that are not measured this time.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a plain script, bench/ is the root

from bench import results as kept
from bench.jobrun import ROOT, data_set, run_job, tell, told_run
from bench.parts import PARTS
from bench.table import write_results

README = ROOT / "bench" / "README.md"
RESULTS = ROOT / "bench" / "results.json"


def main(argv: list[str] | None = None) -> int:
    """Measure what was asked for, part by part; 1 if one failed. Each part's figures are kept at once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--quick", action="store_true", help="only what takes a few minutes")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help="only these parts")
    parser.add_argument("--list", action="store_true", help="list the parts, and measure nothing")
    parser.add_argument(
        "--render", action="store_true", help="write the tables from the figures kept, and measure nothing"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each part; the median counts (default 3)")
    options = parser.parse_args(argv)
    results = kept.load(RESULTS)
    if options.list:
        for name, part in PARTS.items():
            last = f"last {results[name].date}" if name in results else ""
            print(f"{name:<12} {'quick' if part.quick else '':<6} {part.minutes:>5} min  {part.what:<55} {last}")
        return 0
    chosen = [name for name, part in PARTS.items() if not options.quick or part.quick]
    names = [name for name in PARTS if name in (options.only or chosen)]
    render(results)  # also to find out now, and not in an hour, that it cannot be done
    failed = [] if options.render else measure_parts(names, options.rounds, results)
    print(render(results))
    for line in failed:
        print(f"error: {line}", file=sys.stderr)
    return 1 if failed else 0


def render(results: dict[str, kept.Result]) -> str:
    """Write the tables, in the order of the parts, and return them."""
    return write_results(README, {name: results[name] for name in PARTS if name in results})


def measure_parts(names: list[str], rounds: int, results: dict[str, kept.Result]) -> list[str]:
    """Measure parts into the results, and say which failed and why."""
    if "JAVA_HOME" not in os.environ:
        os.environ["JAVA_HOME"] = subprocess.check_output([ROOT / "scripts" / "find_java.sh"], text=True).strip()
    if any(not name.startswith("kernel") for name in names):
        tell("compiling what the job needs, if that was not done before\n")
        told_run("job on S", partial(run_job, data_set("S")))
    failed = []
    for name in names:
        tell(f"{name}: {PARTS[name].what}\n")
        started = time.perf_counter()
        try:
            figures = PARTS[name].measure(rounds)
        except (RuntimeError, OSError, ValueError) as error:  # the others may still be of use
            failed.append(f"{name}: {error}")
            tell(f"  failed: {error}\n")
            continue
        results[name] = kept.taken_now(figures)
        kept.save(RESULTS, results)
        render(results)
        tell(f"  done in {(time.perf_counter() - started) / 60:.1f} min\n")
    return failed


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped too
    sys.exit(main())
