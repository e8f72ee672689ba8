"""The process from which Spark forks its Python workers (spark.python.daemon.module); it loads everything first.

PySpark's own daemon loads nothing. Each worker would then load the stages and their compiled functions itself, which
takes more than a second of a core. Here they are loaded once, into memory that all workers share.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import pkgutil
import sys
from importlib.abc import MetaPathFinder
from typing import Any

_GARBAGE = 100_000  # new objects after which a worker looks for cycles; by default 700
_OF_INCREMENTS = ("mergemembers", "mergetables")  # the modules of that package that tasks use


class _WithoutPandas(MetaPathFinder):
    """Hides pandas. Arrow imports it with its first array, which takes half a second, and no task uses it."""

    def find_spec(self, fullname: str, *_: Any) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("tasks do not use pandas", name=fullname)


def load() -> None:
    """Import PySpark's worker and the stages, and load the functions that earlier runs have compiled."""
    importlib.import_module("pyspark.worker")
    stages = importlib.import_module("jobs.stages")
    for module in pkgutil.walk_packages(stages.__path__, "jobs.stages."):
        importlib.import_module(module.name)
    for name in _OF_INCREMENTS:
        importlib.import_module(f"jobs.incremental.{name}")
    _load_compiled()
    # Arrow's own pool takes memory in pages of 2 MB. Clearing them costs more than filling tables as small as ours.
    arrow = importlib.import_module("pyarrow")
    arrow.set_memory_pool(arrow.system_memory_pool())
    gc.collect()
    gc.freeze()  # a collection writes to the objects, and memory that is written to is no longer shared
    gc.set_threshold(_GARBAGE)


def _load_compiled() -> None:
    """Load the job's functions in every form that numba keeps on disk for this processor.

    Functions that are only called by other compiled functions are left out: the code of the callers contains them.
    If Python calls one, numba loads it then.
    """
    from numba.core.dispatcher import Dispatcher

    own = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("jobs", "lookalike")]
    functions = {value for module in own for value in vars(module).values() if isinstance(value, Dispatcher)}
    named = [(f.py_func.__globals__, name) for f in functions for name in f.py_func.__code__.co_names]
    called = {id(known.get(name)) for known, name in named}
    for function in (function for function in functions if id(function) not in called):
        kept: Any = function
        codegen = function.targetctx.codegen()
        with contextlib.suppress(Exception):  # what fails here is loaded when it is called
            # numba has no public interface for it.
            for signature, *rest in kept._cache._cache_file._load_index():
                if (signature, *rest) == kept._cache._index_key(signature, codegen):
                    function.compile(signature)


if __name__ == "__main__":
    # Spark sends PySpark as a zip without compiled modules. An installed PySpark loads in half the time.
    sys.path.sort(key=lambda place: place.endswith(".zip"))
    sys.meta_path.insert(0, _WithoutPandas())
    load()
    importlib.import_module("pyspark.daemon").manager()
