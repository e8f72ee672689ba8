"""The output and the input in folders of their own: a run reads nothing that it publishes."""

from __future__ import annotations

import glob
import itertools
from pathlib import Path

from jobs.options.config import JobConfig
from lookalike.errors import UsageError


def check_apart(config: JobConfig) -> None:
    """Raise UsageError if the output is a folder of input, or one is in the other."""
    if not isinstance(config.output, Path):
        return
    output = config.output.resolve()
    for flag, paths in (("--posts", config.posts), ("--accounts", config.accounts or ())):
        for path in paths:
            folder, is_glob = _folder(path)
            if folder is None:
                continue
            if folder == output or folder.is_relative_to(output):
                where = "is" if folder == output else "has in it"
                raise UsageError(f"--output: {config.output} {where} a folder of {flag}, {path}; choose another")
            if output.is_relative_to(folder) and not is_glob:
                raise UsageError(f"--output: {config.output} is in a folder of {flag}, {path}; choose another")


def _folder(path: str) -> tuple[Path | None, bool]:
    """The folder that a path of the input names files of, None for a single file; and whether it is a glob.

    Of a glob: the folder above its first special character; what is below may match or not.
    """
    place = Path(path)
    if place.is_dir():
        return place.resolve(), False
    if place.exists() or not glob.has_magic(path):
        return None, False
    above = itertools.takewhile(lambda part: not glob.has_magic(part), place.parts)
    return Path(*above).resolve(), True
