"""Makes the compiled functions ready while look-ups are answered at full speed.

Compiling takes half a minute and holds the interpreter for most of it, so another process does it, into numba's
cache. Loading from there holds it for some hundredths of a second a function. If several processes of a machine start
at once, one of them has the functions compiled, and the others wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from lookalike.strings.compilecache import NotCompiledError
from serving.lookup import compiled
from serving.state import State

_log = logging.getLogger("serving")
_PAUSE: Final = 1.0  # seconds before a warm-up that failed is tried again; twice as many each time
_LONGEST_PAUSE: Final = 60.0
_LOOK_SECONDS: Final = 0.1  # between looks whether another process is done
# -P: the code is this process's, whatever folder it runs in.
_COMMAND: Final = (sys.executable, "-P", "-m", compiled.__name__)
_CODE: Final = str(Path(__file__).parents[2])


async def warm_up(state: State) -> None:
    """Load the compiled functions, before the first request. If that is not possible, leave it to warm_up_later."""
    begun = time.monotonic()
    with contextlib.suppress(Exception):  # warm_up_later comes upon the same, and logs it
        if await _is_loaded(state):
            _settle(begun)


async def warm_up_later(state: State) -> None:
    """Make the compiled functions ready, compiling what is missing. What fails is tried again: it may pass."""
    if compiled.are_ready():
        return
    begun, pause = time.monotonic(), _PAUSE
    while not compiled.are_ready():
        try:
            await _make_ready(state)
        except Exception:
            _log.exception("the comparison could not be compiled; tried again in %.0f seconds", pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
    _settle(begun)


async def _make_ready(state: State) -> None:
    if await _is_loaded(state):
        return
    failure = await _compile_apart(state)
    if failure is None:
        if await _is_loaded(state):
            return
        failure = f"{compiled.folder()}: what another process compiled is not there"
    _log.warning("%s; compiling in this process, which slows answers down", failure)
    state.compiling = True
    try:
        await _in_thread(state, compiled.compile_all)
    finally:
        state.compiling = False


async def _is_loaded(state: State) -> bool:
    try:
        await _in_thread(state, compiled.load)
    except NotCompiledError:
        return False
    return True


async def _compile_apart(state: State) -> str | None:
    """Have another process compile the functions, unless one has meanwhile. What has failed, for the log; or None."""
    folder = compiled.folder()
    if folder is None:
        return "no folder for compiled functions can be written to: set NUMBA_CACHE_DIR"
    async with _turn(folder):
        if await _is_loaded(state):
            return None
        try:
            return await _run_apart()
        except OSError as error:
            return f"no other process can be started to compile: {error.strerror}"


async def _run_apart() -> str | None:
    """Run serving.lookup.compiled. Cancelling this ends it; it also ends by itself when this process does."""
    _log.info("compiling what look-ups run, in another process; until it is done they are answered without")
    code = os.pathsep.join(filter(None, (_CODE, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            _COMMAND,
            env=os.environ | {"PYTHONPATH": code},
            stdin=subprocess.PIPE,  # nothing is written to it, see compiled.main
            stdout=said,
            stderr=said,
            start_new_session=True,  # Control-C in the terminal is for the service
        )
        try:
            while process.poll() is None:
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            process.kill()
            process.communicate()
        if process.returncode == 0:
            return None
        said.seek(0)
        last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
        return f"compiling in another process failed with exit code {process.returncode}: {last}"


@contextlib.asynccontextmanager
async def _turn(folder: str) -> AsyncIterator[None]:
    """One process of this machine at a time. Where the folder cannot be locked, all go on at once.

    The lock is the operating system's on the open folder: it ends with this process.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            while not _take(descriptor):
                await asyncio.sleep(_LOOK_SECONDS)
            stack.callback(fcntl.flock, descriptor, fcntl.LOCK_UN)  # closing alone waits for a child just starting
        yield


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _in_thread(state: State, call: Callable[[], None]) -> None:
    await asyncio.get_running_loop().run_in_executor(state.executor, call)


def _settle(begun: float) -> None:
    gc.collect()
    gc.freeze()  # what lives as long as the service need not be looked at in every full collection
    _log.info("compiled functions are ready after %.1f seconds", time.monotonic() - begun)
