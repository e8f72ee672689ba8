"""The options of a run: each is one field here or in inputs.py.

The command line (cli.py), the messages about wrong values (load.py), conf/job.yaml and the reference page
(reference.py) are made from these fields. To add an option, add a field and type `python -m jobs.options.reference`,
which writes conf/job.yaml.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from jobs.options.inputs import InputOptions
from jobs.options.option import Option
from jobs.options.values import Fraction, OptionalPath, Similarity, Suffixes, WebAddress
from lookalike.outputs.buckets import MAX_BUCKETS
from lookalike.threshold import Threshold

PAIRS: Final = "Which pairs are found"
WORK: Final = "How the work is done"
CHECKS: Final = "Plans, limits and checks"
WATCH: Final = "Scheduled runs and monitoring"


class JobConfig(InputOptions):
    """The options of a run, checked and frozen.

    Excluded fields say how a run is started and watched and nothing of what it found, or may be secret: the manifest
    does not record them.
    """

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
            metavar="ENDING",
            unset="none",
            allowed="one or several endings",
            details="An ending that many names share makes short names similar. The snapshot holds the names without "
            "it.",
        ),
    ] = ()
    max_name_length: Annotated[
        int,
        Field(ge=1, le=10_000),
        Option(
            PAIRS,
            "Reject accounts whose screen name is longer.",
            metavar="CHARACTERS",
            details="The time of a comparison grows with the square of the length. No network has names of more than "
            "some dozen characters.",
        ),
    ] = 256
    all_names: Annotated[
        bool,
        Option(
            PAIRS,
            "Compare all names that an account had, not only the latest.",
            details="Two accounts are a pair if a name of the one is similar to a name of the other. Every run reads "
            "all posts, and the service answers from the stored pairs alone.",
        ),
    ] = False
    identical: Annotated[
        Literal["pairs", "group"],
        Option(
            PAIRS,
            "Choose how pairs of accounts with identical names are published.",
            choices={
                "pairs": "list each of them",
                "group": "list once that the accounts of a hashtag have the same name, and the similar pairs of the "
                "first of them alone; the service still answers every pair",
            },
            details="With group, 200,000 accounts of one name under one hashtag take 200,000 rows rather than 20 "
            "billion. The table lookalikes is empty then: the service works out an account's look-alikes on request. "
            "Every run reads all posts. Names are identical if they are compared as the same, see --fold. It cannot "
            "be combined with --all-names.",
        ),
    ] = "pairs"
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

    exchange: Annotated[
        Literal["auto", "folder", "shuffle"],
        Field(exclude=True),
        Option(
            WORK,
            "Choose how tasks pass rows to the tasks of the next stage.",
            choices={
                "auto": "through the folder if all executors see it, otherwise through the shuffle",
                "folder": "through files in one folder, which all machines must see; this is the fastest",
                "shuffle": "through Spark's shuffle; with an output in an object store no folder must be shared",
            },
            details="The result is the same either way. On a single machine auto takes the folder. On a cluster the "
            "job finds out by a file that tasks of all executors look for.",
        ),
    ] = "auto"

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
    max_pairs: Annotated[
        int,
        Field(ge=0),
        Option(
            CHECKS,
            "Stop with exit code 5 before the comparison if it would clearly find more similar pairs than this. 0 "
            "sets no limit but that of the disk.",
            metavar="N",
            details="A pair counts once for each hashtag that it shares. An incremental run counts only what it "
            "adds. The pairs are estimated only where the sizes of the hashtags allow so many. The job also stops if "
            "they would take more than 70% of the free disk (at 160 bytes each if ids have 18 characters and names "
            "10), at twice the limit while it compares, and before it writes tables that the disk has no room for.",
        ),
    ] = 200_000_000
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
            details="For the textfile collector of node_exporter its name must end in .prom. A file that is there "
            "and holds something else, such as an input named by mistake, is refused.",
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
