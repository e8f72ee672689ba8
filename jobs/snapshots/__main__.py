"""Commands to inspect and manage the snapshots of an output, without Spark: python -m jobs.snapshots --help."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules load Ctrl-C just ends the process

from jobs.reporting.streams import open_streams
from jobs.reporting.terminal import print_lines, printable
from jobs.snapshots import housekeeping, lookups
from lookalike.errors import JobError, UsageError
from lookalike.outputs.interface import Output
from lookalike.outputs.layout import is_snapshot_id
from lookalike.outputs.opening import open_output
from lookalike.outputs.urls import parse_output
from lookalike.threshold import Threshold

_PROGRAM = "python -m jobs.snapshots"
_ID = "20261124T034711Z-97a3eb"  # in examples
_HOUR = 3600

_EXIT_CODES = """\
exit codes:
  0 done    1 a snapshot is missing, damaged or cannot be written    2 usage    4 a run is using the output"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see --help)")


def main(argv: Sequence[str]) -> int:
    """Run a command; the process's exit code, which is the error's (lookalike.errors) if it fails."""
    try:
        arguments = _parser().parse_args(list(argv))
        print_lines(arguments.command(arguments))
    except JobError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return JobError.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    """Each command is a parser whose default `command` is a function from the arguments to lines."""
    parser = _Parser(
        prog=_PROGRAM,
        description="Inspect and manage the snapshots that the job has published.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], Iterable[str]], example: str, what: str, more: str = ""
    ) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(
            name,
            help=what,
            description=f"{what[0].upper()}{what[1:]}.{more}",
            epilog=f"example:\n  {_PROGRAM} {name} {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.add_argument("output", metavar="OUTPUT", type=_output, help="folder or URL that the job published to")
        added.set_defaults(command=run)
        return added

    _add_lookups(command)
    _add_checks(command)
    _add_changes(command)
    return parser


def _add_lookups(command: Callable[..., argparse.ArgumentParser]) -> None:
    show = command("show", lookups.show, "out", "what a snapshot was made from and holds")
    _add_id(show, "id of the snapshot (default: the live one)", nargs="?")

    pairs = command("pairs", lookups.pairs, "out '#vote'", "similar pairs of a hashtag, the most similar first")
    pairs.add_argument("hashtag", metavar="HASHTAG", help="in any spelling; quote a leading # for the shell")
    pairs.add_argument(
        "--min-similarity",
        metavar="DECIMAL",
        type=_similarity,
        help="leave out less similar pairs (default: the threshold that the snapshot was made for)",
    )
    pairs.add_argument(
        "--limit", metavar="N", type=_positive, default=10, help="show at most this many (default: 10)"
    )

    command("list", housekeeping.list_snapshots, "out", "all snapshots, the newest first")

    what = "pairs, hashtags and accounts that were added or removed between two snapshots"
    diff = command("diff", housekeeping.diff, f"out {_ID} --limit 20", what)
    diff.add_argument("a", metavar="A", type=_snapshot_id, help="id of the earlier snapshot")
    diff.add_argument(
        "b", metavar="B", type=_snapshot_id, nargs="?", help="id of the later snapshot (default: the live one)"
    )
    diff.add_argument(
        "--limit", metavar="N", type=_positive, default=10, help="show at most this many of each (default: 10)"
    )


def _add_checks(command: Callable[..., argparse.ArgumentParser]) -> None:
    what = "compare the size and checksum of every file with the manifest"
    verify = command("verify", housekeeping.verify, "out --all", what)
    _add_id(verify, "id of the snapshot to check (default: the live one)", nargs="?")
    verify.add_argument("--all", action="store_true", help="check all snapshots")


def _add_changes(command: Callable[..., argparse.ArgumentParser]) -> None:
    rollback = command("rollback", housekeeping.rollback, f"out {_ID}", "make an older snapshot live")
    _add_id(rollback, "id of the snapshot to make live (default: the one made before the live one)", nargs="?")

    pin = command("pin", housekeeping.pin, f"out {_ID}", "keep a snapshot from being pruned")
    _add_id(pin, "id of the snapshot to keep")
    unpin = command("unpin", housekeeping.unpin, f"out {_ID}", "let a pinned snapshot be pruned again")
    _add_id(unpin, "id of the snapshot to unpin")

    prune = command(
        "prune",
        housekeeping.prune_snapshots,
        "out --keep 7 --keep-days 30 --dry-run",
        "remove old snapshots",
        "\n\nA snapshot is kept if it is among the newest N or younger than D days. Give one of the two or both."
        "\nThe live snapshot, pinned snapshots, and the files that a kept snapshot uses are always kept.",
    )
    prune.add_argument("--keep", metavar="N", type=_positive, help="keep the newest N snapshots")
    prune.add_argument(
        "--keep-days", metavar="D", type=_positive, help="keep the snapshots made within the last D days"
    )
    prune.add_argument(
        "--grace",
        metavar="SECONDS",
        type=_seconds,
        default=_HOUR,
        help=f"keep what was live within the last SECONDS; a service may still read it (default: {_HOUR})",
    )
    prune.add_argument("--dry-run", action="store_true", help="show what would be removed, and remove nothing")


def _add_id(parser: argparse.ArgumentParser, what: str, nargs: str | None = None) -> None:
    parser.add_argument("id", metavar="ID", type=_snapshot_id, nargs=nargs, help=what)


def _similarity(text: str) -> Threshold:
    try:
        return Threshold.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _output(text: str) -> Output:
    try:
        return open_output(parse_output(text), compared=True)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} {error}") from None


def _snapshot_id(text: str) -> str:
    if not is_snapshot_id(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a snapshot id such as {_ID}")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number above 0")
    return int(text)


def _seconds(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number of seconds")
    return int(text)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    open_streams()
    sys.exit(main(sys.argv[1:]))
