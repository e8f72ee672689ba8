"""A function in a process of its own: how it ended, what it printed, and how much memory it took."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Final, NoReturn

LONGEST: Final = 600  # seconds; only a hang takes so long, or compiling all functions
MOST_ADDRESSES: Final = 12 << 30  # bytes of addresses, so that a mad request for memory does not take the machine's


@dataclass(frozen=True)
class Ended:
    """code: the exit code, or less than 0 for a signal. peak_bytes: the most memory. printed: to both streams."""

    code: int
    peak_bytes: int
    printed: str


def forked(call: Callable[[], int]) -> Ended:
    """Call a function in a fork of this process; what it returns is the exit code.

    All that is loaded and compiled here is at hand there, and nothing that happens there is seen here.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if not child:
            _be_child(call, printed)
        _, status, used = os.wait4(child, 0)
        printed.seek(0)
        text = printed.read().decode(errors="replace")
    return Ended(os.waitstatus_to_exitcode(status), used.ru_maxrss * 1024, text)


def _be_child(call: Callable[[], int], printed: IO[bytes]) -> NoReturn:
    code = 99
    try:
        for stream in (1, 2):
            os.dup2(printed.fileno(), stream)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
        signal.alarm(LONGEST)
        code = call()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
