"""The main script of the job; ./spark-submit.sh runs it."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

_FOLDER = str(Path(__file__).resolve().parent)
if sys.path and str(Path(sys.path[0]).resolve()) == _FOLDER:
    del sys.path[0]  # Python puts a script's folder first; the job's modules are found as jobs.* and lookalike.*

from jobs.options.cli import parse_arguments  # noqa: E402  # needs the right path
from jobs.reporting.progress import Progress  # noqa: E402  # likewise
from jobs.reporting.terminal import printable  # noqa: E402  # likewise
from lookalike.errors import JobError  # noqa: E402  # likewise

if TYPE_CHECKING:
    from jobs.options.config import JobConfig
    from lookalike.snapshots.manifest import Manifest


_interrupted = threading.Event()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ends the run such that it clears up and tells of it, whichever signal it was."""
    _interrupted.set()
    signal.default_int_handler(number, frame)


def main(argv: Sequence[str]) -> int:
    """Run the job, report, and tell of it; the process's exit code."""
    try:
        config = parse_arguments(argv)
    except JobError as error:
        _print_error(str(error))
        return error.exit_code
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    begun, progress, published, reason = datetime.now(UTC), Progress(shown=config.progress), None, None
    try:
        published, code = _run(config, progress), 0
    except JobError as error:
        code, reason = error.exit_code, str(error)
        _print_error(reason)
    except (Exception, KeyboardInterrupt) as error:
        code = 1
        if isinstance(error, KeyboardInterrupt) or _interrupted.is_set():  # which Java may have made another error
            reason = "interrupted; nothing was published"
            _print_error(reason)
        else:
            reason = "".join(traceback.format_exception_only(error)).strip()
            traceback.print_exc()
    if published is not None:
        _report(config, published)
    if not config.plan:
        from jobs.reporting.runrecord import RunRecord, tell

        first_line = None if reason is None else reason.partition("\n")[0]  # the others show rows of the input
        tell(config, RunRecord(begun, datetime.now(UTC), code, first_line, progress.seconds, published))
    return code


def _run(config: JobConfig, progress: Progress) -> Manifest | None:
    """What was published; None of a plan."""
    from jobs.spark.session import start_spark  # Spark and numba load slowly: not before --help

    name = f"lookalike {config.output}"
    # At once; but not while waiting for another run, which may need the memory.
    started = None if config.wait else start_spark(name)
    from jobs.pipeline.pipeline import run  # loads while Java starts

    return run(config, lambda: started or start_spark(name), progress)


def _report(config: JobConfig, published: Manifest) -> None:
    """Print what was published, which no error undoes."""
    from jobs.pipeline.workplace import local_folder
    from jobs.reporting.report import print_report
    from lookalike.outputs.folder import FolderOutput
    from lookalike.snapshots.reader import Snapshot

    try:
        print_report(Snapshot(FolderOutput(local_folder(config)), published), config)
    except (JobError, OSError, KeyboardInterrupt) as error:
        print(f"warning: published, but not shown: {printable(str(error) or 'interrupted')}", file=sys.stderr)


def _print_error(text: str) -> None:
    print("\n".join(map(printable, f"error: {text}".split("\n"))), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
