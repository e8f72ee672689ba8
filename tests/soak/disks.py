"""Scenes on a disk of 24 MiB: python -m tests.soak.disks SCENE FOLDER, in a mount namespace of its own.

Each publishes a snapshot, lets a run fail, mends the disk, and publishes again. Prints what was seen as JSON.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import SNAPSHOTS
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate
from tests.job.command import start, submit
from tests.serving.test_live import write_accounts

ROOT = Path(__file__).resolve().parents[2]
SIZE = "24m"


class Disk:
    """A small disk with the output folder of some runs. input: of few accounts, and of more than it has room for."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "disk"
        self.place.mkdir()
        self.output, self.filler = self.place / "out", self.place / "filler"
        mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self.place))
        self._inputs = {}
        for name, count in (("few", 60), ("many", 3000)):
            inputs = folder / name
            inputs.mkdir()
            self._inputs[name] = write_accounts(inputs, [f"account{number:05d}" for number in range(count)])

    def command(self, name: str) -> list[str | Path]:
        posts, accounts = self._inputs[name]
        options: list[str | Path] = ["--posts", posts, "--accounts", accounts, "--output", self.output]
        return [*options, "--min-similarity", "0.7", "--mode", "full"]  # which writes even if nothing is new

    def run(self, name: str) -> dict[str, Any]:
        done = submit(*self.command(name))
        return {"code": done.returncode, "stderr": done.stderr} | self.look()

    def look(self) -> dict[str, Any]:
        """The live snapshot, all folders, and the snapshots that pass every check."""
        folders = sorted(path.name for path in (self.output / SNAPSHOTS).iterdir())
        whole = [name for name in folders if (self.output / SNAPSHOTS / name / "manifest.json").exists()]
        for name in whole:
            validate(Snapshot.open(FolderOutput(self.output), name))
        return {"live": FolderOutput(self.output).live(), "folders": folders, "checked": whole}

    def fill(self) -> None:
        """Leave no room."""
        with self.filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 12))

    def remount(self, mode: str) -> None:
        mount("-o", f"remount,{mode}", str(self.place))


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def full(disk: Disk) -> dict[str, Any]:
    """A run that finds more pairs than there is room for."""
    return disk.run("many")


def read_only(disk: Disk) -> dict[str, Any]:
    """A run that may not write at all."""
    disk.remount("ro")
    failed = disk.run("few")
    disk.remount("rw")
    return failed


def full_on_the_way(disk: Disk) -> dict[str, Any]:
    """A run that has begun to write its tables when others have filled the disk."""
    known = set((disk.output / SNAPSHOTS).iterdir())
    with start(*disk.command("few")) as process:
        while not any(set(folder.glob("members/*")) for folder in set((disk.output / SNAPSHOTS).iterdir()) - known):
            assert process.poll() is None, "it ended before it had written anything"
            time.sleep(0.005)
        disk.fill()
        _, stderr = process.communicate()
    disk.filler.unlink()
    return {"code": process.returncode, "stderr": stderr}


SCENES = {scene.__name__: scene for scene in (full, full_on_the_way, read_only)}


def main(argv: list[str]) -> int:
    """Play the scene."""
    scene, folder = argv
    disk = Disk(Path(folder))
    seen = {"first": disk.run("few"), "failed": SCENES[scene](disk), "after": disk.look(), "last": disk.run("few")}
    print(json.dumps(seen))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
