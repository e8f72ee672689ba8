"""The process that Spark forks its Python workers from (spark.python.daemon.module), with all loaded beforehand.

PySpark's own daemon loads nothing: each worker would load the stages and their compiled functions for itself, for
more than a second of its core. What is loaded here is loaded once and stays in memory that all workers share.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import pkgutil
import sys
from importlib.abc import MetaPathFinder
from typing import Any

_GARBAGE = 100_000  # objects more than before, and a worker looks for cycles; by default it does after 700
_OF_INCREMENTS = ("mergemembers", "mergetables")  # what tasks run of a package that the driver uses, too


class _WithoutPandas(MetaPathFinder):
    """Arrow looks for pandas when it is given its first array. That takes half a second, and no task uses it."""

    def find_spec(self, fullname: str, *_: Any) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("tasks do without pandas", name=fullname)


def load() -> None:
    """Import PySpark's worker and the stages, and load what earlier runs compiled of the job."""
    importlib.import_module("pyspark.worker")
    stages = importlib.import_module("jobs.stages")
    for module in pkgutil.walk_packages(stages.__path__, "jobs.stages."):
        importlib.import_module(module.name)
    for name in _OF_INCREMENTS:
        importlib.import_module(f"jobs.incremental.{name}")
    _load_compiled()
    # Arrow's own pool takes memory in pages of 2 MB, which cost the system more to clear than tables this small fill.
    arrow = importlib.import_module("pyarrow")
    arrow.set_memory_pool(arrow.system_memory_pool())
    gc.collect()
    gc.freeze()  # a collection writes to what it looks at, and what is written to is no longer shared
    gc.set_threshold(_GARBAGE)


def _load_compiled() -> None:
    """The job's functions in every form that numba keeps on disk for this processor.

    Not those that others call: whoever calls them has their code in his own. Should Python call one, it loads it.
    """
    from numba.core.dispatcher import Dispatcher

    own = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("jobs", "lookalike")]
    functions = {value for module in own for value in vars(module).values() if isinstance(value, Dispatcher)}
    named = [(f.py_func.__globals__, name) for f in functions for name in f.py_func.__code__.co_names]
    called = {id(known.get(name)) for known, name in named}
    for function in (function for function in functions if id(function) not in called):
        kept: Any = function
        here = function.targetctx.codegen().magic_tuple()
        with contextlib.suppress(Exception):  # only a head start: what fails here is loaded when it is called
            for signature, processor, *_ in kept._cache._cache_file._load_index():  # numba has no public view of it
                if processor == here:
                    function.compile(signature)


if __name__ == "__main__":
    # PySpark comes in a zip, without compiled modules, too; where it is also installed that loads in half the time.
    sys.path.sort(key=lambda place: place.endswith(".zip"))
    sys.meta_path.insert(0, _WithoutPandas())
    load()
    importlib.import_module("pyspark.daemon").manager()
