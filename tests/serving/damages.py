"""Ways to damage a snapshot."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import CURRENT, new_snapshot_id

Damage = Callable[[Path], object]


def copied_snapshot(output: Path, damage: Damage | None = None) -> str:
    """Copy the live snapshot to one of a new id in the same folder, damage it, and make it the live one."""
    old, new = FolderOutput(output).live(), new_snapshot_id()
    folder = output / "snapshots" / new
    shutil.copytree(output / "snapshots" / old, folder)
    change_manifest(folder, lambda manifest: json.loads(json.dumps(manifest).replace(old, new)))
    if damage is not None:
        damage(folder)
    make_current(output, new)
    return new


def make_current(output: Path, snapshot: str) -> None:
    temporary = output / "CURRENT.tmp"
    temporary.write_text(snapshot + "\n")
    temporary.replace(output / CURRENT)


def change_manifest(folder: Path, change: Callable[[Any], Any]) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))


def a_file(folder: Path, table: str = "pairs") -> Path:
    return max(folder.glob(f"{table}/**/*.parquet"), key=lambda path: path.stat().st_size)


def flip_a_byte(folder: Path) -> None:
    file = a_file(folder)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0x40
    file.write_bytes(content)


def flip_a_byte_of_a_spelling(folder: Path) -> None:
    file = a_file(folder, "spellings")
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0x40
    file.write_bytes(content)


def lose_spellings(folder: Path) -> None:
    for file in folder.glob("spellings/**/*.parquet"):
        file.unlink()


def cut_short(folder: Path) -> None:
    os.truncate(a_file(folder, "members"), 100)


def grow(folder: Path) -> None:
    with a_file(folder, "hashtags").open("ab") as file:
        file.write(b"more")


def lose_a_file(folder: Path) -> None:
    a_file(folder).unlink()


def half_a_manifest(folder: Path) -> None:
    file = folder / "manifest.json"
    os.truncate(file, file.stat().st_size // 2)


def lose_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def newer_schema(folder: Path) -> None:
    change_manifest(
        folder, lambda manifest: manifest | {"schema_version": manifest["schema_version"] + 2}
    )  # one more is that of grouped snapshots


def leave_the_folder(folder: Path) -> None:
    def change(manifest: Any) -> Any:
        manifest["files"][0]["path"] = "../../../../etc/passwd"
        return manifest

    change_manifest(folder, change)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "flipped byte": (flip_a_byte, "checksum"),
    "truncated": (cut_short, "has 100 bytes, the manifest says"),
    "grown": (grow, "bytes, the manifest says"),
    "missing file": (lose_a_file, "cannot be read: No such file"),
    "half a manifest": (half_a_manifest, "is not a manifest"),
    "no manifest": (lose_the_manifest, "No such file"),
    "newer schema": (newer_schema, "schema version"),
    "path outside": (leave_the_folder, "not the path of a data file"),
}
each_damage = pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
