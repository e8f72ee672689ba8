"""Trials that try to break the job and the service: python -m bench.stress [TRIAL] [OPTION ...]

  random   random data: the job and a hand-made process find equal pairs
  flips    flipped bits in the live snapshot: the next run publishes the right rows
  served   flipped bits in what the service serves: no answer has a wrong row
  abuse    clients that keep the service busy: it still answers at once, in as much memory

Without a trial all are done, each with its defaults. The exit code is 1 if one fails.

examples:
  make stress
  make stress STRESS='random --seeds 1000 --minutes 60'
  make stress STRESS='abuse --help'
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from types import ModuleType
from typing import Final

from bench.stress import abuse, comparison, runs, served

TRIALS: Final[dict[str, ModuleType]] = {"random": comparison, "flips": runs, "served": served, "abuse": abuse}


def main(argv: list[str] | None = None) -> int:
    """Do one trial, or all; 1 if one of them fails."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.stress",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    trials = parser.add_subparsers(dest="trial", metavar="TRIAL")
    for name, module in TRIALS.items():
        trial = trials.add_parser(
            name,
            description=module.__doc__,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_options(trial)
    options = parser.parse_args(argv)
    if options.trial is not None:
        return int(TRIALS[options.trial].main(options))
    # Each in a process of its own: some fork, and threads that another has left would be lost.
    commands = [[sys.executable, "-m", "bench.stress", name] for name in TRIALS]
    codes = [subprocess.run(command, check=False).returncode for command in commands]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped too
    sys.exit(main())
