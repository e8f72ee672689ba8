"""The options of a run: each is one field here.

The command line (cli.py), the messages about wrong values (load.py), conf/job.yaml and the reference page
(reference.py) are made from these fields. To add an option, add a field and type `python -m jobs.options.reference`,
which writes conf/job.yaml.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from jobs.options.option import Option
from jobs.options.values import (
    Columns,
    Encoding,
    Fraction,
    OptionalPath,
    Output,
    Paths,
    Similarity,
    Suffixes,
    WebAddress,
)
from lookalike.outputs.buckets import MAX_BUCKETS
from lookalike.threshold import Threshold

INPUT: Final = "Input and output"
PAIRS: Final = "Which pairs are found"
WORK: Final = "How the work is done"
CHECKS: Final = "Plans, limits and checks"
WATCH: Final = "Scheduled runs and monitoring"


class JobConfig(BaseModel):
    """The options of a run, checked and frozen.

    Excluded fields say how a run is started and watched and nothing of what it found, or may be secret: the manifest
    does not record them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    posts: Annotated[
        Paths,
        Option(
            INPUT,
            "Read the posts from these files, folders or globs. A file is TSV, plain or compressed (.gz, .bz2), or "
            "Parquet.",
            metavar="PATH",
            allowed="a path or a list of paths",
            example="[posts.tsv]",
            details="The columns are id, created_at, author_id, is_repost, text and hashtags.",
        ),
    ]
    accounts: Annotated[
        Paths,
        Option(
            INPUT,
            "Read the accounts from these files, folders or globs, in the same formats as the posts.",
            metavar="PATH",
            allowed="a path or a list of paths",
            example="[accounts.tsv]",
            details="The columns are id, created_at and screen_name.",
        ),
    ]
    output: Annotated[
        Output,
        Option(
            INPUT,
            "Publish the snapshot in this folder, which is made if it does not exist, or below this URL of an "
            "object store, such as s3://BUCKET/PREFIX.",
            metavar="DIR",
            allowed="a path or a URL",
            example="out",
            details="Earlier snapshots in it stay. The URL of an object store begins with s3://, gs://, az:// or "
            "abfss://; the credentials come from the environment.",
        ),
    ]
    staging: Annotated[
        OptionalPath,
        Field(exclude=True),
        Option(
            INPUT,
            "Work in this folder if the output is a URL.",
            metavar="DIR",
            unset="a folder in ~/.cache/lookalike",
            details="It keeps a copy of the live snapshot between runs, so it needs room for two snapshots and may "
            "hold nothing else. Without the copy the next run fetches the snapshot again. On a cluster all machines "
            "must see the folder.",
        ),
    ] = None
    quoting: Annotated[
        Literal["auto", "none", "rfc4180", "backslash"],
        Option(
            INPUT,
            "Say how the fields of text files are quoted.",
            choices={
                "auto": "the job finds out from the quotes in all files of a kind, and starts over or stops if a later "
                "row contradicts what it found",
                "none": 'fields are not quoted: a " is a character like any other',
                "rfc4180": "fields may be in double quotes, as pandas, DuckDB, polars and spreadsheets write them, with "
                "tabs and line ends inside and each inner quote doubled",
                "backslash": "fields may be in double quotes, as Spark and R write them, with a backslash before each "
                "inner quote",
            },
        ),
    ] = "auto"
    encoding: Annotated[
        Encoding,
        Option(
            INPUT,
            "Say how the characters of text files are encoded: auto, or a name such as utf-8, utf-16 or cp1252.",
            metavar="NAME",
            allowed="auto or the name of an encoding, such as utf-8, utf-16, cp1252 or latin-1",
            details="With auto, marks and zero bytes tell UTF-16, and what is not UTF-8 is guessed. In UTF-8, a byte of "
            "a name that cannot be decoded counts as one character.",
        ),
    ] = "auto"
    delimiter: Annotated[
        Literal["auto", "tab", "comma", "semicolon", "pipe"],
        Option(
            INPUT,
            "Say what separates the fields of text files.",
            choices={
                "auto": "the job takes what finds the columns in the header",
                "tab": "a tab",
                "comma": "a comma",
                "semicolon": "a semicolon",
                "pipe": "a vertical bar",
            },
        ),
    ] = "auto"
    skip_lines: Annotated[
        int, Field(ge=0), Option(INPUT, "Pass over this many lines above the header of text files.", metavar="N")
    ] = 0
    preset: Annotated[
        str,
        Option(
            INPUT,
            "Take the columns by the names of this common export; auto finds it out, none takes no preset.",
            metavar="NAME",
            allowed="auto, none or the name of a preset",
            details="The presets are in docs/reference/presets.md.",
        ),
    ] = "auto"
    columns: Annotated[
        Columns,
        Option(
            INPUT,
            "Say how the columns are named in the files, if not as the job names them: hashtags=tags,author_id=user.",
            metavar="COLUMN=NAME,...",
            unset="none",
            allowed="COLUMN=NAME, several with commas between them",
            details="posts.id=... is for the posts alone, accounts.id=... for the accounts, id=... for both. Upper and "
            "lower case, and spaces or quotes around a name, make no difference.",
        ),
    ] = ()
    hashtags_from: Annotated[
        Literal["auto", "column", "text"],
        Option(
            INPUT,
            "Say where the hashtags of a post are.",
            choices={
                "auto": "in the column, or in the text where there is no such column",
                "column": "in the column hashtags",
                "text": "in the text",
            },
        ),
    ] = "auto"
    hashtag_separator: Annotated[
        Literal["auto", "bar", "comma", "semicolon", "space", "list"],
        Option(
            INPUT,
            "Say what stands between the hashtags of a post in one field.",
            choices={
                "auto": "the job finds out from the first posts",
                "bar": "a vertical bar: one|two",
                "comma": "a comma: one, two",
                "semicolon": "a semicolon: one; two",
                "space": "a space: #one #two",
                "list": "the field is a list as Python, R or JSON write it: ['one', 'two'], [one, two]",
            },
        ),
    ] = "auto"
    day_first: Annotated[
        bool, Option(INPUT, "Read a date such as 10/9/2013 as the 10th of September, not October 9th.")
    ] = False
    exclude_reposts: Annotated[bool, Option(INPUT, "Leave out posts that are marked as reposts.")] = False
    ignore_hashtags: Annotated[
        OptionalPath,
        Option(
            INPUT,
            "Leave out the hashtags in this file, one on a line, in any spelling, with or without the #.",
            metavar="FILE",
            unset="none",
            details="Name hashtags that say nothing, such as those that the posts were collected by. The file is "
            "UTF-8 and has no comments. Posts keep their other hashtags.",
        ),
    ] = None

    min_similarity: Annotated[
        Similarity,
        Option(
            PAIRS,
            "Find and store all pairs of at least this similarity, above 0 and at most 1.",
            metavar="DECIMAL",
            allowed="a decimal number above 0 and at most 1, in quotes",
            details="It is taken exactly as it is written.",
        ),
    ] = Threshold.parse("0.8")
    fold: Annotated[
        Literal["none", "case"],
        Option(
            PAIRS,
            "Say how screen names are compared.",
            choices={
                "none": "compare them as they are written",
                "case": "compare them without regard to upper and lower case",
            },
        ),
    ] = "none"
    strip_suffix: Annotated[
        Suffixes,
        Option(
            PAIRS,
            "Compare screen names without these endings: .bsky.social, or @ for everything from the last @ on.",
            metavar="ENDING,...",
            unset="none",
            allowed="one or several endings with commas between them",
            details="An ending that many names share makes short names similar. The snapshot holds the names without "
            "it.",
        ),
    ] = ()
    blocking: Annotated[
        Literal["lossless", "prefix"],
        Option(
            PAIRS,
            "Choose how the job picks pairs to compare.",
            choices={
                "lossless": "find every similar pair",
                "prefix": "compare only names that begin with the same characters; this costs less and loses pairs, "
                "and the run reports how many of a sample it found",
            },
        ),
    ] = "lossless"
    prefix_length: Annotated[
        int,
        Field(ge=1, le=1000),
        Option(
            PAIRS,
            "With prefix blocking, compare names that share this many characters at their beginning.",
            metavar="N",
        ),
    ] = 3

    mode: Annotated[
        Literal["auto", "full", "incremental"],
        Field(exclude=True),
        Option(
            WORK,
            "Choose which posts the job reads.",
            choices={
                "auto": "incremental where that is possible and at most half of the bytes of posts are new, "
                "otherwise full",
                "full": "read all posts",
                "incremental": "read only the files of posts that the live snapshot does not know yet, and add them "
                "to it",
            },
            details="Every run reads the accounts, and the result is the same either way. The job falls back to a "
            "full run, and says why, when there is no live snapshot, when the options or the version of the job "
            "have changed, when a file that the live snapshot knows has changed or is gone, when an account is "
            "gone, or when a post comes again with other content that must be used instead.",
        ),
    ] = "auto"
    buckets: Annotated[
        int,
        Field(ge=1, le=MAX_BUCKETS),
        Option(
            WORK,
            "Split each table of the snapshot into this many buckets, each with a folder.",
            metavar="N",
            details="A larger snapshot needs more of them.",
        ),
    ] = 64
    max_generations: Annotated[
        int,
        Field(ge=1, le=1000),
        Option(
            WORK,
            "Keep the rows of members and account_hashtags that a run adds in files of their own, a generation a "
            "run, until there are more generations than this. 1 merges them in every run.",
            metavar="N",
            details="The generations of a bucket are also merged when the newer ones hold more than about an eighth "
            "of the rows. Some buckets are merged from half of either limit on, so that not all are merged in one "
            "run.",
        ),
    ] = 16
    block_size: Annotated[
        int,
        Field(ge=1, le=2**31),
        Option(
            WORK,
            "Share the comparison of a hashtag with more members than this among several tasks, each with about "
            "this many names.",
            metavar="N",
        ),
    ] = 100_000

    plan: Annotated[
        bool,
        Option(
            CHECKS,
            "Only read and count the posts and print an estimate of what comparing them would take. Nothing is "
            "written.",
            details="Not even the output folder is made.",
        ),
    ] = False
    max_candidates: Annotated[
        int | None,
        Field(ge=0),
        Option(
            CHECKS,
            "Estimate the candidate pairs first and stop with exit code 5 if there are more than this.",
            metavar="N",
            unset="no limit",
        ),
    ] = None
    verify: Annotated[
        int,
        Field(ge=0, le=1_000_000),
        Option(
            CHECKS,
            "Compare this many hashtags by brute force before the snapshot goes live, and stop with exit code 6 if "
            "a pair is missing or wrong.",
            metavar="N",
            details="They are the largest hashtag and others drawn at random. Of a large hashtag a sample of the "
            "members is compared. Each hashtag takes up to about 0.3 seconds.",
        ),
    ] = 0
    max_reject_fraction: Annotated[
        Fraction,
        Option(
            CHECKS,
            "Publish nothing and stop with exit code 3 if more than this share of the rows of posts or of accounts "
            "cannot be used.",
            metavar="FRACTION",
            details="Posts of unknown authors do not count.",
        ),
    ] = 0.01
    strict: Annotated[
        bool, Option(CHECKS, "Publish nothing and stop with exit code 3 if there is a warning about the input.")
    ] = False
    max_fall_fraction: Annotated[
        Fraction,
        Option(
            CHECKS,
            "Publish nothing and stop with exit code 3 if the accounts, posts, hashtags, memberships or similar "
            "pairs are fewer than in the live snapshot by more than this share.",
            metavar="FRACTION",
            details="1 allows any fall.",
        ),
    ] = 0.5
    force: Annotated[
        bool,
        Field(exclude=True),
        Option(
            CHECKS,
            "Publish with a warning where --max-reject-fraction or --max-fall-fraction would stop the run, or where "
            "no account used a hashtag.",
        ),
    ] = False

    wait: Annotated[
        int,
        Field(ge=0, le=31 * 24 * 3600, exclude=True),
        Option(
            WATCH,
            "Wait up to this many seconds for another run to leave the output, then stop with exit code 4.",
            metavar="SECONDS",
        ),
    ] = 0
    metrics_file: Annotated[
        OptionalPath,
        Field(exclude=True),
        Option(
            WATCH,
            "After each run replace this file by the run's metrics for Prometheus.",
            metavar="FILE",
            unset="none",
            details="For the textfile collector of node_exporter its name must end in .prom.",
        ),
    ] = None
    webhook: Annotated[
        WebAddress,
        Field(exclude=True),
        Option(
            WATCH,
            "After each run, successful or not, POST its record to this address as JSON.",
            metavar="URL",
            unset="none",
            allowed="an address that begins with http:// or https://",
            details="The address may hold a secret, which the job never prints. Set a secret address in a file: "
            "other users of the machine can see the flags of a process.",
            secret=True,
        ),
    ] = None
    progress: Annotated[bool, Option(WATCH, "Show a progress line if the output is a terminal.")] = True
