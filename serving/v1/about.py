"""The snapshot that is served, for whoever asks what an answer comes from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, Final

from lookalike.snapshots.manifest import InputRecord, Manifest
from lookalike.tables import TABLES
from serving.v1.accounts import iso

# Options that name places of the machine on which the job ran, or that change nothing in the result.
_LEFT_OUT: Final = frozenset({"posts", "accounts", "output", "progress", "plan", "max_candidates", "verify"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def about(manifest: Manifest) -> dict[str, Any]:
    """What models.SnapshotInfo holds, without the places of files."""
    told = manifest.model_dump(include={"job_version", "schema_version", "buckets", "counts", "seconds", "recall"})
    return told | {
        "snapshot": manifest.id,
        "created": iso(manifest.created),
        "floor": float(manifest.floor),
        "configuration": _configuration(manifest),
        "inputs": [_input(file) for file in manifest.inputs],
        "tables": [_table(manifest, name) for name in TABLES],
    }


def _configuration(manifest: Manifest) -> dict[str, Any]:
    told = {name: value for name, value in manifest.configuration.items() if name not in _LEFT_OUT}
    ignored = told.get("ignore_hashtags")
    if isinstance(ignored, dict):  # how many and which, not in what file
        told["ignore_hashtags"] = {name: value for name, value in ignored.items() if name != "path"}
    return told


def _input(file: InputRecord) -> dict[str, Any]:
    told = file.model_dump(include={"table", "bytes", "format", "compression", "quoting"})
    modified = _EPOCH + timedelta(microseconds=file.modified_ns // 1000)
    return told | {"name": PurePath(file.path).name, "modified": iso(modified)}


def _table(manifest: Manifest, name: str) -> dict[str, Any]:
    entries = [entry for entry in manifest.files if entry.table == name]
    return {
        "table": name,
        "rows": sum(entry.rows for entry in entries),
        "files": len(entries),
        "bytes": sum(entry.bytes for entry in entries),
    }
