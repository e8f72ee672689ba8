"""The snapshot that is served: when it was made, from what, how, and what was counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Annotated, Any, Final, Literal

from pydantic import Field, JsonValue
from starlette.responses import Response

from lookalike.snapshots.manifest import InputRecord, Manifest
from lookalike.tables import TABLES
from serving.api.answering import Call, CallDep
from serving.api.fields import GIVEN, NO_PARAMETERS, Count, Floor, Model, SnapshotId, Time, problems, v1_router
from serving.api.text import iso

router = v1_router()

# Options that name places of the machine on which the job ran, or that change nothing in the result.
_LEFT_OUT: Final = frozenset(
    {"posts", "accounts", "output", "progress", "plan", "max_candidates", "max_pairs", "verify"}
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class TableSize(Model):
    """What a table of the snapshot holds."""

    table: str
    rows: Count
    files: Count
    bytes: Count


class InputFile(Model):
    """A file that the snapshot was made from."""

    table: Literal["posts", "accounts"]
    name: str
    bytes: Count
    modified: Time
    format: str
    compression: Literal["gzip", "bz2", "zstd", "xz", "zip"] | None
    quoting: Literal["none", "rfc4180", "backslash"]


class AccountRows(Model):
    """Where the rows of the accounts went: rows = used + duplicates + earlier_names + rejected."""

    rows: Count
    used: Count
    duplicates: Count
    earlier_names: Annotated[int, Field(ge=0, description="Rows with an earlier name of their account.")]
    names: Annotated[int, Field(ge=0, description="All names of the accounts that have several.")]
    rejected: Annotated[dict[str, Count], Field(description="By reason.")]
    unreadable_dates: Annotated[int, Field(ge=0, description="Of the used rows.")]


class PostRows(Model):
    """Where the rows of the posts went. Each row is in one count; unreadable values are counted as well."""

    rows: Count
    used: Count
    without_hashtag: Count
    excluded_reposts: Count
    duplicates: Count
    joined: Annotated[int, Field(ge=0, description="Rows that only add hashtags to another row of the post.")]
    rejected: Annotated[dict[str, Count], Field(description="By reason.")]
    unreadable_dates: Annotated[int, Field(ge=0, description="Of the used rows.")]
    unreadable_flags: Annotated[int, Field(ge=0, description="Of the used rows.")]


class GroupedRows(Model):
    """What the tables hold of the similar pairs where identical names are groups."""

    pairs: Annotated[int, Field(ge=0, description="Pairs of the first account of each name.")]
    identical: Annotated[int, Field(ge=0, description="Accounts with the name of another one, by hashtag.")]


class Counts(Model):
    """From rows to similar pairs."""

    accounts: AccountRows
    posts: PostRows
    memberships: Annotated[int, Field(ge=0, description="Distinct (hashtag, account).")]
    hashtags: Count
    pairs_sharing: Annotated[
        int, Field(ge=0, description="Pairs of accounts that share a hashtag, over all hashtags.")
    ]
    candidates: Annotated[int, Field(ge=0, description="Pairs that blocking let through.")]
    verified: Annotated[int, Field(ge=0, description="Pairs whose distance was computed.")]
    similar_pairs: Count
    names_once: Annotated[
        bool, Field(description="Whether all names were compared once, rather than hashtag by hashtag.")
    ]
    grouped: Annotated[GroupedRows | None, Field(description="Null unless identical names are groups.")] = None


class Recall(Model):
    """How many of the pairs of sampled hashtags a lossy blocking found."""

    hashtags: Count
    pairs: Count
    found: Count


class SnapshotInfo(Model):
    """The snapshot that is served."""

    snapshot: SnapshotId
    created: Time
    job_version: str
    schema_version: int
    floor: Floor
    buckets: Annotated[int, Field(ge=1)]
    configuration: Annotated[
        dict[str, JsonValue], Field(description="The options of the run; without the places of files.")
    ]
    counts: Counts
    seconds: Annotated[dict[str, float], Field(description="What each stage of the run took, in their order.")]
    recall: Annotated[Recall | None, Field(description="Null where nothing is lost.")]
    inputs: list[InputFile]
    tables: list[TableSize]


@router.get(
    "/snapshot",
    operation_id="served_snapshot",
    summary="The snapshot that is served",
    response_description=GIVEN,
    response_model=SnapshotInfo,
    responses=problems(),
    dependencies=[NO_PARAMETERS],
)
async def served_snapshot(call: CallDep) -> Response:
    """The snapshot that is served: when and how it was made, and its counts."""
    return await call.answer(_answer)


async def _answer(call: Call) -> SnapshotInfo:
    return SnapshotInfo.model_validate(about(call.served.manifest))


def about(manifest: Manifest) -> dict[str, Any]:
    """What SnapshotInfo holds, without the places of files."""
    shown = manifest.model_dump(include={"job_version", "schema_version", "buckets", "counts", "seconds", "recall"})
    return shown | {
        "snapshot": manifest.id,
        "created": iso(manifest.created),
        "floor": float(manifest.threshold),
        "configuration": _configuration(manifest),
        "inputs": [_input(file) for file in manifest.inputs],
        "tables": [_table(manifest, name) for name in TABLES],
    }


def _configuration(manifest: Manifest) -> dict[str, Any]:
    shown = {name: value for name, value in manifest.configuration.items() if name not in _LEFT_OUT}
    ignored = shown.get("ignore_hashtags")
    if isinstance(ignored, dict):  # how many and which, not in what file
        shown["ignore_hashtags"] = {name: value for name, value in ignored.items() if name != "path"}
    return shown


def _input(file: InputRecord) -> dict[str, Any]:
    shown = file.model_dump(include={"table", "bytes", "format", "compression", "quoting"})
    modified = _EPOCH + timedelta(microseconds=file.modified_ns // 1000)
    return shown | {"name": PurePath(file.path).name, "modified": iso(modified)}


def _table(manifest: Manifest, name: str) -> dict[str, Any]:
    entries = [entry for entry in manifest.files if entry.table == name]
    return {
        "table": name,
        "rows": sum(entry.rows for entry in entries),
        "files": len(entries),
        "bytes": sum(entry.bytes for entry in entries),
    }
