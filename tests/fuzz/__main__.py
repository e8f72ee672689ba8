"""Reads damaged content with every reader, in a process of its own, because Arrow can end the process.

    python -m tests.fuzz FOLDER SECONDS SEED      all targets in turn, until the time is over
    python -m tests.fuzz FOLDER TARGET FILE       one file again, as it was left by a failure

FOLDER is made. What is being read is in FOLDER/reading, named by its target, seed and number. A reader may refuse
content with an error of lookalike.errors. Any other error, a crash, too much memory or time for one content end the
process with another code than 0.
"""

import faulthandler
import os
import sys
import traceback
from pathlib import Path
from typing import Final

from .targets import targets
from .trying import bound_memory, read, try_all

_MOST_RESIDENT: Final = 1 << 30  # bytes of memory beyond those of the start


def main(argv: list[str]) -> int:
    """See above."""
    faulthandler.enable()
    folder = Path(argv[0])
    folder.mkdir(parents=True)
    found = targets(folder)
    if argv[1] in found:
        print("accepted" if read(found[argv[1]], Path(argv[2]).read_bytes(), folder / "again") else "refused")
        return 0
    reading = folder / "reading"
    reading.mkdir()
    used = bound_memory()
    try_all(found, reading, float(argv[1]), argv[2])
    print(f"{used() >> 20} MB")
    return 0 if used() < _MOST_RESIDENT else 3


if __name__ == "__main__":
    code = 1
    try:
        code = main(sys.argv[1:])
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)  # the service's threads and loop are of no more use
