"""Whether the functions of this process are compiled, or run as the Python that they are written in.

Compiled ones are a hundred times as fast, but loading numba takes a third of a second, and compiling a function up to
several. A command that reads a few rows is sooner done without.
"""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Any

_interpreting = False


def interpret() -> None:
    """Run functions as Python whose modules are imported from now on, unless this process has loaded numba."""
    global _interpreting  # modules ask when they are imported, and nothing can be passed to them
    _interpreting = "numba" not in sys.modules


def is_interpreting() -> bool:
    """Whether functions run as Python."""
    return _interpreting


def compiled(function: Any = None, /, **options: bool | str) -> Any:
    """A function, compiled by numba at its first call and kept in numba's cache; other threads run beside it.

    options: more of those of numba.njit. The result is Any: numba takes numbers of any kind where int is written.
    """

    def as_asked(function: Any) -> Any:
        return function if _interpreting else _numba().njit(cache=True, nogil=True, **options)(function)

    return as_asked if function is None else as_asked(function)


@functools.cache
def _numba() -> ModuleType:
    """numba, with our changes to how it keeps functions."""
    import numba  # loads slowly

    from lookalike.strings.compilecache import mend_damage
    from lookalike.strings.compiledfrom import see_all_changes

    mend_damage()
    see_all_changes()
    return numba
