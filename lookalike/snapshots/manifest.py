"""The manifest: what a snapshot was made from, how, what it counted, and every file that belongs to it."""

import contextlib
import json
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    JsonValue,
    NonNegativeFloat,
    NonNegativeInt,
    StringConstraints,
    ValidationError,
    model_validator,
)

from lookalike.errors import SnapshotError
from lookalike.outputs.buckets import MAX_BUCKETS
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import SCHEMA_VERSION, is_snapshot_id
from lookalike.snapshots.counts import Counts, Recall, StrictModel, Verification, check_sum
from lookalike.tables.schemas import CONFLICT, SCHEMAS, TABLE_OF, UNKNOWN_AUTHOR
from lookalike.threshold import Threshold


def _snapshot_id(text: str) -> str:
    if not is_snapshot_id(text):
        raise ValueError("is not a snapshot id")
    return text


def _floor(text: str) -> str:
    if Threshold.parse(text).numerator == 0:
        raise ValueError(f"{text} is not above 0")
    return text


def _sorted_files(files: tuple[FileEntry, ...]) -> tuple[FileEntry, ...]:
    if len({entry.path for entry in files}) < len(files):
        raise ValueError("a file is listed twice")
    return tuple(sorted(files, key=lambda entry: entry.path))


Floor = Annotated[
    str,
    StringConstraints(pattern=r"^[+]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})$"),
    AfterValidator(_floor),
]


class InputRecord(StrictModel):
    """One input file as the run saw it. bytes: its size on disk; modified_ns: nanoseconds since 1970 UTC."""

    table: Literal["posts", "accounts"]
    path: str
    bytes: NonNegativeInt
    modified_ns: int
    format: Literal["tsv", "parquet"]
    compression: Literal["gzip", "bz2"] | None = None
    quoting: Literal["none", "rfc4180"] = "none"


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

    floor: the threshold as the exact decimal it was given as. buckets: what bucket_of was taken modulo. mode: None in
    snapshots of versions before it. inputs: the posts' files in an order that later runs of new files keep, see
    schemas.POST_INDEX. seconds: by stage, in the order in which they ran. recall: None for a lossless run.
    verification: None if none was asked for. files: sorted by path; the files of one table and bucket, in this order,
    are one sorted run of rows, but for what an overlay says (schemas.OVERLAYS).
    """

    schema_version: Literal[3] = SCHEMA_VERSION
    id: Annotated[str, AfterValidator(_snapshot_id)]
    created: AwareDatetime
    job_version: str
    floor: Floor
    buckets: Annotated[int, Field(ge=1, le=MAX_BUCKETS)]
    configuration: dict[str, JsonValue]
    mode: Mode | None = None
    inputs: tuple[InputRecord, ...]
    counts: Counts
    seconds: dict[str, NonNegativeFloat]
    recall: Recall | None = None
    verification: Verification | None = None
    files: Annotated[tuple[FileEntry, ...], AfterValidator(_sorted_files)]

    @cached_property
    def threshold(self) -> Threshold:
        """The floor as an exact fraction."""
        return Threshold.parse(self.floor)

    @model_validator(mode="after")
    def _check_files(self) -> Self:
        rows = dict.fromkeys(SCHEMAS, 0)
        for entry in self.files:
            rows[TABLE_OF.get(entry.table, entry.table)] += entry.rows - entry.replaces
            if entry.bucket is not None and entry.bucket >= self.buckets:
                raise ValueError(f"{entry.path} lies beyond the {self.buckets} buckets")
        counts = self.counts
        rejected = sum(counts.accounts.rejected.values()) + sum(counts.posts.rejected.values())
        check_sum("rows of members", rows["members"], counts.memberships)
        check_sum("rows of hashtags", rows["hashtags"], counts.hashtags)
        check_sum("rows of pairs", rows["pairs"], counts.similar_pairs)
        check_sum("rows of accounts", rows["accounts"], counts.accounts.used)
        check_sum("rows of account_hashtags", rows["account_hashtags"], counts.memberships)
        check_sum("rows of rejects", rows["rejects"], rejected)
        if self.mode is not None:  # else of a version that kept nothing for the next run
            posts = counts.posts
            read = posts.rows - posts.duplicates - sum(posts.rejected.values())
            check_sum("rows of post_index", rows["post_index"], read + posts.rejected.get(CONFLICT, 0))
            check_sum("rows of member_places", rows["member_places"], counts.memberships)
            unknown = posts.rejected.get(UNKNOWN_AUTHOR, 0)
            check_sum("rows of unknown_posts", rows["unknown_posts"], unknown)
        return self

    @property
    def tables(self) -> list[str]:
        """All tables, of overlays those that are there."""
        present = {entry.table for entry in self.files}
        return [name for name in SCHEMAS if name in present or name not in TABLE_OF]

    def dump(self) -> bytes:
        """As indented JSON; the same manifest always gives the same bytes."""
        return (self.model_dump_json(indent=2) + "\n").encode()


def load(path: Path) -> Manifest:
    """Read and check a manifest. Raises SnapshotError, in one line, if it cannot be trusted."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path}: {error.strerror}") from None
    return parse(data, path)


def parse(data: bytes, path: Path | str) -> Manifest:
    """Check the content of a manifest. path: where it stands, for messages. Raises SnapshotError likewise."""
    try:
        document = json.loads(data)
        version = document["schema_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SnapshotError(f"{path}: is not a manifest") from None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise SnapshotError(
            f"{path}: has schema version {version}; this version of lookalike reads up to {SCHEMA_VERSION}"
        )
    try:
        return Manifest.model_validate_json(_brought_up(data, document), strict=True)
    except SnapshotError as error:  # from a file entry
        raise SnapshotError(f"{path}: {error}") from None
    except ValidationError as error:
        first, *rest = error.errors(include_url=False, include_input=False)
        place = ".".join(str(step) for step in first["loc"])
        more = f" (and {len(rest)} more)" if rest else ""
        raise SnapshotError(f"{path}: {place + ': ' if place else ''}{first['msg']}{more}") from None


def _brought_up(data: bytes, document: Any) -> bytes:
    """A manifest of an earlier schema version in the words of this one.

    The second knew no overlays. The checksums of the first were all of one kind.
    """
    if document["schema_version"] not in (1, 2):
        return data
    if document["schema_version"] == 1:
        with contextlib.suppress(TypeError, KeyError, AttributeError):  # what else is wrong the validation tells of
            for entry in document["files"]:
                entry["checksum"] = f"sha256:{entry.pop('sha256')}"
    return json.dumps(document | {"schema_version": SCHEMA_VERSION}).encode()
