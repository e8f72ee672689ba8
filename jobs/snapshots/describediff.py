"""The difference of two snapshots in lines for a person to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jobs.reporting.progress import Meter
from jobs.reporting.terminal import table
from jobs.snapshots.describe import WIDEST, hashtag_lines, moment
from jobs.snapshots.diff import (
    ACCOUNTS,
    AFTER,
    BEFORE,
    HASHTAGS,
    PAIRS,
    Difference,
    Found,
    difference,
    rows_to_compare,
)
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import HashtagRow

_PAIR = ("screen name", "screen name", "account", "account")


def difference_lines(before: Snapshot, after: Snapshot, limit: int) -> list[str]:
    """Counts, then at most `limit` examples of each kind, those that say most first."""
    compared = (PAIRS, HASHTAGS, ACCOUNTS)
    with Meter("comparing", sum(rows_to_compare(before, after, one) for one in compared)) as meter:
        pairs, hashtags, accounts = (
            difference(before, after, one, limit=limit, done=meter.advance) for one in compared
        )
    lines = [*_origins(before, after), "", *_counts(before, after, pairs, hashtags, accounts)]
    for what, side, suffix, found in (
        ("Pairs added", after, AFTER, pairs.added),
        ("Pairs removed", before, BEFORE, pairs.removed),
    ):
        rows = [
            (f"#{row['hashtag']}", row[f"similarity{suffix}"], row[f"distance{suffix}"], *_names(side, row))
            for row in found.top
        ]
        lines += _section(what, found, rows, ("hashtag", "similarity", "distance", *_PAIR))
    rows = [
        (f"#{row['hashtag']}", row[f"distance{BEFORE}"], row[f"distance{AFTER}"], *_names(after, row))
        for row in pairs.changed.top
    ]
    lines += _section("Pairs of another distance", pairs.changed, rows, ("hashtag", "before", "after", *_PAIR))
    for what, suffix, found in (
        ("Hashtags added", AFTER, hashtags.added),
        ("Hashtags removed", BEFORE, hashtags.removed),
    ):
        if found.top:
            shown = [HashtagRow(row["hashtag"], *_values(row, HASHTAGS.values, suffix)) for row in found.top]
            lines += ["", _title(what, found), "", *hashtag_lines(shown)]
    header = ("screen name", "posts", "hashtags", "lookalikes", "account")
    for what, suffix, found in (
        ("Accounts added", AFTER, accounts.added),
        ("Accounts removed", BEFORE, accounts.removed),
    ):
        rows = [(*_values(row, ACCOUNTS.values, suffix), row["account_id"]) for row in found.top]
        lines += _section(what, found, rows, header)
    rows = [
        (*(row[f"screen_name{side}"] for side in (BEFORE, AFTER)), row[f"lookalikes{AFTER}"], row["account_id"])
        for row in accounts.changed.top
    ]
    return lines + _section("Renamed accounts", accounts.changed, rows, ("before", "after", "lookalikes", "account"))


def _origins(before: Snapshot, after: Snapshot) -> list[str]:
    sides = (("before", before.manifest), ("after", after.manifest))
    lines = table([(side, one.id, f"made {moment(one.created)}", f"floor {one.floor}") for side, one in sides])
    if before.manifest.floor != after.manifest.floor:
        lines.append("The floors differ: pairs between them are in one of the two only.")
    return lines


def _counts(
    before: Snapshot, after: Snapshot, pairs: Difference, hashtags: Difference, accounts: Difference
) -> list[str]:
    old, new = before.manifest.counts, after.manifest.counts
    rows = [
        ("pairs", old.similar_pairs, new.similar_pairs, pairs, f"{pairs.changed.count:,} of another distance"),
        ("hashtags", old.hashtags, new.hashtags, hashtags, ""),
        ("accounts", old.accounts.used, new.accounts.used, accounts, f"{accounts.changed.count:,} renamed"),
    ]
    return table(
        [
            (what, was, now, found.added.count, found.removed.count, changed)
            for what, was, now, found, changed in rows
        ],
        ("", "before", "after", "added", "removed", "changed"),
    )


def _section(what: str, found: Found, rows: Sequence[Sequence[object]], header: Sequence[str]) -> list[str]:
    """An empty line, a title, an empty line and a table; nothing if there are no rows."""
    return ["", _title(what, found), "", *table(rows, header, widest=WIDEST)] if rows else []


def _title(what: str, found: Found) -> str:
    shown = len(found.top)
    return what if shown == found.count else f"{what} ({shown:,} of {found.count:,})"


def _values(row: dict[str, Any], names: Sequence[str], suffix: str) -> list[Any]:
    return [row[f"{name}{suffix}"] for name in names]


def _names(snapshot: Snapshot, row: dict[str, Any]) -> list[str]:
    """Screen names of both accounts of a pair, then the accounts."""
    ids = [row["account_a"], row["account_b"]]
    found = [snapshot.account(account) for account in ids]
    return [*("" if account is None else account.screen_name for account in found), *ids]
