"""A snapshot in lines for a person to read: what it was made from, what it counted, what it found."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from jobs.reporting.terminal import count_of, printable, table
from lookalike.snapshots.counts import AccountCounts, Counts, PostCounts, Verification
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import TABLES, HashtagRow
from lookalike.threshold import Threshold

WIDEST: Final = 64  # columns of a cell; longer ids and names are cut

# Options that `origin` and `funnel` show in other lines, or that make no difference to the result.
_SHOWN_ELSEWHERE = frozenset(
    {"posts", "accounts", "output", "progress", "min_similarity", "plan", "max_candidates", "max_pairs", "verify"}
)


class NamedPair(NamedTuple):
    """A similar pair (see tables.PAIRS) with the screen names of its accounts."""

    account_a: str
    name_a: str
    account_b: str
    name_b: str
    distance: int
    similarity: float


def named_pairs(
    snapshot: Snapshot, key: str, *, limit: int, min_similarity: Threshold | None = None
) -> list[NamedPair]:
    """The most similar pairs of a hashtag, at most `limit`; see Snapshot.pairs."""
    rows: list[Any] = []
    for piece in snapshot.iter_pairs(key, min_similarity):
        rows += piece.slice(0, limit - len(rows)).to_pylist()
        if len(rows) == limit:
            break
    if not rows:
        return []
    wanted = pa.array({row[side] for row in rows for side in ("account_a", "account_b")}, pa.string())
    name_of: dict[str, str] = {}
    for members in snapshot.iter_members(key, ["hashtag", "account_id", "screen_name"]):
        found = members.filter(pc.is_in(members.column("account_id"), value_set=wanted))
        name_of |= zip(*(found.column(name).to_pylist() for name in ("account_id", "screen_name")), strict=True)
        if len(name_of) == len(wanted):
            break
    return [
        NamedPair(a, name_of[a], b, name_of[b], row["distance"], row["similarity"])
        for row in rows
        for a, b in [(row["account_a"], row["account_b"])]
    ]


def top_hashtags(snapshot: Snapshot, limit: int) -> list[HashtagRow]:
    """The hashtags with most pairs, those without left out; never the whole table in memory."""

    def with_pairs() -> Iterator[HashtagRow]:
        for file in snapshot.stored("hashtags", None).files:
            for group in range(len(file.bounds)):
                found = file.read(group).filter(pc.field("pairs") > 0)
                yield from (HashtagRow(**row) for row in found.to_pylist())

    return heapq.nsmallest(limit, with_pairs(), key=lambda row: (-row.pairs, row.hashtag))


def hashtag_lines(hashtags: Sequence[HashtagRow]) -> list[str]:
    """One line a hashtag."""
    rows = [(f"#{row.display}", row.posts, row.members, row.pairs) for row in hashtags]
    return table(rows, ("hashtag", "posts", "members", "pairs"))


def funnel(manifest: Manifest) -> list[str]:
    """From rows to similar pairs; the lines below each number of rows add up to it."""
    counts = manifest.counts
    blocking = manifest.configuration.get("blocking", "lossless")
    order = ", all names compared once" if counts.names_once else ""
    lines = [
        *counted(counts),
        ("candidates", counts.candidates, f"let through by {blocking} blocking{order}"),
        ("verified", counts.verified, "distances computed"),
        ("similar pairs", counts.similar_pairs, f"similarity of at least {manifest.floor}"),
    ]
    if manifest.verification is not None:
        lines.append(("compared by brute force", *_verification(manifest.verification)))
    shown = table(lines, widest=80)
    recall = manifest.recall
    if recall is not None:
        share = f"{recall.found / recall.pairs:.1%} of the {recall.pairs:,}" if recall.pairs else "none of the 0"
        sample = count_of(recall.hashtags, "sampled hashtag")
        shown.append(f"{blocking} blocking loses pairs: it found {share} pairs of {sample}")
    return [printable(line) for line in shown]


def _verification(checked: Verification) -> tuple[int, str]:
    """Number and remark of the funnel's last line."""
    wrong = f"{checked.lost:,} lost, none wrong" if checked.lost else "none lost or wrong"
    return checked.compared, f"pairs in {count_of(checked.hashtags, 'hashtag')}: {checked.found:,} similar, {wrong}"


