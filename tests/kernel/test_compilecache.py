"""numba's cache of compiled functions when what is in it is damaged."""

import importlib.util
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba.core.caching import CacheImpl

from lookalike.strings import compilecache

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
from lookalike.strings.compiler import compiled

@compiled
def twice(number):
    return 2 * number
"""


def load(folder: Path) -> Any:
    """The compiled function as a new process would have it."""
    file = folder / "tiny.py"
    if not file.exists():
        file.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("tiny", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.twice


def garbage(file: Path) -> None:
    file.write_bytes(random.Random(1).randbytes(file.stat().st_size))


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    os.truncate(file, 0)


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [garbage, truncate, empty])
def test_a_damaged_function_is_compiled_again_and_kept(
    tmp_path: Path, suffix: str, damage: Callable[[Path], None]
) -> None:
    first = load(tmp_path)
    assert first(21) == 42
    kept = Path(first._cache.cache_path)
    for file in kept.glob(f"*.{suffix}"):
        damage(file)
    again = load(tmp_path)
    assert again(21) == 42
    assert sum(again.stats.cache_misses.values()) == 1
    third = load(tmp_path)
    assert third(21) == 42
    assert sum(third.stats.cache_hits.values()) == 1


def test_one_changed_bit_in_compiled_code_is_noticed(tmp_path: Path) -> None:
    """Such a bit is no error of pickle's, and the code that has it may end the process."""
    first = load(tmp_path)
    assert first(21) == 42
    kept = {file: file.read_bytes() for file in Path(first._cache.cache_path).glob("*.nb?")}
    (code,) = (file for file in kept if file.suffix == ".nbc")
    length = len(kept[code])
    for at in range(300, length - 60, length // 100):  # around it is what pickle itself needs
        for file, content in kept.items():
            file.write_bytes(content)
        changed = bytearray(kept[code])
        changed[at] ^= 1 << at % 8
        code.write_bytes(changed)
        with compilecache.only_loading(), pytest.raises(compilecache.NotCompiledError):
            load(tmp_path)(21)


def test_a_damaged_cache_that_cannot_be_mended_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(tmp_path)
    assert first(21) == 42
    for file in Path(first._cache.cache_path).glob("*.nbi"):
        garbage(file)
    again = load(tmp_path)

    def refuse() -> None:
        raise PermissionError

    monkeypatch.setattr(again._cache, "flush", refuse)
    assert again(21) == 42


def test_a_file_that_cannot_be_opened_now_is_an_error_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path)(21) == 42
    again = load(tmp_path)

    def fail(*_: object) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(compilecache, "_load_overload", fail)
        with pytest.raises(OSError, match="Too many open files"):
            again(21)
    assert load(tmp_path)(21) == 42


def test_where_only_loading_is_allowed_nothing_is_compiled(tmp_path: Path) -> None:
    first = load(tmp_path)
    with compilecache.only_loading(), pytest.raises(compilecache.NotCompiledError):
        first(21)
    assert list(tmp_path.rglob("*.nbi")) == []
    assert first(21) == 42
    again = load(tmp_path)
    with compilecache.only_loading():
        assert again(21) == 42
    for file in Path(first._cache.cache_path).glob("*.nbc"):
        garbage(file)
    damaged = load(tmp_path)
    with compilecache.only_loading(), pytest.raises(compilecache.NotCompiledError):
        damaged(21)
    assert damaged(21) == 42


def test_a_function_that_cannot_be_kept_is_compiled_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = load(tmp_path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compilecache, "_failures", [])
    monkeypatch.setattr(function._cache._cache_file, "_save_data", fail)
    assert compilecache.why_not_kept() is None
    assert function(21) == 42
    assert str(compilecache.why_not_kept()) == "[Errno 28] No space left on device"


def test_functions_are_compiled_where_no_folder_can_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    function = load(tmp_path)
    assert function(21) == 42
    assert function.stats.cache_path is None


@pytest.mark.parametrize("module", ["serving.app", "jobs.pipeline.run", "jobs.stages.scan.explode"])
def test_the_service_the_job_and_its_tasks_mend_their_cache(module: str) -> None:
    script = f"import {module}; from numba.core.caching import Cache; print(Cache.load_overload.__module__)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "lookalike.strings.compilecache\n"
