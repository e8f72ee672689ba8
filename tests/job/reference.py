"""What the job must publish, worked out the plain way: Python loops over rows, every pair compared.

Follows the definitions, not the job's code.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz.distance import Levenshtein

from .referencerows import (
    ACCOUNTS,
    BLANK,
    FLAGS,
    POSTS,
    Row,
    by_date,
    is_blank,
    moment_of,
    normal_form,
    read_rows,
    screen_name_of,
    text_of,
    without_hash,
)

Pair = tuple[str, str, str, int, float]  # hashtag, account_a, account_b, distance, similarity
Rejects = Counter[tuple[str, str, frozenset[tuple[str, str]]]]  # source, reason, (file, row) or its equals


class Account(NamedTuple):
    id: str
    created: datetime | None
    screen_name: str
    compared: str  # the screen name as it is compared
    others: frozenset[str] = frozenset()  # its other names, where all are compared


@dataclass
class Expected:
    """Rows as the snapshot holds them, in the order of each table but over all buckets; counts as in the manifest.

    similar: per hashtag the similar pairs and how many of them the blocking finds.
    """

    pairs: list[Pair] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    hashtags: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    account_hashtags: list[dict[str, Any]] = field(default_factory=list)
    lookalikes: list[dict[str, Any]] = field(default_factory=list)
    rejects: Rejects = field(default_factory=Counter)
    equals: dict[tuple[str, str, str], frozenset[tuple[str, str]]] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    similar: dict[str, tuple[int, int]] = field(default_factory=dict)

    def comparable(self, rejects: list[dict[str, str]]) -> Rejects:
        """Published rejects in the form of `rejects`: of equal rows it does not matter which one is rejected."""
        return Counter(
            (row["source"], row["reason"], self.equals[row["source"], row["file"], row["row"]]) for row in rejects
        )

    def recall(self, one_in: int) -> tuple[int, int]:
        """Similar pairs, and found ones, of a sample of one hashtag in so many."""
        chosen = [self.similar[key] for key in self.similar if zlib.crc32(key.encode(), 1) % one_in == 0]
        return sum(similar for similar, _ in chosen), sum(found for _, found in chosen)


def expected_result(
    posts: Sequence[Path],
    accounts: Sequence[Path],
    *,
    min_similarity: str = "0.8",
    exclude_reposts: bool = False,
    fold: str = "none",
    prefix_length: int | None = None,
    all_names: bool = False,
) -> Expected:
    """prefix_length: None for the lossless comparison."""
    result = Expected()
    known = _accounts(result, accounts, fold, all_names=all_names)
    usages = list(_usages(result, posts, known, exclude_reposts=exclude_reposts))
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    used: dict[tuple[str, str], list[tuple[datetime | None, bool | None]]] = defaultdict(list)
    for _, account, created, repost, hashtag, spelling in usages:
        spellings[hashtag][spelling] += 1
        used[hashtag, account].append((created, repost))
    members: dict[str, list[Account]] = defaultdict(list)
    for (hashtag, account), uses in sorted(used.items()):
        members[hashtag].append(known[account])
        result.members.append(_membership(hashtag, known[account], uses))
    for hashtag, group in members.items():
        similar = pairs = _pairs(hashtag, group, Fraction(min_similarity))
        if prefix_length is not None:
            begins = {account.id: account.compared[:prefix_length] for account in group}
            pairs = [pair for pair in pairs if begins[pair[1]] == begins[pair[2]]]
        result.similar[hashtag] = len(similar), len(pairs)
        result.pairs += pairs
        display = min(spellings[hashtag], key=lambda spelling: (-spellings[hashtag][spelling], spelling))
        posts_of = spellings[hashtag].total()
        sizes = {"posts": posts_of, "members": len(group), "pairs": len(pairs)}
        result.hashtags.append({"hashtag": hashtag, "display": display} | sizes)
    _by_account(result, known, Counter(account for account, _ in {(usage[1], usage[0]) for usage in usages}))
    result.counts["memberships"] = len(result.members)
    result.counts["hashtags"] = len(members)
    result.counts["pairs_sharing"] = sum(len(group) * (len(group) - 1) // 2 for group in members.values())
    result.counts["similar_pairs"] = len(result.pairs)
    return result


def _accounts(result: Expected, paths: Sequence[Path], fold: str, *, all_names: bool) -> dict[str, Account]:
    rows = list(read_rows(paths, ACCOUNTS))
    usable: dict[str, list[tuple[datetime, int, bytes, Row]]] = defaultdict(list)
    unreadable = 0
    for number, row in enumerate(rows):
        if row.values is None:
            _reject(result, "accounts", "wrong number of fields", [row])
        elif is_blank(row.values[0]):
            _reject(result, "accounts", "empty id", [row])
        elif not screen_name_of(row.values[2]):
            _reject(result, "accounts", "empty screen name", [row])
        elif len(screen_name_of(row.values[2])) > 256:
            _reject(result, "accounts", "screen name too long", [row])
        else:
            created = moment_of(row.values[1])
            unreadable += created is None and not is_blank(row.values[1])
            version = (by_date(created), number, screen_name_of(row.values[2]).encode(), row)
            usable[text_of(row.values[0])].append(version)
    known: dict[str, Account] = {}
    duplicates = earlier = names = 0
    for account, versions in usable.items():
        used_date, _, used_name, chosen = max(versions, key=lambda version: version[:2])
        assert chosen.values is not None
        shown = used_name.decode()
        compared = shown.casefold() if fold == "case" else shown
        every = {name.decode() for _, _, name, _ in versions} if all_names else {shown}
        others = frozenset(name.casefold() if fold == "case" else name for name in every - {shown})
        known[account] = Account(account, moment_of(chosen.values[1]), shown, compared, others)
        distinct: dict[tuple[datetime, bytes], list[Row]] = defaultdict(list)
        for created_at, _, name, row in versions:
            distinct[created_at, name].append(row)
        duplicates += len(versions) - len(distinct)
        earlier += sum(name != used_name for _, name in distinct)
        different = len({name for _, name in distinct})
        names += different if different > 1 else 0
        for (created_at, name), equal in distinct.items():
            if name == used_name and created_at != used_date:
                _reject(result, "accounts", "conflicting duplicate", equal)
    result.counts["accounts"] = {"rows": len(rows), "used": len(known), "duplicates": duplicates}
    result.counts["accounts"] |= {"earlier_names": earlier, "names": names}
    result.counts["accounts"] |= {"rejected": _rejected(result, "accounts"), "unreadable_dates": unreadable}
    return known


def _usages(
    result: Expected, paths: Sequence[Path], known: dict[str, Account], *, exclude_reposts: bool
) -> Iterator[tuple[bytes, str, datetime | None, bool | None, str, str]]:
    """Post, account, moment, whether a repost, hashtag and its spelling, for each hashtag of each used post."""
    rows = list(read_rows(paths, POSTS))
    counts = dict.fromkeys(
        [
            "used",
            "without_hashtag",
            "excluded_reposts",
            "duplicates",
            "joined",
            "unreadable_dates",
            "unreadable_flags",
        ],
        0,
    )
    posts: dict[bytes, dict[tuple[bytes, ...], list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.values is None:
            _reject(result, "posts", "wrong number of fields", [row])
        elif is_blank(row.values[0]):
            _reject(result, "posts", "empty id", [row])
        elif is_blank(row.values[2]):
            _reject(result, "posts", "empty author", [row])
        elif any(len(part) > 4000 for written in text_of(row.values[5]).split("|") for part in _forms(written)):
            _reject(result, "posts", "hashtag too long", [row])
        elif text_of(row.values[2]) not in known:
            _reject(result, "posts", "unknown author", [row])
        else:
            posts[row.values[0]][row.values[:5]].append(row)
    for versions in posts.values():
        fields: dict[tuple[bytes, ...], dict[bytes, list[Row]]] = {}
        for one, equal in versions.items():
            fields[one] = defaultdict(list)
            for row in equal:
                assert row.values is not None
                fields[one][row.values[5]].append(row)
            counts["duplicates"] += len(equal) - len(fields[one])
        chosen, *others = sorted(versions, key=lambda one: (by_date(moment_of(one[1])), one), reverse=True)
        for other in others:
            for equal in fields[other].values():
                _reject(result, "posts", "conflicting duplicate", equal)
        counts["joined"] += len(fields[chosen]) - 1
        post, date, author, flag, _ = chosen
        created, repost = moment_of(date), FLAGS.get(text_of(flag.strip(BLANK)).lower())
        hashtags: dict[str, str] = {}
        for written in fields[chosen]:
            for spelling in text_of(written).split("|"):
                hashtags.setdefault(normal_form(spelling), without_hash(spelling))
        hashtags.pop("", None)
        if repost and exclude_reposts:
            counts["excluded_reposts"] += 1
        elif not hashtags:
            counts["without_hashtag"] += 1
        else:
            counts["used"] += 1
            counts["unreadable_dates"] += created is None and not is_blank(date)
            counts["unreadable_flags"] += repost is None and not is_blank(flag)
            yield from ((post, text_of(author), created, repost, *hashtag) for hashtag in hashtags.items())
    result.counts["posts"] = {"rows": len(rows), "rejected": _rejected(result, "posts")} | counts


def _forms(hashtag: str) -> tuple[bytes, bytes]:
    return without_hash(hashtag).encode(), normal_form(hashtag).encode()


def _reject(result: Expected, source: str, reason: str, rows: Sequence[Row]) -> None:
    """Count one row, which may be any of several equal ones."""
    places = frozenset((row.file, row.raw) for row in rows)
    for file, raw in places:
        result.equals[source, file, raw] = places
    result.rejects[source, reason, places] += 1


def _rejected(result: Expected, source: str) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for (table, reason, _), count in result.rejects.items():
        totals[reason] += count if table == source else 0
    return dict(+totals)


def _membership(hashtag: str, account: Account, uses: list[tuple[datetime | None, bool | None]]) -> dict[str, Any]:
    moments = [created for created, _ in uses if created is not None]
    return {
        "hashtag": hashtag,
        "account_id": account.id,
        "screen_name": account.screen_name,
        "posts": len(uses),
        "reposts": sum(repost is True for _, repost in uses),
        "first_post": min(moments, default=None),
        "last_post": max(moments, default=None),
        "created_at": account.created,
    }


def _by_account(result: Expected, known: dict[str, Account], posts: Counter[str]) -> None:
    """The tables that say of each account what it used and whom it looks like."""
    hashtags = Counter(row["account_id"] for row in result.members)
    ways: Counter[tuple[str, str, int, float]] = Counter()
    for _, one, other, distance, similarity in result.pairs:
        ways[one, other, distance, similarity] += 1
        ways[other, one, distance, similarity] += 1
    alike = sorted(ways.items(), key=lambda way: (way[0][0], -way[1], -way[0][3], way[0][1]))
    lookalikes = Counter(way[0] for way in ways)
    for account in sorted(known.values(), key=lambda account: account.id):
        row = {"account_id": account.id, "screen_name": account.screen_name, "created_at": account.created}
        counts = {"posts": posts[account.id], "hashtags": hashtags[account.id], "lookalikes": lookalikes[account.id]}
        result.accounts.append(row | counts)
    names = ("account_id", "hashtag", "posts", "reposts", "first_post", "last_post")
    by_account = sorted(result.members, key=lambda row: (row["account_id"], row["hashtag"]))
    result.account_hashtags = [{name: row[name] for name in names} for row in by_account]
    for (one, other, distance, similarity), shared in alike:
        row = {"account_id": one, "other_id": other, "other_name": known[other].screen_name}
        result.lookalikes.append(row | {"distance": distance, "similarity": similarity, "hashtags": shared})


def _pairs(hashtag: str, group: list[Account], threshold: Fraction) -> list[Pair]:
    """The similar pairs among accounts in the order of their ids, the most similar first."""
    pairs = []
    for one, other in combinations(group, 2):
        found = []
        for left, right in product({one.compared, *one.others}, {other.compared, *other.others}):
            longer, distance = max(len(left), len(right)), Levenshtein.distance(left, right)
            if threshold.denominator * distance <= (threshold.denominator - threshold.numerator) * longer:
                found.append(((longer - distance) / longer, -distance))
        if found:
            similarity, negative = max(found)
            pairs.append((hashtag, one.id, other.id, -negative, similarity))
    return sorted(pairs, key=lambda pair: (-pair[4], pair[1], pair[2]))
