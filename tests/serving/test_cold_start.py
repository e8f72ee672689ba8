"""Services that start where functions have not been compiled yet: their answers, and the processes that compile."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import numba
import pytest

from serving.lookup import compiled
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import with_groups

from .conftest import Published
from .running import Service, ServiceFactory, eventually, service_process
from .test_identical import check_alike, crowded

READY = "compiled functions are ready"
COMPILES = "compiling what look-ups run, in another process"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that lacks one of the functions that look-ups run; an empty one if this process has none to copy."""
    if not compiled.are_ready():
        compiled.compile_all()
    folder = tmp_path / "numba"
    if numba.config.CACHE_DIR:
        shutil.copytree(numba.config.CACHE_DIR, folder, ignore=shutil.ignore_patterns("encoding._write-*", "*.tmp.*"))
    (folder / Path(str(compiled.folder())).name).mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def nobody_compiles(cache: Path) -> Iterator[None]:
    """Hold what a service has to hold while it has functions compiled."""
    descriptor = os.open(cache / Path(str(compiled.folder())).name, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def descendants(process: int) -> list[int]:
    """The processes that a process has started, and those that they have started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and is_alive(int(entry.name)):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = list(children.get(process, []))
    for child in found:
        found += children.get(child, [])
    return found


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def compilers(service: int) -> list[int]:
    command = compiled.__name__.encode()
    return [one for one in descendants(service) if command in Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")]


@pytest.mark.parametrize(
    ("module", "workers"), [("uvicorn", 1), pytest.param("serving", 2, marks=pytest.mark.thorough)]
)
def test_answers_are_right_before_anything_is_compiled_and_one_process_compiles(
    medium_snapshot: Published, medium_service: Service, cache: Path, tmp_path: Path, module: str, workers: int
) -> None:
    expected = {least: medium_service.client.pairs("covid19", least) for least in ("0.8", "0.5", "0")}
    environ = {"NUMBA_CACHE_DIR": str(cache), "LOOKALIKE_WORKERS": str(workers), "TMPDIR": str(tmp_path)}
    with contextlib.ExitStack() as stack:
        with nobody_compiles(cache):
            service = stack.enter_context(service_process(medium_snapshot.output, tmp_path, environ, module=module))
            assert {least: service.client.pairs("covid19", least) for least in expected} == expected
            assert (READY in service.log, COMPILES in service.log) == (False, False)
        eventually(lambda: service.log.count(READY), lambda count: count == workers)
        assert service.log.count(COMPILES) == 1
        assert descendants(service.process.pid) == [] or workers > 1
        assert compilers(service.process.pid) == []
        for _ in range(4 * workers):
            with service.new_client() as client:
                assert client.pairs("covid19", "0.5") == expected["0.5"]
    kept = cache / Path(str(compiled.folder())).name
    assert len(list(kept.glob("encoding._write-*.nbi"))) == 1
    assert "slows answers down" not in service.log


@pytest.mark.parametrize("identical", [pytest.param("pairs", marks=pytest.mark.thorough), "group"])
def test_no_request_has_a_function_compiled(
    tmp_path: Path, serve: ServiceFactory, monkeypatch: pytest.MonkeyPatch, identical: str
) -> None:
    rng, cache = random.Random(identical), tmp_path / "numba"
    monkeypatch.setattr("os.fsync", lambda _: None)
    sample = crowded(rng)
    publish_sample(tmp_path / "pairs", sample)
    publish_sample(tmp_path / "group", with_groups(sample))
    (cache / Path(str(compiled.folder())).name).mkdir(parents=True)
    environ = {"NUMBA_CACHE_DIR": str(cache), "TMPDIR": str(tmp_path)}
    with nobody_compiles(cache), service_process(tmp_path / identical, tmp_path, environ) as cold:
        check_alike(serve(tmp_path / "pairs"), cold, sample, rng)
    assert [path.name for path in cache.rglob("*.nb?")] == []


@pytest.mark.parametrize(
    ("module", "workers", "how"),
    [
        ("uvicorn", 1, signal.SIGINT),
        ("serving", 2, signal.SIGKILL),
        *(
            pytest.param(module, workers, how, marks=pytest.mark.thorough)
            for module, workers, how in [
                ("uvicorn", 1, signal.SIGKILL),
                ("uvicorn", 1, signal.SIGTERM),
                ("serving", 2, signal.SIGTERM),
                ("serving", 2, signal.SIGINT),
            ]
        ),
    ],
)
def test_no_process_outlives_the_service(
    tiny_snapshot: Published, tmp_path: Path, module: str, workers: int, how: signal.Signals
) -> None:
    environ = {"NUMBA_CACHE_DIR": str(tmp_path), "LOOKALIKE_WORKERS": str(workers), "TMPDIR": str(tmp_path)}
    with service_process(tiny_snapshot.output, tmp_path, environ, module=module) as service:
        started = eventually(lambda: compilers(service.process.pid))
        started += descendants(service.process.pid)
        os.kill(service.process.pid, how)
        service.process.wait()
        eventually(lambda: [process for process in started if is_alive(process)], lambda left: left == [])
