"""The output and the input in folders of their own: a run reads nothing that it publishes."""

from __future__ import annotations

import glob
import itertools
from pathlib import Path

from jobs.options.config import JobConfig
from lookalike.errors import UsageError
from lookalike.inputurls import InputUrl, input_url


def check_apart(config: JobConfig) -> None:
    """Raise UsageError if the output is a folder of input, or one is in the other."""
    for flag, paths in (("--posts", config.posts), ("--accounts", config.accounts or ())):
        for path in paths:
            if isinstance(config.output, Path):
                where = None if "://" in path else _in_folders(config.output.resolve(), path)
            else:
                where = _in_stores(input_url(str(config.output)), path)
            if where is not None:
                raise UsageError(f"--output: {config.output} {where} a folder of {flag}, {path}; choose another")


def _in_folders(output: Path, path: str) -> str | None:
    """What is wrong with an output and a path of this machine."""
    folder, is_glob = _folder(path)
    if folder is None:
        return None
    if folder == output or folder.is_relative_to(output):
        return "is" if folder == output else "has in it"
    return "is in" if output.is_relative_to(folder) and not is_glob else None


def _in_stores(output: InputUrl | None, path: str) -> str | None:
    """What is wrong with an output and an input that are URLs.

    Nobody has asked the store yet whether the input is a file or a folder. A file may be below the output.
    """
    url = input_url(path)
    if url is None or output is None:
        return None
    parts = url.path.split("/")
    above = list(itertools.takewhile(lambda part: not glob.has_magic(part), parts))
    folder, is_glob = url._replace(path="/".join(above)), len(above) < len(parts)
    if folder == output:
        return "is"
    if is_glob:
        return "has in it" if folder.is_in(output) else None
    return "is in" if output.is_in(folder) else None


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
