"""What a snapshot was made with, said a second time: in the footer of its table of hashtags, which every run writes.

A reader cannot work any of this out from rows, and goes wrong if the manifest says it wrongly: in other buckets
there are other hashtags, and below the floor there are no pairs. CURRENT guards the live snapshot's manifest alone.
"""

from __future__ import annotations

import json
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, Field, JsonValue, NonNegativeInt

from lookalike.errors import SnapshotError
from lookalike.outputs.buckets import MAX_BUCKETS
from lookalike.outputs.layout import MANIFEST, snapshot_folder
from lookalike.snapshots.counts import StrictModel
from lookalike.snapshots.manifest import Floor, Manifest
from lookalike.snapshots.reader import Snapshot

_KEY: Final = b"lookalike"


class Origin(StrictModel):
    """Fields of a manifest; see there."""

    created: AwareDatetime
    job_version: str
    floor: Floor
    buckets: Annotated[int, Field(ge=1, le=MAX_BUCKETS)]
    configuration: dict[str, JsonValue]
    generation: NonNegativeInt

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """What a manifest says."""
        return cls(**{name: getattr(manifest, name) for name in cls.model_fields})

    def footer(self) -> dict[bytes, bytes]:
        """What to add to the footer of the table."""
        return {_KEY: self.model_dump_json().encode()}


def check_origin(snapshot: Snapshot) -> None:
    """Raise SnapshotError unless the manifest says what the footer of the table of hashtags does.

    Earlier versions have written no such footer; of their snapshots nothing is compared.
    """
    said = Origin.of(snapshot.manifest).model_dump(mode="json")
    if not snapshot.output.compares_checksums:
        for entry in snapshot.entries("hashtags", None):
            snapshot.output.check_file(entry)  # Arrow may crash on a damaged one
    for file in snapshot.stored("hashtags", None).files:
        written = _parsed(file.in_footer(_KEY), file.path)
        for name in said:
            if name in written and said[name] != written[name]:
                manifest = snapshot.output.name(f"{snapshot_folder(snapshot.manifest.id)}/{MANIFEST}")
                raise SnapshotError(f"{manifest}: its {name} is not the one that {file.path} was written with")


def _parsed(content: bytes | None, path: str) -> dict[str, JsonValue]:
    try:
        found: dict[str, JsonValue] = {} if content is None else dict(json.loads(content))
    except (ValueError, TypeError):
        raise SnapshotError(f"{path}: is damaged: its footer cannot be read") from None
    return found
