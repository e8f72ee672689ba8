"""The command line of the job."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from jobs.options.config import JobConfig, load_config
from lookalike import __version__
from lookalike.errors import UsageError

DEFAULT_CONFIG = Path(__file__).parents[2] / "conf" / "job.yaml"

_DESCRIPTION = """\
Find every pair of accounts that used the same hashtag under near-identical screen names, and publish them
as a snapshot in a folder or an object store."""

_EXAMPLES = """\
examples:
  ./spark-submit.sh --posts posts.tsv --accounts accounts.tsv --output out
  ./spark-submit.sh --posts 'crawl/2026-*.tsv.gz' --accounts accounts.parquet --output out --min-similarity 0.75
  ./spark-submit.sh --posts posts.tsv --accounts accounts.tsv --output out --ignore-hashtags ignored.txt --plan
  ./spark-submit.sh --posts posts.tsv --accounts accounts.tsv --output out --max-candidates 100000000000 --verify 20
  ./spark-submit.sh --driver-memory 4g -- --config conf/job.yaml
  ./spark-submit.sh --master spark://host:7077 -- --posts /data/posts --accounts /data/accounts --output /data/out

exit codes:
  0 published, or planned    2 usage, configuration or input missing    3 too little that can be used (--force)
  4 another run holds the output    5 more than --max-candidates    6 --verify found a lost or wrong pair
  1 anything else"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        hint = "Spark's own options stand before a lone --; " if message.startswith("unrecognized") else ""
        raise UsageError(f"{message} ({hint}see --help)")


def parse_arguments(argv: Sequence[str]) -> JobConfig:
    """The options of a run. Raises UsageError; --help and --version print and raise SystemExit(0)."""
    flags: dict[str, Any] = vars(_parser().parse_args(list(argv)))
    config = flags.pop("config", None)
    if config is None and DEFAULT_CONFIG.exists():
        config = DEFAULT_CONFIG
    return load_config(config, flags)


def _parser() -> argparse.ArgumentParser:
    default = {name: field.default for name, field in JobConfig.model_fields.items()}
    parser = _Parser(
        prog="./spark-submit.sh",
        usage="%(prog)s [SPARK-SUBMIT OPTIONS --] --posts PATH... --accounts PATH... --output DIR [OPTIONS]",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    files = "files, folders or globs: TSV, plain, .gz or .bz2, or Parquet"
    parser.add_argument("--posts", nargs="+", metavar="PATH", help=files)
    parser.add_argument("--accounts", nargs="+", metavar="PATH", help="likewise")
    parser.add_argument(
        "--output", metavar="DIR", help="folder to publish to, made if it is not there, or s3://BUCKET/PREFIX"
    )
    parser.add_argument(
        "--staging", metavar="DIR", help="folder to work in if the output is a URL (in the user's cache)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="options as YAML; flags win (conf/job.yaml, which explains all)"
    )
    parser.add_argument(
        "--mode",
        choices=["auto", "full", "incremental"],
        help="incremental: read only the files of posts that the live snapshot has not seen, and add them to it, "
        f"or all of them where that is impossible; auto: what costs less ({default['mode']})",
    )
    parser.add_argument(
        "--min-similarity",
        metavar="DECIMAL",
        help=f"store pairs of at least this similarity, above 0, at most 1 ({default['min_similarity']})",
    )
    parser.add_argument(
        "--blocking",
        choices=["lossless", "prefix"],
        help=f"prefix is cheaper and loses pairs ({default['blocking']})",
    )
    parser.add_argument(
        "--prefix-length",
        type=int,
        metavar="N",
        help=f"characters names must share in prefix blocking ({default['prefix_length']})",
    )
    parser.add_argument("--exclude-reposts", action=argparse.BooleanOptionalAction, help="leave reposts out (no)")
    parser.add_argument(
        "--fold",
        choices=["none", "case"],
        help=f"case: compare names without regard to case ({default['fold']})",
    )
    parser.add_argument(
        "--quoting",
        choices=["auto", "none", "rfc4180"],
        help=f"how fields of text files are quoted ({default['quoting']})",
    )
    parser.add_argument(
        "--max-reject-fraction",
        type=float,
        metavar="FRACTION",
        help=f"publish nothing if more rows cannot be used ({default['max_reject_fraction']})",
    )
    parser.add_argument(
        "--buckets", type=int, metavar="N", help=f"parts that the snapshot is split into ({default['buckets']})"
    )
    parser.add_argument(
        "--max-generations",
        type=int,
        metavar="N",
        help="generations of rows that a table may have before they are merged; 1 always merges "
        f"({default['max_generations']})",
    )
    parser.add_argument(
        "--block-size",
        type=int,
        metavar="N",
        help=f"share hashtags of more members out to several tasks ({default['block_size']})",
    )
    parser.add_argument(
        "--ignore-hashtags",
        metavar="FILE",
        help="leave these hashtags out: one a line, in any spelling (none)",
    )
    parser.add_argument(
        "--plan",
        action=argparse.BooleanOptionalAction,
        help="read and count, print what comparing would take, and write nothing (no)",
    )
    parser.add_argument(
        "--max-candidates",
        type=int,
        metavar="N",
        help="stop before the comparison if it would meet more candidates, as estimated (no limit)",
    )
    parser.add_argument(
        "--verify",
        type=int,
        metavar="N",
        help="compare N random hashtags by brute force before publishing, "
        f"and publish nothing if a pair is lost or wrong ({default['verify']})",
    )
    parser.add_argument(
        "--max-fall-fraction",
        type=float,
        metavar="FRACTION",
        help="publish nothing if rows, members or pairs fell by more than this share since the live snapshot "
        f"({default['max_fall_fraction']})",
    )
    parser.add_argument(
        "--force",
        action=argparse.BooleanOptionalAction,
        help="publish although too much cannot be used, too much is missing, or nobody used a hashtag (no)",
    )
    parser.add_argument(
        "--wait", type=int, metavar="SECONDS", help=f"wait so long for another run to end ({default['wait']})"
    )
    parser.add_argument("--metrics-file", metavar="FILE", help="write figures of the run for Prometheus (none)")
    parser.add_argument("--webhook", metavar="URL", help="POST the record of the run as JSON there (none)")
    parser.add_argument(
        "--progress", action=argparse.BooleanOptionalAction, help="show a progress line (on a terminal)"
    )
    parser.add_argument("--version", action="version", version=f"lookalike {__version__}")
    return parser
