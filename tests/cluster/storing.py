"""Posts and accounts in an object store, and what a run published there."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lookalike.outputs.urls import StoreUrl
from lookalike.tables import TABLES
from tests.generations import that_count
from tests.stores.running import Bucket

from .running import Inputs


def put_inputs(inputs: Inputs, url: StoreUrl) -> None:
    """Each file of posts below posts/, and the accounts below accounts/."""
    bucket = Bucket(url)
    for file in sorted(inputs.posts.iterdir()):
        bucket.write(f"posts/{file.name}", file.read_bytes())
    bucket.write(f"accounts/{inputs.accounts.name}", inputs.accounts.read_bytes())


def published_in_store(url: StoreUrl) -> dict[str, Any]:
    """As running.published gives it of a folder."""
    bucket = Bucket(url)
    tables: dict[str, Any] = {}
    for name, rows in bucket.tables().items():
        table = TABLES[name]
        found = pa.Table.from_pylist(rows, table.schema)
        ordered = found.sort_by([(column, "ascending") for column in table.names]).to_pylist()
        tables[name] = sorted(that_count(name, ordered), key=str) if table.generations else ordered
    return {"counts": bucket.manifest().counts.model_dump(), **tables}
