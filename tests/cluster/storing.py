"""Posts and accounts in an object store, and what a run published there or in HDFS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from lookalike.outputs.hdfsstore import HdfsStore
from lookalike.outputs.opening import open_output
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import TABLES
from tests.generations import that_count
from tests.stores.running import Bucket, tables

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
    return ordered(bucket.manifest(), bucket.tables())


def published_in_hdfs(url: StoreUrl) -> dict[str, Any]:
    """The same of an output in HDFS, which this process must be able to find."""
    store = HdfsStore(url)
    manifest = Snapshot.open(open_output(url)).manifest
    return ordered(manifest, tables(manifest, lambda path: store.get(path, 1 << 30)[0]))


def ordered(manifest: Manifest, rows_of: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Counts, and the rows of every table that count, in one order."""
    found: dict[str, Any] = {"counts": manifest.counts.model_dump()}
    for name, rows in rows_of.items():
        table = TABLES[name]
        in_order = pa.Table.from_pylist(rows, table.schema).sort_by([(column, "ascending") for column in table.names])
        found[name] = in_order.to_pylist()
        if table.generations:
            found[name] = sorted(that_count(name, found[name]), key=str)
    return found
