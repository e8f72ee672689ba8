"""Look-ups in the live snapshot of an output folder, for people: python -m jobs.snapshots --help."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

from jobs.errors import JobError, UsageError
from jobs.hashtags import normalise
from jobs.snapshots.describe import data_files, funnel, named_pairs, origin, seconds
from jobs.snapshots.reader import Snapshot
from jobs.terminal import print_lines, printable, table
from jobs.threshold import Threshold

_WIDEST = 64  # columns; longer ids and names are cut


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see --help)")


def main(argv: Sequence[str]) -> int:
    """Run a command; the process's exit code, which is the error's (jobs.errors) if it fails."""
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
    parser = _Parser(prog="python -m jobs.snapshots", description="Look into what the job has published.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    output = _Parser(add_help=False)
    output.add_argument("output", metavar="OUTPUT", type=Path, help="folder that the job published to")

    show = commands.add_parser("show", parents=[output], help="what the live snapshot was made from and holds")
    show.set_defaults(command=_show)

    pairs = commands.add_parser("pairs", parents=[output], help="similar pairs of a hashtag, the most similar first")
    pairs.add_argument("hashtag", metavar="HASHTAG", help="in any spelling; quote a leading # for the shell")
    pairs.add_argument(
        "--min-similarity",
        metavar="DECIMAL",
        type=_similarity,
        help="leave out less similar pairs (default: what the snapshot was made for, below which it has none)",
    )
    pairs.add_argument("--limit", metavar="N", type=_positive, default=10, help="show so many at most (10)")
    pairs.set_defaults(command=_pairs)
    return parser


def _similarity(text: str) -> Fraction:
    try:
        threshold = Threshold.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return Fraction(threshold.numerator, threshold.denominator)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number above 0")
    return int(text)


def _show(arguments: argparse.Namespace) -> list[str]:
    snapshot = Snapshot.open(arguments.output)
    manifest = snapshot.manifest
    return [*origin(manifest), "", *funnel(manifest), "", seconds(manifest), "", *data_files(manifest)]


def _pairs(arguments: argparse.Namespace) -> list[str]:
    key = normalise(arguments.hashtag)
    if not key:
        raise UsageError(f"{arguments.hashtag!r} is no hashtag")
    snapshot = Snapshot.open(arguments.output)
    lowest = arguments.min_similarity
    if lowest is not None and lowest < Fraction(snapshot.manifest.floor):
        raise UsageError(f"--min-similarity: only pairs of at least {snapshot.manifest.floor} were stored")
    row = snapshot.hashtag(key)
    if row is None:
        return [f"#{printable(key)}: nobody used this hashtag"]
    found = row.pairs
    if lowest is not None:
        found = sum(piece.num_rows for piece in snapshot.iter_pairs(key, lowest))
    lines = [f"#{printable(row.display)}: {row.posts:,} posts, {row.members:,} accounts, {found:,} similar pairs"]
    shown = named_pairs(snapshot, key, limit=arguments.limit, min_similarity=lowest)
    if shown:
        rows = [(p.similarity, p.distance, p.name_a, p.name_b, p.account_a, p.account_b) for p in shown]
        header = ("similarity", "distance", "screen name", "screen name", "account", "account")
        lines += ["", *table(rows, header, widest=_WIDEST)]
    if found > len(shown):
        lines += ["", f"{found - len(shown):,} more: --limit {found}"]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
