"""The manifest: what a snapshot was made from, how, what it counted, and every file that belongs to it."""

import functools
import json
import math
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    JsonValue,
    NonNegativeFloat,
    NonNegativeInt,
    ValidationError,
    model_validator,
)

from lookalike.errors import SnapshotError
from lookalike.outputs.buckets import MAX_BUCKETS
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import is_snapshot_id
from lookalike.snapshots.counts import Counts, Recall, StrictModel, Verification, check_sum
from lookalike.tables import TABLES
from lookalike.threshold import Threshold

# Of the manifest and of the tables together: one more with each change that older versions would read wrongly.
# Snapshots with identical names as groups have a version of their own, so that versions before it refuse them alone.
SchemaVersion = Literal[5, 6]
SCHEMA_VERSION: Final[SchemaVersion] = 5
GROUPED_VERSION: Final[SchemaVersion] = 6


def _snapshot_id(text: str) -> str:
    if not is_snapshot_id(text):
        raise ValueError("is not a snapshot id")
    return text


# The service asks in each look-up, and what a threshold has worked out is kept with it.
@functools.lru_cache(maxsize=16)
def _threshold(text: str) -> Threshold:
    return Threshold.parse(text)


def _floor(text: str) -> str:
    if _threshold(text).numerator == 0:
        raise ValueError(f"{text} is not above 0")
    return text


def _sorted_files(files: tuple[FileEntry, ...]) -> tuple[FileEntry, ...]:
    if len({entry.path for entry in files}) < len(files):
        raise ValueError("a file is listed twice")
    return tuple(sorted(files, key=lambda entry: entry.path))


Floor = Annotated[str, AfterValidator(_floor)]


class InputRecord(StrictModel):
    """One input file as the run saw it. bytes: its size on disk; modified_ns: nanoseconds since 1970 UTC.

    version: of an object in a store, its ETag, another one for each content; of what Spark has read, how many rows
    and a checksum of them. format: of formats/registry.py, or spark; earlier versions called text tsv. delimiter:
    between the fields of a text file. separator: between the hashtags of a post.
    """

    table: Literal["posts", "accounts"]
    path: str
    bytes: NonNegativeInt
    modified_ns: int
    version: str | None = None
    format: str
    compression: Literal["gzip", "bz2", "zstd", "xz", "zip"] | None = None
    encoding: str = "utf-8"
    delimiter: str = "\t"
    quoting: Literal["none", "rfc4180", "backslash"] = "none"
    separator: str | None = None
    preset: str | None = None


class Mode(StrictModel):
    """How the snapshot was made: of all input, or of what is new since an earlier snapshot, the base.

    reason: why so, in words. files, bytes: of posts that were read.
    """

    name: Literal["full", "incremental"]
    reason: str
    base: Annotated[str, AfterValidator(_snapshot_id)] | None = None
    files: NonNegativeInt
    bytes: NonNegativeInt


class Manifest(StrictModel):
    """All that is known of one snapshot.

    floor: the threshold as the exact decimal it was given as. buckets: what bucket_of was taken modulo. generation:
    0 of a full run, of an incremental one that of its base plus 1. inputs: the posts' files in an order that later
    runs of new files keep, see tables.POST_INDEX. read: of posts and accounts, how the files were read and why, for a
    person. seconds: by stage, in the order in which they ran. recall: None for
    a lossless run. verification: None if none was asked for. files: sorted by path; the files of one table, bucket
    and generation are, in this order, one sorted sequence of rows.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    id: Annotated[str, AfterValidator(_snapshot_id)]
    created: AwareDatetime
    job_version: str
    floor: Floor
    buckets: Annotated[int, Field(ge=1, le=MAX_BUCKETS)]
    configuration: dict[str, JsonValue]
    mode: Mode
    generation: NonNegativeInt = 0
    inputs: tuple[InputRecord, ...]
    read: dict[str, str] = Field(default_factory=dict)
    counts: Counts
    seconds: dict[str, NonNegativeFloat]
    recall: Recall | None = None
    verification: Verification | None = None
    files: Annotated[tuple[FileEntry, ...], AfterValidator(_sorted_files)]

    @property
    def threshold(self) -> Threshold:
        """The floor as an exact fraction."""
        return _threshold(self.floor)

    @property
    def is_grouped(self) -> bool:
        """Whether identical names are groups in tables.IDENTICAL, and pairs lists those of their first accounts."""
        return self.schema_version == GROUPED_VERSION

    @model_validator(mode="after")
    def _check_grouping(self) -> Self:
        asked = self.configuration.get("identical") == "group"
        if not asked == self.is_grouped == (self.counts.grouped is not None):
            raise ValueError("schema_version, configuration and counts contradict each other on identical names")
        return self

    @model_validator(mode="after")
    def _check_files(self) -> Self:
        rows = dict.fromkeys(TABLES, 0)
        for entry in self.files:
            rows[entry.table] += entry.rows - entry.replaces
            if entry.bucket is not None and entry.bucket >= self.buckets:
                raise ValueError(f"{entry.path} is in none of the {self.buckets} buckets")
            if entry.generation > self.generation:
                raise ValueError(
                    f"{entry.path} is of generation {entry.generation}, the snapshot of {self.generation}"
                )
        for table in TABLES.values():
            if table.total is not None:
                check_sum(f"rows of {table.name}", rows[table.name], self.counts.total(table.total))
        return self

    def dump(self) -> bytes:
        """As indented JSON; the same manifest always gives the same bytes."""
        return (self.model_dump_json(indent=2) + "\n").encode()


def _finite(text: str) -> float:
    """A number of JSON, which has none that is infinite, but texts such as 1e999 and Python's Infinity."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number of JSON")
    return number


def parse(data: bytes, path: Path | str) -> Manifest:
    """Check the content of a manifest. path: of the manifest, for messages. Raises SnapshotError."""
    try:
        document = json.loads(data, parse_float=_finite, parse_constant=_finite)
        version = document["schema_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SnapshotError(f"{path}: is not a manifest") from None
    if isinstance(version, int) and version not in (SCHEMA_VERSION, GROUPED_VERSION):
        mend = "a newer one is needed" if version > GROUPED_VERSION else "run the job once in full to replace it"
        raise SnapshotError(
            f"{path}: has schema version {version}; this version of lookalike reads {SCHEMA_VERSION} and "
            f"{GROUPED_VERSION}: {mend}"
        )
    try:
        return Manifest.model_validate_json(data, strict=True)
    except SnapshotError as error:  # from a file entry
        raise SnapshotError(f"{path}: {error}") from None
    except ValidationError as error:
        first, *rest = error.errors(include_url=False, include_input=False)
        place = ".".join(str(step) for step in first["loc"])
        more = f" (and {len(rest)} more)" if rest else ""
        raise SnapshotError(f"{path}: {place + ': ' if place else ''}{first['msg']}{more}") from None
