"""Clients that keep the service busy, one kind after the other: /livez still answers at once, in as much memory.

The service is `python -m serving` with its default settings over a small snapshot. During each kind of abuse another
process asks /livez every 20 ms, by turns on new connections and on a kept one, from another address. The trial fails
if an answer fails, if more than one in a hundred takes longer than 100 ms, or if the service takes 100 MB more memory
than before. The paces are those of abusers.py: none of them takes more than a part of a core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.jobrun import CACHE, ROOT, tell
from bench.stress import localrun
from bench.stress.abusers import ABUSES
from bench.stress.sample import Sample
from tests.serving.running import PATH, ServiceProcess, service_process

EXAMPLES: Final = """\
examples:
  python -m bench.stress abuse
  python -m bench.stress abuse --seconds 60 --kinds pipelined unread
"""
LONGEST_P99: Final = 0.1  # seconds
MOST_GROWTH: Final = 100_000_000  # bytes
_LOOK: Final = 0.1  # seconds between two looks at the memory


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this trial."""
    kinds = "\n".join(f"  {name:15} {abuse.meaning}" for name, abuse in ABUSES.items())
    parser.epilog = f"kinds of abuse:\n{kinds}\n\n{EXAMPLES}"
    parser.add_argument("--seconds", type=float, default=15, help="of each kind of abuse (default 15)")
    parser.add_argument(
        "--kinds", nargs="+", choices=ABUSES, default=list(ABUSES), help="default: all", metavar="KIND"
    )
    parser.add_argument("--folder", type=Path, default=CACHE / "stress-abuse", help="for the files of the trial")


def main(options: argparse.Namespace) -> int:
    """Try all kinds; 1 if one of them goes wrong."""
    localrun.load()
    sample = Sample(options.folder)
    sample.make()
    tell("abuse of the service: seconds until /livez answers, on new and on kept connections\n")
    wrong = []
    with service_process(sample.output, sample.folder, {"LOOKALIKE_POLL_SECONDS": "2"}, module="serving") as service:
        service.client.pairs("vote")
        _abused(service, "quiet", 3)  # so that all that is ever loaded is in memory
        start = _memory(service)
        for kind in options.kinds:
            found = _abused(service, kind, options.seconds)
            grown = found.peak_bytes - start
            tell(f"  {kind:15}  {found.shown()}, {grown / 1e6:+.0f} MB; {found.did}\n")
            wrong += [f"{kind}: {problem}" for problem in found.wrong(grown)]
        service.client.pairs("vote")
        if service.process.poll() is not None:
            wrong.append(f"the service ended with {service.process.returncode}")
        wrong += [f"its log: {line}" for line in service.log.splitlines() if "Traceback" in line]
    tell(f"{len(wrong)} things went wrong\n" + "".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


@dataclass(frozen=True)
class Abused:
    """What was seen during one kind of abuse. seconds: of answers of /livez, by kind of connection, ascending."""

    seconds: dict[str, list[float]]
    failed: dict[str, int]
    peak_bytes: int
    did: str

    def shown(self) -> str:
        """One line of figures, in milliseconds."""
        return ", ".join(
            f"{kind} p50 {1000 * _at(found, 0.5):.1f} p99 {1000 * _at(found, 0.99):.1f} max {1000 * found[-1]:.1f} ms"
            for kind, found in self.seconds.items()
            if found
        )

    def wrong(self, grown: int) -> list[str]:
        """What must not be. grown: bytes of memory since the start."""
        lines = [f"{count} answers {reason}" for reason, count in self.failed.items()]
        for kind, found in self.seconds.items():
            if not found or _at(found, 0.99) > LONGEST_P99:
                lines.append(f"{kind} connections: more than one in a hundred took longer than {LONGEST_P99} s")
        if grown > MOST_GROWTH:
            lines.append(f"the service took {grown / 1e6:.0f} MB more memory")
        return lines


def _at(ascending: list[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]


def _abused(service: ServiceProcess, kind: str, seconds: float) -> Abused:
    port = service.client.base_url.port
    command = [sys.executable, "-m"]
    path = f"{PATH}?hashtag=vote"
    prober = _started([*command, "bench.stress.prober", str(port), str(seconds)])
    abuser = _started([*command, "bench.stress.abusers", kind, str(port), str(seconds), path])
    peak = 0
    try:
        while prober.poll() is None:
            peak = max(peak, _memory(service))
            time.sleep(_LOOK)
        probed, did = (json.loads(process.communicate()[0]) for process in (prober, abuser))
    finally:
        for process in (prober, abuser):
            process.kill()
            process.wait()
    seconds_of = {name: sorted(probed.pop(name)) for name in ("new", "kept")}
    failed = {reason: int(count) for reason, (count,) in probed.items()}
    shown = ", ".join(f"{count:,} {what}" for what, count in did.items())
    return Abused(seconds_of, failed, peak, shown)


def _started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _memory(service: ServiceProcess) -> int:
    """Bytes that the service has in memory now; 0 if it has ended."""
    if service.process.poll() is not None:
        return 0
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
