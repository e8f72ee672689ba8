"""One account: who it is, the hashtags it used, and the accounts that look like it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from lookalike.snapshots.reader import Snapshot
from lookalike.tables import AccountRow
from serving.v1.text import timestamps

_TIME = pa.timestamp("us", "UTC")


class AccountPage(NamedTuple):
    """An account and a part of its lists, as rows of models.AccountHashtag and models.Lookalike."""

    row: AccountRow
    hashtags: list[dict[str, Any]]
    lookalikes: list[dict[str, Any]]
    more: bool


def account_page(snapshot: Snapshot, account_id: str, offset: int, limit: int) -> AccountPage | None:
    """Rows [offset, offset + limit) of both lists; None if the input had no such account."""
    row = snapshot.account(account_id)
    if row is None:
        return None
    end = offset + limit
    hashtags: list[dict[str, Any]] = []
    if offset < row.hashtags:
        used = snapshot.account_hashtags(account_id).sort_by([("posts", "descending"), ("hashtag", "ascending")])
        hashtags = written(used.slice(offset, limit).drop_columns(["account_id", "generation"]))
    lookalikes: list[dict[str, Any]] = []
    if offset < row.lookalikes:
        found = snapshot.lookalikes(account_id).slice(offset, limit).drop_columns("account_id")
        names = {"other_id": "account_id", "other_name": "screen_name"}
        lookalikes = found.rename_columns([names.get(name, name) for name in found.column_names]).to_pylist()
    return AccountPage(row, hashtags, lookalikes, end < max(row.hashtags, row.lookalikes))


def written(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows as dicts, times as ISO 8601."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            rows = rows.set_column(place, field.name, timestamps(rows.column(place)))
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


def iso(moment: datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC, as the columns are written."""
    if moment is None:
        return None
    text: str = timestamps(pa.array([moment.astimezone(UTC)], _TIME))[0].as_py()
    return text
