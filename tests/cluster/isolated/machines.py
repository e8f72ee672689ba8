"""A Spark standalone cluster whose machines share nothing: each has a file system of its own; see machine.sh."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.cluster.standalone import SPARK, Places, Standalone
from tests.job.command import ROOT


class Isolated(Standalone):
    """Master and workers see none of `hidden`, nor the repository, this Python, or each other's folder."""

    def __init__(self, folder: Path, hidden: list[Path]) -> None:
        super().__init__(folder)
        own = (ROOT, Path(sys.prefix).resolve(), Path.home(), folder)
        self._hidden = sorted({path.resolve() for path in (*own, *hidden)})

    def places(self, name: str) -> Places:
        """As the script mounts them."""
        own = self.folder / name
        (own / "tmp").mkdir(parents=True, exist_ok=True)
        before: list[str | Path] = [str(shutil.which("env")), f"PATH={os.environ['PATH']}"]
        before += [Path(__file__).with_name("machine.sh"), own, SPARK, _java(), self.path, *self._outermost(), "--"]
        srv = Path("/srv")
        return Places(srv / "own", srv / "spark", srv / "java", srv / "bin", before)

    def _outermost(self) -> list[Path]:
        """Those of the hidden folders that are in none of the others, which are gone when theirs is hidden."""
        return [one for one in self._hidden if not any(other in one.parents for other in self._hidden)]


def _java() -> Path:
    """The folder of the real Java: JAVA_HOME is the project's own, whose command is a script of the repository."""
    return Path(str((Path(os.environ["JAVA_HOME"]) / "found").read_text().strip())).resolve().parents[1]
