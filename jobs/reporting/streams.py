"""Standard streams of a command that were closed, or that cannot be written to: no reason to fail.

A scheduler may close them, and the disk of a log may be full while that of the output is not.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys


class _Lenient(io.TextIOWrapper):
    """What cannot be written is lost."""

    def write(self, text: str, /) -> int:
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            super().flush()


def open_streams() -> None:
    """Open the standard streams that are closed, to nowhere, and let messages that cannot be written be lost.

    For the start of a process: a file that is opened later would get the number of a closed stream, and its messages.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free is this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # of a descriptor, for good
    encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
    raw = io.FileIO(2, "w", closefd=False)
    sys.stderr = _Lenient(raw, encoding, "backslashreplace", line_buffering=True, write_through=True)
