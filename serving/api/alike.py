"""The look-alikes of an account of a snapshot that has identical names as groups: worked out on request.

Such a snapshot does not store them: 200,000 accounts of one name have 40 billion. The name of the account is compared
with the names under each of its hashtags, within a bound on the accounts that these have together.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.errors import SnapshotError
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.namegroups import names_near
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import LOOKALIKES
from serving.api.answering import Call
from serving.api.steps import Steps
from serving.lookup import compiled
from serving.lookup.plain import names_near_plainly
from serving.problems.kinds import InvalidParameter

# As tables.LOOKALIKES. `other_name` is read for the rows of a page; until then one of the shared hashtags is known.
_FOUND = pa.schema(
    [
        pa.field("other_id", pa.string()),
        pa.field("distance", pa.int32()),
        pa.field("similarity", pa.float64()),
        pa.field("hashtags", pa.int64()),
        pa.field("hashtag", pa.string()),
    ]
)
_IN_ORDER = [("hashtags", "descending"), ("similarity", "descending"), ("other_id", "ascending")]


async def find_lookalikes(call: Call, account_id: str) -> pa.Table:
    """All look-alikes of an account in the order of tables.LOOKALIKES, for `with_names`.

    Requests that come together work them out once. Raises InvalidParameter beyond the bound.
    """
    served, key = call.served, ("v1", "alike", account_id)
    kept: pa.Table | None = served.cache.get(key)
    if kept is not None:
        return kept
    most = call.state.settings.lookalikes_max_members
    found = await served.flights.join(key, partial(call.read, _find(served.snapshot, account_id, most)))
    served.cache.put(key, found, found.nbytes)
    return found


def with_names(snapshot: Snapshot, account_id: str, found: pa.Table) -> pa.Table:
    """Some rows of what find_lookalikes gives, as tables.LOOKALIKES."""
    names: dict[str, str] = {}
    for hashtag in found.column("hashtag").unique().to_pylist():
        wanted = found.filter(pc.equal(found.column("hashtag"), hashtag)).column("other_id").combine_chunks()
        for members in snapshot.iter_members(hashtag, ["account_id", "screen_name"]):
            rows = members.filter(pc.is_in(members.column("account_id"), value_set=wanted))
            names |= zip(*(rows.column(name).to_pylist() for name in ("account_id", "screen_name")), strict=True)
    columns = {name: found.column(name).combine_chunks() for name in _FOUND.names if name in LOOKALIKES.names}
    batch = LOOKALIKES.batch(
        account_id=pa.repeat(pa.scalar(account_id, pa.string()), found.num_rows),
        other_name=pa.array([names[other] for other in found.column("other_id").to_pylist()], pa.string()),
        **columns,
    )
    return pa.Table.from_batches([batch])


def may_be_compared(manifest: Manifest, one: str, other: str) -> bool:
    """Whether the job's blocking lets two names through to the comparison, as they are compared."""
    length = prefix_length(manifest)
    return length is None or one[:length] == other[:length]


def prefix_length(manifest: Manifest) -> int | None:
    """How many characters at their beginning similar names share; None for any number."""
    length = manifest.configuration.get("prefix_length")
    is_prefix = manifest.configuration.get("blocking") == "prefix"
    return length if is_prefix and isinstance(length, int) else None


def _find(snapshot: Snapshot, account_id: str, most_members: int) -> Steps[pa.Table]:
    hashtags = snapshot.account_hashtags(account_id).column("hashtag").to_pylist()
    yield
    sizes = [0 if row is None else row.members for row in map(snapshot.hashtag, hashtags)]
    if sum(sizes) > most_members:
        raise InvalidParameter(
            "id: this snapshot has identical names as groups, so look-alikes are worked out on request, for accounts "
            f"whose hashtags have up to {most_members} accounts together; those of this one have {sum(sizes)}.",
            parameter="id",
        )
    parts = [_FOUND.empty_table()]
    for hashtag in hashtags:
        yield
        parts.append(_alike_under(snapshot, hashtag, account_id))
    yield
    return _shared(pa.concat_tables(parts))


def _alike_under(snapshot: Snapshot, hashtag: str, account_id: str) -> pa.Table:
    """The look-alikes of an account under one of its hashtags."""
    is_compiled = compiled.are_ready()
    groups = snapshot.grouped_pairs(hashtag, plainly=not is_compiled).groups
    own = pc.index(groups.ids, account_id).as_py()
    if own < 0:
        raise SnapshotError(f"members: {account_id[:80]!r} is missing under #{hashtag[:80]!r}, which it used")
    manifest = snapshot.manifest
    find = names_near if is_compiled else names_near_plainly
    others, distance = groups.similar_to(own, manifest.threshold, prefix_length(manifest), find)
    side = np.full(len(others), own, np.uint32)
    return pa.table(
        {
            "other_id": groups.ids.take(pa.array(others)),
            "distance": distance,
            "similarity": groups.signals(side, others, distance)["similarity"],
            "hashtags": np.ones(len(others), np.int64),
            "hashtag": pa.repeat(pa.scalar(hashtag, pa.string()), len(others)),
        },
        schema=_FOUND,
    )


def _shared(rows: pa.Table) -> pa.Table:
    """One row for each other account, with the number of hashtags that it was found under."""
    other = rows.column("other_id").combine_chunks().dictionary_encode()
    _, first, counts = np.unique(other.indices.to_numpy(), return_index=True, return_counts=True)
    once = rows.take(pa.array(first))
    place = once.schema.get_field_index("hashtags")
    return once.set_column(place, _FOUND.field(place), pa.array(counts.astype(np.int64))).sort_by(_IN_ORDER)
