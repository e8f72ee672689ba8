"""numba's cache of compiled functions: what cannot be read in it or written to it is compiled again, not an error."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import threading
from collections.abc import Iterator
from typing import Any, Final

from numba.core.caching import Cache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher

_load_overload: Final = Cache.load_overload
_save_overload: Final = Cache.save_overload
_enable_caching: Final = Dispatcher.enable_caching
_dump: Final = IndexDataCacheFile._dump
_thread: Final = threading.local()
_failures: Final[list[OSError]] = []


class NotCompiledError(Exception):
    """A function has to be compiled, and only loading is allowed."""


class DamagedCacheError(Exception):
    """What is in a file of the cache is not what was written to it."""


def mend_damage() -> None:
    """Change what numba does where its cache is damaged or cannot be written to, for the whole process.

    numba has no public interface for it. Garbage in its cache ends the first call of the function with the error of
    whatever part of numba or pickle came upon it: what cannot be read is forgotten and compiled again. A file that
    cannot be opened remains an error, because it may be whole. A function that cannot be kept is compiled all the
    same, see `why_not_kept`. So is one for which there is no folder that can be written to. What is written has a
    checksum, because machine code with one changed bit ends the process or computes something else.
    """
    IndexDataCacheFile._dump = _dump_with_checksum
    Cache.load_overload = _load_or_forget
    Cache.save_overload = _save_or_note
    Dispatcher.enable_caching = _cache_if_possible  # type: ignore[method-assign, assignment]  # see above


@contextlib.contextmanager
def only_loading() -> Iterator[None]:
    """In this thread, a function that is not in the cache raises NotCompiledError at its first call."""
    _thread.only_loads = True
    try:
        yield
    finally:
        _thread.only_loads = False


def why_not_kept() -> OSError | None:
    """Why a function that this process compiled is not in the cache; None if all are."""
    return _failures[0] if _failures else None


def _load_or_forget(cache: Any, signature: Any, target: Any) -> Any:
    found = None
    try:
        found = _load_overload(cache, signature, target)
    except OSError:
        raise
    except Exception:
        cache.disable()
        with contextlib.suppress(OSError):  # a folder that cannot be written to; numba then compiles without it
            cache.flush()
            cache.enable()
    if found is None and getattr(_thread, "only_loads", False):
        raise NotCompiledError(repr(cache))
    return found


def _save_or_note(cache: Any, signature: Any, compiled: Any) -> None:
    try:
        _save_overload(cache, signature, compiled)
    except OSError as error:
        _failures[:] = _failures or [error]


class _Checked:
    """The content of a file of the cache. To load it is to compare it with its checksum."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_checked, (self._content, hashlib.sha256(self._content).digest())


def _load_checked(content: bytes, checksum: bytes) -> Any:
    if hashlib.sha256(content).digest() != checksum:
        raise DamagedCacheError
    return pickle.loads(content)


def _dump_with_checksum(file: Any, value: Any) -> bytes:
    return pickle.dumps(_Checked(_dump(file, value)), protocol=pickle.HIGHEST_PROTOCOL)


def _cache_if_possible(dispatcher: Any) -> None:
    with contextlib.suppress(RuntimeError):  # no folder can be written to
        _enable_caching(dispatcher)
