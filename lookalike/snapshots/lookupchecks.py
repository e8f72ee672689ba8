"""Look-ups of a hashtag, checked against its row of hashtags and against each other."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.requirements import all_true, require
from lookalike.strings.places import StringPlaces
from lookalike.tables import GENERATION, MEMBERS, PAIRS
from lookalike.threshold import Threshold

_LOOKED_AT = 1 << 20  # pairs, the most similar


def check_look_up(snapshot: Snapshot, expected: dict[str, str | int]) -> None:
    """Raise SnapshotError unless a hashtag is found with what its row of hashtags says, by column.

    Memory: _LOOKED_AT of its pairs, and their accounts.
    """
    key = str(expected["hashtag"])
    what = f"look-up of {key[:80]!r}"
    row = snapshot.hashtag(key)
    found = {} if row is None else {name: value for name, value in row._asdict().items() if name != "display"}
    require(found == expected, f"{what}: finds {row}, not {expected}")
    pairs = _head(snapshot.iter_pairs(key))
    require(pairs.num_rows == min(int(expected["pairs"]), _LOOKED_AT), f"{what}: {pairs.num_rows} pairs")
    _check_members(snapshot.iter_members(key), expected, pairs, what)
    alike = int(np.count_nonzero(pairs.column("similarity").to_numpy() == 1))
    require(
        _head(snapshot.iter_pairs(key, Threshold(1, 1))).num_rows == alike,
        f"{what}: not {alike} pairs at similarity 1",
    )


def _check_members(pieces: Iterable[pa.Table], expected: dict[str, str | int], pairs: pa.Table, what: str) -> None:
    """Of each generation they are in order, and those of some pairs are among them."""
    sides = [*pairs.column("account_a").chunks, *pairs.column("account_b").chunks]
    paired = pc.unique(pa.chunked_array(sides, pa.string()))
    places, is_member = StringPlaces(paired), np.zeros(len(paired), np.bool_)
    count = posts = 0
    last = MEMBERS.schema.empty_table()
    for members in pieces:
        _check_evidence(members, what)
        rows = pa.concat_tables([last, members])
        ids, generation = rows.column("account_id"), rows.column(GENERATION.name).to_numpy()
        require(
            all_true(pc.or_(pc.less(ids[:-1], ids[1:]), pa.array(generation[1:] != generation[:-1]))),
            f"{what}: members out of order",
        )
        last = members.slice(members.num_rows - 1)
        found = places.find(members.column("account_id").combine_chunks())
        is_member[found[found >= 0]] = True
        count += members.num_rows
        posts += int(members.column("posts").to_numpy().sum())
    require(count == expected["members"], f"{what}: {count} members, not {expected['members']}")
    require(posts == expected["posts"], f"{what}: its members have {posts} posts, not {expected['posts']}")
    require(bool(is_member.all()), f"{what}: a pair of accounts not among its members")


def _check_evidence(members: pa.Table, what: str) -> None:
    posts, reposts = members.column("posts").to_numpy(), members.column("reposts").to_numpy()
    require(
        bool(np.all((reposts >= 0) & (reposts <= posts) & (posts >= 1))),
        f"{what}: a member without posts, or with more reposts than posts",
    )
    first, last = members.column("first_post"), members.column("last_post")
    require(all_true(pc.equal(pc.is_null(first), pc.is_null(last))), f"{what}: a first post without a last")
    require(all_true(pc.less_equal(first, last)), f"{what}: a first post after the last")


def _head(pieces: Iterable[pa.Table]) -> pa.Table:
    """The first _LOOKED_AT rows."""
    found, rows = [PAIRS.schema.empty_table()], 0
    for piece in pieces:
        found.append(piece.slice(0, _LOOKED_AT - rows))
        rows += found[-1].num_rows
        if rows == _LOOKED_AT:
            break
    return pa.concat_tables(found)
