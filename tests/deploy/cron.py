"""Debian's cron with the project's crontab, every minute."""

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from ..serving.running import eventually
from .examples import ROOT, crontab_line, text
from .machine import Machine

UNPACKED = ROOT / ".cache/cron"
ALONE = Path(__file__).with_name("cron_alone.sh")
SENDMAIL = """#!/bin/sh
cat >>{mail}
"""


class Cron:
    """Runs as long as its context lasts; leaving it waits for what cron has started."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        """Take an empty folder for the crontab and the mail."""
        if os.geteuid() or not (UNPACKED / "usr/sbin/cron").exists():
            pytest.fail("this test needs root, and a cron: make test-deploy", pytrace=False)
        self._output = str(machine.output).encode()
        self._crontab, self._mail, self._sbin = folder / "crontab", folder / "mail", folder / "sbin"
        self._crontab.write_text(machine.here(text("crontab").replace(crontab_line()[0], "* * * * *")))
        self._sbin.mkdir()
        (self._sbin / "sendmail").write_text(SENDMAIL.format(mail=self._mail))
        (self._sbin / "sendmail").chmod(0o755)

    @property
    def mail(self) -> str:
        """What cron has mailed."""
        return self._mail.read_text() if self._mail.exists() else ""

    def __enter__(self) -> Self:
        """Start cron."""
        unshare = shutil.which("unshare")
        assert unshare is not None, "needs unshare: apt-get install util-linux"
        self._process = subprocess.Popen(
            [unshare, "--mount", ALONE, UNPACKED, self._crontab, self._sbin], env={"PATH": os.defpath}
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()
        eventually(lambda: not self._running())

    def _running(self) -> list[str]:
        """Processes that cron has started: they name the output."""
        return [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if self._output in _content(path)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""
