"""Rows of small snapshots, with everything known about them."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

from rapidfuzz.distance import Levenshtein

from lookalike.outputs.buckets import bucket_of
from lookalike.tables import ACCOUNT_HASHTAGS, TABLES

SIDES = ("account_a", "account_b")
START = datetime(2023, 1, 1, 10, tzinfo=UTC)


@dataclass
class Sample:
    """The rows of a snapshot as lists of dicts, each in its table's order.

    is_grouped: whether identical names are groups.
    """

    is_grouped: bool = False
    floor: str = "0.5"
    buckets: int = 4
    hashtags: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    identical: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    account_hashtags: list[dict[str, Any]] = field(default_factory=list)
    lookalikes: list[dict[str, Any]] = field(default_factory=list)
    names: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)

    @property
    def spellings(self) -> list[dict[str, Any]]:
        return [{"hashtag": r["hashtag"], "spelling": r["display"], "posts": r["posts"]} for r in self.hashtags]

    @property
    def post_index(self) -> list[dict[str, Any]]:
        """As many posts as make_manifest counts, of no other meaning."""
        return [{"id_hash": n, "id_check": n, "row_hash": n, "row": n, "kept": True} for n in range(10)]

    @property
    def unknown_posts(self) -> list[dict[str, Any]]:
        return [{"author_id": "x", "row": 11}] if self.rejects else []

    def rows(self, table: str, bucket: int | None = None) -> list[dict[str, Any]]:
        key = TABLES[table].names[0]
        found = getattr(self, table)
        return [row for row in found if bucket is None or bucket_of(row[key], self.buckets) == bucket]

    def add_accounts(self, names: dict[str, str]) -> None:
        """Fill the tables by account from those by hashtag; names: by account id."""
        used_by: dict[str, list[dict[str, Any]]] = {account: [] for account in names}
        alike_of: dict[str, Counter[tuple[str, int, float]]] = {account: Counter() for account in names}
        number = {account: place for place, account in enumerate(sorted(names, key=str.encode))}
        for row in self.members:
            row |= {"account_number": number[row["account_id"]], "generation": 0}
            used_by[row["account_id"]].append(row)
        for row in self.pairs:
            one, other = row["account_a"], row["account_b"]
            alike_of[one][other, row["distance"], row["similarity"]] += 1
            alike_of[other][one, row["distance"], row["similarity"]] += 1
        for account in sorted(names, key=str.encode):
            used, alike = used_by[account], alike_of[account]
            ordered = sorted(alike.items(), key=lambda item: (-item[1], -item[0][2], item[0][0]))
            self.account_hashtags += [{name: row[name] for name in ACCOUNT_HASHTAGS.names} for row in used]
            self.lookalikes += [
                {"account_id": account, "other_id": other, "other_name": names[other], "distance": distance}
                | {"similarity": similarity, "hashtags": hashtags}
                for (other, distance, similarity), hashtags in ordered
            ]
            created = used[0]["created_at"] if used else None
            self.accounts.append(
                {"account_id": account, "account_number": number[account], "screen_name": names[account]}
                | {
                    "created_at": created,
                    "posts": sum(row["posts"] for row in used),
                    "hashtags": len(used),
                    "lookalikes": len(alike),
                }
            )

    def expected_pairs(self, hashtag: str, threshold: Fraction) -> list[dict[str, Any]]:
        """By the integers of the definition, not by the stored similarity."""
        return [
            {name: value for name, value in row.items() if name != "longer"}
            for row in self.pairs
            if row["hashtag"] == hashtag and Fraction(row["longer"] - row["distance"], row["longer"]) >= threshold
        ]

    def expected_members(self, hashtag: str) -> list[dict[str, Any]]:
        return [row for row in self.members if row["hashtag"] == hashtag]


def make_sample(
    sizes: dict[str, int], *, seed: int = 1, floor: str = "0.5", buckets: int = 4, accounts: int = 300
) -> Sample:
    """Hashtags with that many members each, of accounts with short names over a small alphabet."""
    rng = random.Random(seed)
    names = ["".join(rng.choices("abé", k=rng.randint(2, 9))) for _ in range(accounts)]
    ids = sorted(f"{rng.getrandbits(64):016x}" for _ in range(accounts))
    uses = ((hashtag, sorted(rng.sample(ids, sizes[hashtag]))) for hashtag in sorted(sizes, key=str.encode))
    return build_sample(dict(zip(ids, names, strict=True)), uses, rng, floor=floor, buckets=buckets)


def build_sample(
    names: dict[str, str],
    uses: Iterable[tuple[str, list[str]]],
    rng: random.Random,
    *,
    floor: str = "0.5",
    buckets: int = 4,
) -> Sample:
    """names: by account; uses: sorted hashtags, each with its sorted accounts."""
    sample = Sample(floor=floor, buckets=buckets)
    for hashtag, chosen in uses:
        members = [_member(hashtag, account, names[account], rng) for account in chosen]
        pairs = list(_pairs(members, Fraction(floor)))
        pairs.sort(key=lambda row: (-row["similarity"], row["account_a"], row["account_b"]))
        sample.members += members
        sample.pairs += pairs
        posts = sum(row["posts"] for row in members)
        sample.hashtags.append(
            {"hashtag": hashtag, "display": hashtag.upper(), "posts": posts}
            | {"members": len(members), "pairs": len(pairs)}
        )
    sample.add_accounts(names)
    sample.rejects = [
        {"source": "posts", "file": "p.tsv", "reason": "empty id", "row": "\t2023\t…"},
        {"source": "posts", "file": "p.tsv", "reason": "unknown author", "row": "7\t2023\tx"},
    ]
    return sample


def with_groups(sample: Sample) -> Sample:
    """The same snapshot with identical names as groups."""
    first: dict[tuple[str, str], str] = {}
    for row in sample.members:
        first.setdefault((row["hashtag"], row["screen_name"]), row["account_id"])
    firsts = {(hashtag, account) for (hashtag, _), account in first.items()}
    identical = [
        {"hashtag": row["hashtag"], "account_a": first[row["hashtag"], row["screen_name"]]}
        | {"account_b": row["account_id"]}
        for row in sample.members
        if (row["hashtag"], row["account_id"]) not in firsts
    ]
    identical.sort(key=lambda row: (row["hashtag"].encode(), row["account_a"].encode(), row["account_b"].encode()))
    pairs = [row for row in sample.pairs if {(row["hashtag"], row[side]) for side in SIDES} <= firsts]
    accounts = [row | {"lookalikes": 0} for row in sample.accounts]
    return replace(sample, is_grouped=True, pairs=pairs, identical=identical, lookalikes=[], accounts=accounts)


def _member(hashtag: str, account: str, name: str, rng: random.Random) -> dict[str, Any]:
    posts = rng.randint(1, 4)
    first = None if rng.random() < 0.1 else START + timedelta(seconds=rng.randrange(10**6))
    return {
        "hashtag": hashtag,
        "account_id": account,
        "screen_name": name,
        "posts": posts,
        "reposts": rng.randint(0, posts),
        "first_post": first,
        "last_post": None if first is None else first + timedelta(microseconds=rng.randrange(10**9)),
        "generation": 0,
        "created_at": None if rng.random() < 0.1 else START - timedelta(days=rng.randrange(999)),
    }


def _pairs(members: list[dict[str, Any]], floor: Fraction) -> Iterable[dict[str, Any]]:
    for a, b in combinations(members, 2):
        longer = max(len(a["screen_name"]), len(b["screen_name"]))
        distance = Levenshtein.distance(a["screen_name"], b["screen_name"])
        if Fraction(longer - distance, longer) >= floor:
            yield {
                "hashtag": a["hashtag"],
                "account_a": a["account_id"],
                "account_b": b["account_id"],
                "distance": distance,
                "similarity": (longer - distance) / longer,
                "longer": longer,
            }