def counted(counts: Counts) -> list[tuple[str, int, str]]:
    """The part of the funnel that is known before names are compared: name, number and remark."""
    return [
        ("rows of accounts", counts.accounts.rows, ""),
        *_rows(counts.accounts),
        ("rows of posts", counts.posts.rows, ""),
        *_rows(counts.posts),
        ("hashtags", counts.hashtags, ""),
        ("memberships", counts.memberships, "distinct (hashtag, account)"),
        ("pairs that share a hashtag", counts.pairs_sharing, ""),
    ]


def _rows(counts: AccountCounts | PostCounts) -> list[tuple[str, int, str]]:
    """Where the rows of a table went."""
    lines = [("  used", counts.used, "")]
    if isinstance(counts, PostCounts):
        lines.append(("  without hashtag", counts.without_hashtag, ""))
        lines.append(("  excluded reposts", counts.excluded_reposts, ""))
    lines.append(("  duplicates", counts.duplicates, "copies of other rows"))
    if isinstance(counts, PostCounts):
        lines.append(("  joined", counts.joined, "rows that only add hashtags to a post"))
    if isinstance(counts, AccountCounts):
        lines.append(("  earlier names", counts.earlier_names, "of accounts that were renamed"))
    lines += [(f"  rejected: {reason}", count, "") for reason, count in counts.rejected.items()]
    shown = [line for line in lines if line[1] or line[0] == "  used"]
    notes = [("dates", counts.unreadable_dates)]
    if isinstance(counts, PostCounts):
        notes.append(("repost flags", counts.unreadable_flags))
    unreadable = ", ".join(f"unreadable {what}: {count:,}" for what, count in notes if count)
    return [(*shown[0][:2], unreadable), *shown[1:]]


def seconds(manifest: Manifest) -> str:
    """The seconds that each stage took."""
    return "seconds  " + "  ".join(f"{printable(stage)} {time:.1f}" for stage, time in manifest.seconds.items())


def how(manifest: Manifest) -> str:
    """Whether all input was read or what is new, and why."""
    mode = manifest.mode
    read = f"{count_of(mode.files, 'file')} of posts read, {mode.bytes:,} bytes"
    return f"{mode.name}, {printable(mode.reason)}: {read}"


def read_lines(manifest: Manifest) -> list[str]:
    """How the files of each table were read."""
    return table([(name, printable(text)) for name, text in manifest.read.items()], widest=4096)


def moment(time: datetime) -> str:
    """A time to the second, whatever zone it was noted in."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def origin(manifest: Manifest) -> list[str]:
    """What the snapshot is, how it was made, and from which files."""
    options = sorted(set(manifest.configuration) - _SHOWN_ELSEWHERE)
    rows = [
        ("snapshot", manifest.id),
        ("made", f"{moment(manifest.created)} by lookalike {manifest.job_version}"),
        ("mode", how(manifest)),
        ("options", ", ".join(f"{name} {json.dumps(manifest.configuration[name])}" for name in options)),
    ]
    for file in manifest.inputs:
        kind = ", ".join(filter(None, (file.format, file.compression, file.quoting.replace("none", ""))))
        rows.append((file.table, f"{file.path} ({kind}, {file.bytes:,} bytes)"))
    return table(rows, widest=4096)


def data_files(manifest: Manifest) -> list[str]:
    """Rows, files and bytes of each table."""
    tables = {name: [entry for entry in manifest.files if entry.table == name] for name in TABLES}
    rows = [
        (name, sum(entry.rows for entry in entries), len(entries), sum(entry.bytes for entry in entries))
        for name, entries in tables.items()
    ]
    return table(rows, ("table", "rows", "files", "bytes"))
