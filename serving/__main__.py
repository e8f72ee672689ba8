"""Starts uvicorn with the service: python -m serving. Host, port and the rest come from the settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import NoReturn

from serving.settings import Settings, SettingsError, load_settings


def uvicorn_command(settings: Settings) -> list[str]:
    """The command that serves with these settings; the application reads the others itself."""
    command = [sys.executable, "-m", "uvicorn", "--factory", "serving.app:create_app"]
    command += ["--host", settings.host, "--port", str(settings.port)]
    return [*command, "--loop", "uvloop", "--http", "httptools"]


def main(environ: Mapping[str, str]) -> NoReturn:
    """Become uvicorn."""
    try:
        command = uvicorn_command(load_settings(environ))
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    os.execve(command[0], command, dict(environ))


if __name__ == "__main__":
    main(os.environ)
