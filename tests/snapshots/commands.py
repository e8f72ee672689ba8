"""The command line of the snapshots, called in this process."""

from dataclasses import dataclass

import pytest

from jobs.snapshots.__main__ import main


@dataclass
class Ran:
    code: int
    lines: list[str]
    errors: str


class Command:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        return Ran(code, out.splitlines(), err)


def split(lines: list[str]) -> list[list[str]]:
    """The cells of the lines of a table, without empty ones."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]
