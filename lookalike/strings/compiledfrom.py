"""What a compiled function was made of: the code of all it calls and the values that it uses.

numba keeps a compiled function until the file that it is written in changes. The code of other modules' functions
is in it as well: after an update such a function would go on as it was before.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import numpy as np
from numba.core.caching import Cache
from numba.core.dispatcher import Dispatcher

_index_key: Final = Cache._index_key
_NAME: Final = re.compile(r"\w+")
_PLAIN: Final = (bool, int, float, str, bytes, tuple, frozenset, np.generic)


def see_all_changes() -> None:
    """Make numba compile a function again if anything that it was made of has changed; for the whole process.

    numba has no public interface for it.
    """
    Cache._index_key = _key_with_uses


def _key_with_uses(cache: Any, signature: Any, codegen: Any) -> tuple[Any, ...]:
    return *_index_key(cache, signature, codegen), digest(cache._py_func)


@functools.cache  # each form of a function asks for it
def digest(function: FunctionType) -> str:
    """A hash of the function's code, of the functions that it calls, and of the constants and records it uses."""
    found = hashlib.sha256()
    for part in _parts(function, set()):
        found.update(part.encode())
    return found.hexdigest()


def _parts(function: FunctionType, seen: set[CodeType]) -> Iterator[str]:
    code = function.__code__
    if code in seen:
        return
    seen.add(code)
    yield from _of_code(code)
    for name in sorted(_names(function)):
        value = function.__globals__.get(name)
        called = _python_of(value)
        if called is not None:
            yield from _parts(called, seen)
        elif isinstance(value, np.ndarray):
            yield f"{name} {value.dtype} {value.shape} {value.tobytes()!r}"
        elif isinstance(value, _PLAIN):
            yield f"{name} {_shown(value)}"
        elif isinstance(value, type) and issubclass(value, tuple):
            yield f"{name} {getattr(value, '_fields', ())}"


def _python_of(value: Any) -> FunctionType | None:
    """The Python of something that can be called; None if there is none, or if it is not compiled with the caller."""
    if isinstance(value, Dispatcher):
        return value.py_func
    defined = getattr(value, "_defn", value) if not isinstance(value, ModuleType) else None
    return defined if isinstance(defined, FunctionType) else None


def _names(function: FunctionType) -> set[str]:
    """Names that may be of its module: of its code and of its annotations, which name the records it takes."""
    annotations = " ".join(str(one) for one in function.__annotations__.values())
    return {*_names_in(function.__code__), *_NAME.findall(annotations)}


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _of_code(code: CodeType) -> Iterator[str]:
    yield f"{code.co_code!r} {code.co_names} {code.co_varnames}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _of_code(constant)
        else:
            yield _shown(constant)


def _shown(value: Any) -> str:
    """The same in every process."""
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
