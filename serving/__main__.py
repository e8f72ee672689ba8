"""Starts the service: python -m serving. Host, port, number of workers and the rest come from the settings."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
from typing import Final

# While modules load, Ctrl-C just ends the process. A worker leaves it to the process that started it.
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
elif __name__ == "__mp_main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)

import uvicorn

from serving.ops.logs import configure_logging
from serving.settings import METRICS_VARIABLE, SettingsError, load_settings

_HELP: Final = """\
Serves the snapshot that is live in an output of the job, and each one that becomes live later.

examples:
  python -m serving
  LOOKALIKE_OUTPUT=/data/out LOOKALIKE_PORT=8080 LOOKALIKE_WORKERS=4 python -m serving
  LOOKALIKE_CONFIG=/etc/lookalike/serving.yaml python -m serving

There are no flags. Each key of conf/serving.yaml, where all settings are explained, is also a variable of the
environment, such as LOOKALIKE_OUTPUT for output; the variable wins. The documentation of the API is served
at /docs.
"""


def main() -> int:
    """Serve until a signal ends it; the exit code of a start that fails."""
    parser = argparse.ArgumentParser(
        prog="python -m serving", description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    with contextlib.ExitStack() as stack:
        if settings.workers > 1:
            configure_logging(settings)  # for uvicorn's supervisor; each worker does it for itself
            if METRICS_VARIABLE not in os.environ:
                folder = tempfile.TemporaryDirectory(prefix="lookalike-metrics-")
                os.environ[METRICS_VARIABLE] = stack.enter_context(folder)
        uvicorn.run(
            "serving.app:create_app",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            loop="uvloop",
            http="httptools",
            log_config=None,
            log_level="info",
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before the server listens to it
        sys.exit("error: interrupted")
