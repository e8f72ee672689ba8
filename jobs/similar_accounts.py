"""The main script of the job; ./spark-submit.sh runs it."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if __name__ == "__main__":
    gc.disable()  # loading modules leaves next to no garbage, and looking for it takes a tenth of the time
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while they load, Ctrl-C just ends the process

_FOLDER = str(Path(__file__).resolve().parent)
if sys.path and str(Path(sys.path[0]).resolve()) == _FOLDER:
    del sys.path[0]  # Python puts a script's folder first, but the job's modules are jobs.* and lookalike.*

from jobs.options.cli import Arguments, parse_arguments  # noqa: E402  # needs the path that is set above
from jobs.reporting.progress import Progress  # noqa: E402  # needs the path, too
from jobs.reporting.streams import open_streams  # noqa: E402  # needs the path, too
from jobs.reporting.terminal import printable  # noqa: E402  # needs the path, too
from lookalike.errors import JobError  # noqa: E402  # needs the path, too
from lookalike.strings import compiler  # noqa: E402  # needs the path, too

if TYPE_CHECKING:
    from concurrent.futures import Future

    from jobs.options.config import JobConfig
    from jobs.spark.engine import Engine
    from lookalike.snapshots.manifest import Manifest


_interrupted = threading.Event()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End the run like Ctrl-C: it cleans up and prints an error, whichever signal it was."""
    _interrupted.set()
    for more in (signal.SIGINT, signal.SIGTERM):
        signal.signal(more, signal.SIG_IGN)  # impatience must not cut the cleaning up
    signal.default_int_handler(number, frame)


def main(argv: Sequence[str]) -> int:
    """Run the job, print the report and write the record of the run. Returns the exit code."""
    try:
        arguments = parse_arguments(argv)
        if arguments.inspect:
            _inspect(arguments)
            return 0
    except JobError as error:
        _print_error(str(error))
        return error.exit_code
    config = arguments.config
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    begun, progress, published, reason = datetime.now(UTC), Progress(shown=config.progress), None, None
    try:
        published, code = _run(config, progress), 0
    except (Exception, KeyboardInterrupt) as error:
        # An interrupt may have become another error: it leaves Java in the middle of an answer.
        if isinstance(error, KeyboardInterrupt) or _interrupted.is_set():
            code, reason = 1, "interrupted; nothing was published"
            _print_error(reason)
        elif isinstance(error, JobError):
            code, reason = error.exit_code, str(error)
            _print_error(reason)
        else:
            code, reason = 1, "".join(traceback.format_exception_only(error)).strip()
            traceback.print_exc()
    if published is not None:
        _report(config, published)
    if not config.plan:
        try:
            from jobs.reporting.runrecord import RunRecord, send_record
        except ImportError:  # of a module whose loading was interrupted
            if _interrupted.is_set():
                return code
            raise
        first_line = None if reason is None else reason.partition("\n")[0]  # the others may show rows of the input
        record = RunRecord(
            start=begun,
            end=datetime.now(UTC),
            exit_code=code,
            error=first_line,
            seconds=progress.seconds,
            published=published,
        )
        send_record(config, record)
    return code


def _inspect(arguments: Arguments) -> None:
    """Show how files would be read. Raises JobError."""
    compiler.interpret()  # compiling would take longer than all that is to be done
    from jobs.pipeline.inspection import inspection_lines  # loads slowly, and --help is fast
    from jobs.reporting.terminal import print_lines

    print_lines(inspection_lines(arguments.config, arguments.inspect))
    gc.freeze()  # the end of the process need not look for garbage, either


def _run(config: JobConfig, progress: Progress) -> Manifest | None:
    """The manifest of the published snapshot; None for a plan."""
    from jobs.spark.session import children, give_up, start_spark  # Spark and numba load slowly, and --help is fast

    gc.enable()
    starting: list[Future[Engine]] = []
    others = children()

    def start() -> Future[Engine]:
        if not starting:
            starting.append(start_spark(f"lookalike {config.output}"))
        return starting[0]

    try:
        if not config.wait:  # else the run may have to wait for another one, which needs the memory
            start()
        from jobs.pipeline.run import run_job  # loads slowly, while Java starts

        return run_job(config, start, progress)
    except BaseException:
        for spark in starting:
            give_up(spark, others)
        raise


def _report(config: JobConfig, published: Manifest) -> None:
    """Print the report. The snapshot is published, whatever happens here."""
    from jobs.pipeline.destination import output_place
    from jobs.pipeline.report import print_report
    from lookalike.outputs.opening import open_output
    from lookalike.snapshots.reader import Snapshot

    try:
        print_report(Snapshot(open_output(output_place(config)), published), config)
    except (JobError, OSError, KeyboardInterrupt) as error:
        reason = printable(str(error) or "interrupted")
        print(f"warning: the snapshot is published, but its report could not be printed: {reason}", file=sys.stderr)


def _print_error(text: str) -> None:
    print("\n".join(map(printable, f"error: {text}".split("\n"))), file=sys.stderr)


if __name__ == "__main__":
    open_streams()
    sys.exit(main(sys.argv[1:]))
