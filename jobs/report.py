"""What is printed at the end of a run."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from jobs.config import JobConfig
from jobs.snapshots.manifest import Manifest
from jobs.snapshots.reader import HashtagRow, Snapshot

_TOP = 5
_PAIRS = 10


def print_report(snapshot: Snapshot, config: JobConfig) -> None:
    """Print the funnel, the seconds of each stage, the hashtags with most pairs and some of their pairs."""
    manifest = snapshot.manifest
    print(f"snapshot {manifest.id} in {config.output}\n")
    print("\n".join(_funnel(manifest)))
    print("\nseconds: " + "  ".join(f"{stage} {seconds:.1f}" for stage, seconds in manifest.seconds.items()))
    top = _top_hashtags(snapshot)
    if top:
        print("\n" + "\n".join(_hashtags(top)))
        print("\n" + "\n".join(_pairs(snapshot, top)))


def _funnel(manifest: Manifest) -> list[str]:
    counts = manifest.counts
    lines = []
    for name, table in (("accounts", counts.accounts), ("posts", counts.posts)):
        lines.append(_line(f"rows of {name}", table.rows))
        lines += [_line(f"  rejected: {reason}", count) for reason, count in table.rejected.items() if count]
        lines += [_line("  duplicates", table.duplicates)] if table.duplicates else []
    lines += [_line("  excluded reposts", counts.posts.excluded_reposts)] if counts.posts.excluded_reposts else []
    lines.append(_line("  without hashtag", counts.posts.without_hashtag))
    lines.append(_line("hashtags", counts.hashtags))
    lines.append(_line("memberships", counts.memberships))
    lines.append(_line("pairs sharing a hashtag", counts.pairs_sharing))
    lines.append(_line("candidates", counts.candidates))
    lines.append(_line("verified", counts.verified))
    lines.append(_line(f"similar pairs (>= {manifest.floor})", counts.similar_pairs))
    recall = manifest.recall
    if recall is not None:
        share = f"{recall.found / recall.pairs:.1%}" if recall.pairs else "no pairs"
        lines.append(
            f"prefix blocking loses pairs: it found {share} of those of {recall.hashtags:,} sampled hashtags"
        )
    return lines


def _line(name: str, count: int) -> str:
    return f"{name:<36}{count:>18,}"


def _top_hashtags(snapshot: Snapshot) -> list[HashtagRow]:
    """The hashtags with most pairs, without holding the whole table."""

    def with_pairs() -> Iterable[HashtagRow]:
        for file in snapshot.run("hashtags", None).files:
            for group in range(len(file.bounds)):
                found = file.read(group).filter(pc.field("pairs") > 0)
                yield from (HashtagRow(**row) for row in found.to_pylist())

    return heapq.nsmallest(_TOP, with_pairs(), key=lambda row: (-row.pairs, row.hashtag))


def _hashtags(top: list[HashtagRow]) -> list[str]:
    lines = [f"{'hashtag':<32}{'members':>10}{'pairs':>10}"]
    return lines + [f"{'#' + row.display:<32.32}{row.members:>10,}{row.pairs:>10,}" for row in top]


def _pairs(snapshot: Snapshot, top: list[HashtagRow]) -> list[str]:
    """The most similar pairs of the first hashtags that have some between different names."""
    lines = [f"{'hashtag':<24}{'screen name':<24}{'screen name':<24}similarity"]
    for row in top:
        pairs = next(iter(snapshot.iter_pairs(row.hashtag))).slice(0, _PAIRS - len(lines) + 1).to_pylist()
        members = snapshot.members(row.hashtag)
        wanted = pa.array(sorted({pair[side] for pair in pairs for side in ("account_a", "account_b")}))
        members = members.filter(pc.is_in(members.column("account_id"), wanted))
        names = dict(zip(*(members.column(c).to_pylist() for c in ("account_id", "screen_name")), strict=True))
        for pair in pairs:
            one, other = names[pair["account_a"]], names[pair["account_b"]]
            lines.append(f"{'#' + row.display:<23.23} {one:<23.23} {other:<23.23} {pair['similarity']:.4f}")
        if len(lines) > _PAIRS:
            break
    return lines
