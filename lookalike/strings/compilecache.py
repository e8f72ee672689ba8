"""numba's cache of compiled functions: what is damaged in it is compiled again, not an error."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from numba.core.caching import Cache

_load_overload: Final = Cache.load_overload


def mend_damage() -> None:
    """Make numba forget what it kept of a function if that cannot be read; for the whole process.

    numba has no public interface for it: garbage in its cache ends the first call of the function with the error of
    whatever part of numba or pickle came upon it. A file that cannot be opened remains an error, because it may be
    whole.
    """
    Cache.load_overload = _load_or_forget


def _load_or_forget(cache: Any, signature: Any, target: Any) -> Any:
    try:
        return _load_overload(cache, signature, target)
    except OSError:
        raise
    except Exception:
        cache.disable()
        with contextlib.suppress(OSError):  # a folder that cannot be written to; numba then compiles without it
            cache.flush()
            cache.enable()
        return None
