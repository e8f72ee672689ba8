"""Processes that die, or disks that fail, at any chosen step."""

import os
from collections.abc import Callable
from typing import Any

import pytest

# Every call by which a run changes the disk or flushes it.
STEPS = ("mkdir", "fsync", "replace", "rename", "unlink", "rmdir")


class KilledError(BaseException):
    """Stands for SIGKILL: no handler of errors may catch it."""


class Failing:
    """Lets a number of steps pass, then makes one fail, or that and all after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, passes: int, error: BaseException, *, only: tuple[str, ...]):
        self.failed = False
        self.left = passes
        self._error = error
        self._lasting = isinstance(error, KilledError)
        for name in only:
            monkeypatch.setattr(os, name, self._wrap(getattr(os, name)))

    def _wrap(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == -1 or (self.failed and self._lasting):
                self.failed = True
                raise self._error
            return step(*args, **options)

        return wrapped
