"""A copy of the project in which the commands of the documentation are run, as in a fresh checkout."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
from numba.core.caching import UserProvidedCacheLocator

from ..serving.running import LONGEST, eventually, free_port

ROOT = Path(__file__).resolve().parents[2]


class Project:
    """A copy of the project for the commands to run in, with the installed .venv.

    It has the same place every time, since what numba compiles is kept by the path of its source.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder = folder
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
        found = ROOT / ".cache/java/found"
        if found.exists():  # the Java that this test's own run uses
            self._environment["JAVA_HOME"] = str(Path(found.read_text().strip()).parents[1])

    def fill(self) -> None:
        for made in (".cache/demo", "out"):
            shutil.rmtree(self._folder / made, ignore_errors=True)
        for name in ("jobs", "lookalike", "serving", "conf", "scripts", "bench", "docs/tutorial/data"):
            shutil.rmtree(self._folder / name, ignore_errors=True)
            shutil.copytree(ROOT / name, self._folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("Makefile", "spark-submit.sh", "requirements.txt", "requirements-dev.txt"):
            shutil.copy2(ROOT / name, self._folder)
        venv = self._folder / ".venv"
        if not venv.is_symlink():
            venv.symlink_to(ROOT / ".venv")
        for name in ("jobs", "lookalike", "serving"):
            for folder in {path.parent.relative_to(ROOT) for path in (ROOT / name).rglob("*.py")}:
                self._share_compiled(folder)

    def _share_compiled(self, folder: Path) -> None:
        """Take over what numba has compiled of a folder's functions; it uses what is of the same source."""
        find = UserProvidedCacheLocator.get_suitable_cache_subpath
        kept, wanted = (find(str(root / folder / "any.py")) for root in (ROOT, self._folder))
        kept_in = Path(os.environ.get("NUMBA_CACHE_DIR") or ROOT / ".cache/numba")
        if (kept_in / kept).is_dir():
            shutil.copytree(kept_in / kept, self._folder / ".cache/numba" / wanted, dirs_exist_ok=True)

    def set_up(self) -> None:
        """Do `make setup`, but archive no classes of Java: it starts once here, and the archive takes longer."""
        self.run("make", "java")
        (self._folder / ".cache/java/spark.jsa").touch()
        self.run("make", "setup")

    def run(self, *command: str, given: str = "") -> str:
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def serving(self, command: str) -> Iterator[httpx.Client]:
        """A service that a command started, asked on a free port once it is ready."""
        port = free_port()
        environment = self._environment | {"LOOKALIKE_PORT": str(port)}
        process = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=self._folder, env=environment)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=LONGEST) as client:
                eventually(lambda: _is_ready(client))
                yield client
        finally:
            process.terminate()
            process.wait()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
