"""The tables of a snapshot as plain rows, read past the reader, and requests page by page."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot

from .running import Client

SIDE = ("account_id", "screen_name", "posts", "reposts", "first_post", "last_post", "created_at")


def rows(output: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, times as the API writes them."""
    manifest = Snapshot.open(FolderOutput(output)).manifest
    paths = [output / entry.path for entry in manifest.files if entry.table == table]
    return [as_json(row) for path in paths for row in pq.read_table(path).to_pylist()]


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value
        for name, value in row.items()
    }


def evidence(output: Path, hashtag: str, min_similarity: float) -> list[dict[str, Any]]:
    """What /pairs should say of the stored pairs of a hashtag, put together by plain look-ups."""
    created = {}
    for row in pq.read_table(
        [output / e.path for e in Snapshot.open(FolderOutput(output)).manifest.files if e.table == "members"]
    ).to_pylist():
        created[row["hashtag"], row["account_id"]] = row
    expected = []
    for pair in rows(output, "pairs"):
        if pair["hashtag"] == hashtag and pair["similarity"] >= min_similarity:
            a, b = (created[hashtag, pair[side]] for side in ("account_a", "account_b"))
            moments = a["created_at"], b["created_at"]
            gap = None if None in moments else abs((moments[0] - moments[1]).total_seconds())
            expected.append(
                {"hashtag": hashtag, "distance": pair["distance"], "similarity": pair["similarity"]}
                | {"created_gap_seconds": gap}
                | {side: as_json({name: row[name] for name in SIDE}) for side, row in (("a", a), ("b", b))}
            )
    return expected


def pages(client: Client, path: str, items: str, **parameters: Any) -> list[Any]:
    """The items of all pages."""
    found: list[Any] = []
    while True:
        answer = client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert len(body[items]) <= parameters["limit"]
        found += body[items]
        if body["next_cursor"] is None:
            return found
        parameters["cursor"] = body["next_cursor"]
