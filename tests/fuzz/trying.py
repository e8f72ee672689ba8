"""Trying damaged content: each in turn, each watched."""

import faulthandler
import itertools
import random
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from lookalike.errors import JobError

HANGS: Final = 300  # seconds for what takes milliseconds: the machine may be busy, and a function not yet compiled
MOST_MEMORY: Final = 4 << 30  # bytes of addresses beyond those of the start; Arrow reserves some without need


class Target(NamedTuple):
    """make: damaged content. read: what must withstand it."""

    make: Callable[[random.Random], bytes]
    read: Callable[[Path, random.Random], None]


def read(target: Target, content: bytes, path: Path, hangs: float = HANGS) -> bool:
    """Whether the content was accepted. What the reader chooses at random follows from it.

    A reader that takes longer ends the process with code 1, and its stack is printed.
    """
    path.write_bytes(content)
    faulthandler.dump_traceback_later(hangs, exit=True)
    try:
        target.read(path, random.Random(content))
    except JobError:
        return False
    finally:
        faulthandler.cancel_dump_traceback_later()
    return True


def try_all(found: Mapping[str, Target], reading: Path, seconds: float, seed: str) -> None:
    """Damaged content for each target in turn, until the time is over, and how much of it was accepted."""
    tried, accepted = dict.fromkeys(found, 0), dict.fromkeys(found, 0)
    end = time.monotonic() + seconds
    for number, name in ((number, name) for number in itertools.count() for name in found):
        if time.monotonic() > end and number:
            break
        path = reading / f"{name}-{seed}-{number}"
        content = found[name].make(random.Random(f"{seed}-{name}-{number}"))
        accepted[name] += read(found[name], content, path)
        tried[name] += 1
        path.unlink()
    print(", ".join(f"{name}: {accepted[name]} of {tried[name]} accepted" for name in found))


def bound_memory(most: int = MOST_MEMORY) -> Callable[[], int]:
    """From now on the process gets so much; the function returned says how much more it has really used."""
    status = Path("/proc/self/status").read_text()
    addresses = int(status.partition("VmSize:")[2].split()[0]) << 10
    resource.setrlimit(resource.RLIMIT_AS, (addresses + most, resource.RLIM_INFINITY))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return lambda: (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
