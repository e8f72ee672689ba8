"""The command line of the job, made from the fields of JobConfig.

pydantic-settings can make one, too. It was tried and left: it takes no list of paths after one flag, cuts paths at
commas and reads those that begin with [ as JSON, and shows Python's types in the help.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from jobs.options.config import JobConfig
from jobs.options.inputs import INPUT
from jobs.options.load import load_config
from jobs.options.option import DescribedOption, described_options
from lookalike import __version__
from lookalike.errors import UsageError
from lookalike.inputurls import input_path, without_secrets

DEFAULT_CONFIG: Final = Path(__file__).parents[2] / "conf" / "job.yaml"
INSPECT_MEANING: Final = (
    "Show how these files would be read, their first rows and warnings. Nothing else is done, and Java is not needed."
)
CONFIG_MEANING: Final = (
    "Read options from this YAML file. Its keys are the names of the flags with underscores; flags win."
)

_USAGE: Final = "%(prog)s [SPARK-SUBMIT OPTIONS --] --posts PATH... --accounts PATH... --output DIR [OPTIONS]"

_DESCRIPTION: Final = """\
Find every pair of accounts that used the same hashtag under near-identical screen names, and publish
the pairs as a snapshot in a folder or an object store.

Options of spark-submit come first and end with a lone --. conf/job.yaml explains the options of the job in
more detail."""

_EXAMPLES: Final = """\
examples:
  Find the pairs in two files and publish them in the folder out:
    ./spark-submit.sh --posts posts.tsv --accounts accounts.tsv --output out

  Read many files, and store less similar pairs, too:
    ./spark-submit.sh --posts 'crawl/2026-*.tsv.gz' --accounts accounts.parquet --output out \\
      --min-similarity 0.75

  Take the accounts from the posts, where each has the name of its author:
    ./spark-submit.sh --posts tweets.csv --accounts-from posts --columns screen_name=username --output out

  Read from an object store, with the credentials in the environment:
    ./spark-submit.sh --posts 's3://bucket/crawl/2026-*.parquet' --accounts s3://bucket/accounts --output out

  See how a file would be read:
    ./spark-submit.sh --inspect export.csv

  Ask what a run would take before you start it:
    ./spark-submit.sh --posts posts.tsv --accounts accounts.tsv --output out --plan

  Stop a run that would take too long, and check the result of 20 hashtags by brute force:
    ./spark-submit.sh --posts posts.tsv --accounts accounts.tsv --output out \\
      --max-candidates 100000000000 --verify 20

  Give Spark more memory, and take the options from a file:
    ./spark-submit.sh --driver-memory 4g -- --config conf/job.yaml

  Run on a cluster:
    ./spark-submit.sh --master spark://host:7077 -- --posts /data/posts --accounts /data/accounts \\
      --output /data/out

exit codes:
  0  The snapshot was published, or the plan was printed.
  1  Something else went wrong.
  2  An option, the configuration or an input cannot be used.
  3  Too many rows cannot be used, or too little was found. With --force the job publishes anyway.
  4  Another run is using the output.
  5  The comparison would meet more candidates than --max-candidates, or find more similar pairs than
     --max-pairs or than the disk has room for.
  6  --verify found a missing or a wrong pair."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = message.removeprefix("argument ")
        hint = "options of Spark come before a lone --; " if message.startswith("unrecognized") else ""
        raise UsageError(f"{message} ({hint}see --help)")


@dataclasses.dataclass(frozen=True)
class Arguments:
    """What a command line asks for. inspect: files to look at, instead of a run."""

    config: JobConfig
    inspect: tuple[str, ...] = ()


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """The options of a run. Raises UsageError; --help and --version print and raise SystemExit(0)."""
    flags: dict[str, Any] = vars(_parser().parse_args(list(argv)))
    inspect = tuple(map(_to_inspect, flags.pop("inspect", ())))
    if inspect:  # which needs no other path
        flags = {"posts": inspect, "output": "out"} | flags
    config = flags.pop("config", None)
    if config is None and DEFAULT_CONFIG.exists():
        config = DEFAULT_CONFIG
    return Arguments(load_config(config, flags, complete=not inspect), inspect)


def _to_inspect(path: str) -> str:
    try:
        return input_path(path)
    except ValueError as error:
        raise UsageError(f"--inspect: {without_secrets(path)!r} {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="./spark-submit.sh",
        usage=_USAGE,
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
        add_help=False,
    )
    groups: dict[str, argparse._ArgumentGroup] = {}
    for described in described_options(JobConfig):
        title = described.option.group
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        groups[title].add_argument(described.flag, **_argument(described))
    groups[INPUT].add_argument(
        "--config", type=Path, metavar="FILE", help=f"{CONFIG_MEANING} (default: conf/job.yaml)"
    )
    others = parser.add_argument_group("Other")
    others.add_argument(
        "--inspect",
        nargs="+",
        metavar="FILE",
        help=INSPECT_MEANING,
    )
    others.add_argument("--help", "-h", action="help", help="Print this help and exit.")
    version = f"lookalike {__version__}"
    others.add_argument("--version", action="version", version=version, help="Print the version and exit.")
    return parser


def _argument(described: DescribedOption) -> dict[str, Any]:
    """What argparse must know of an option. Values are checked by JobConfig."""
    option = described.option
    text = option.meaning
    if option.choices:
        text += " " + "; ".join(f"{value}: {meaning}" for value, meaning in option.choices.items()) + "."
    if described.default_shown is not None:
        text += f" (default: {described.default_shown})"
    argument: dict[str, Any] = {"help": text.replace("%", "%%")}
    if described.kind == "switch":
        return argument | {"action": argparse.BooleanOptionalAction}
    argument["metavar"] = "{" + ",".join(described.values) + "}" if described.values else option.metavar
    if described.kind == "paths":
        argument["nargs"] = "+"
    if described.kind in ("whole number", "number"):
        argument["type"] = _number(int if described.kind == "whole number" else float)
    return argument


def _number(kind: type[int] | type[float]) -> Callable[[str], float | str]:
    def number(text: str) -> float | str:
        try:
            return kind(text)
        except ValueError:
            return text  # JobConfig says what it must be

    return number
