"""Stage 5 of an incremental run: the tables of a bucket of accounts, old and new."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.worker import account_buckets, accounts_table, hashtag_table
from jobs.incremental.base import Base
from jobs.incremental.blocks import Blocks, find_owners
from jobs.incremental.changes import account_changes
from jobs.incremental.findstrings import first_not_less
from jobs.incremental.patch import Patch, Patcher
from jobs.stages.group.evidence import Evidence
from jobs.stages.group.listing import account_hashtag_rows
from jobs.stages.write.accounts import Lookalikes, account_rows, lookalike_rows
from lookalike.outputs.entries import FileEntry
from lookalike.tables.schemas import ACCOUNTS, LOOKALIKES

Counts = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class AccountMerger:
    """Writes the three tables of buckets of accounts."""

    accounts: str
    work: Path
    tables: Patcher
    buckets: int

    def merge(self, bucket: int, used: Evidence, found: pa.Table) -> list[FileEntry]:
        """Add what the accounts used, and the similar accounts that were found.

        used: by (account, hashtag), hashtags by number, the evidence of the base included; found: see
        channels.lookalikes. Both may speak of accounts of other buckets too.
        """
        bucket_of = account_buckets(self.accounts, self.buckets)
        used = used.take(np.flatnonzero(bucket_of[used.account] == bucket))
        found = found.filter(pa.array(bucket_of[found["account"].to_numpy()] == bucket))
        accounts = np.flatnonzero(bucket_of == bucket).astype(np.uint32)
        changes = account_changes(self.work)
        known = np.flatnonzero(changes.known[accounts])
        old = _OldAccounts.read(self.tables.base, bucket, accounts[known])
        hashtags, is_new = self._hashtags(bucket, old, used)
        lookalikes, alike = self._lookalikes(bucket, old, found)
        place = np.searchsorted(accounts, used.account)
        before: npt.NDArray[np.int64] = np.full((3, len(accounts)), -1, np.int64)
        before[:, known] = old.posts, old.hashtags, old.lookalikes
        counts = np.maximum(before, 0)
        counts[2, known] = alike.kept
        counts[0] += np.bincount(place, used.leads, len(accounts)).astype(np.int64)
        counts[1] += np.bincount(place[is_new], minlength=len(accounts))
        counts[2] += np.bincount(np.searchsorted(accounts, alike.rows.account), minlength=len(accounts))
        differs = (before != counts).any(0) | changes.changed[accounts]
        written = self._write("accounts", bucket, self._accounts(accounts, known, counts, differs), len(accounts))
        written += self._write("account_hashtags", bucket, hashtags, int(counts[1].sum()))
        return written + self._write("lookalikes", bucket, lookalikes, int(counts[2].sum()))

    def _write(self, table: str, bucket: int, patch: Patch, rows: int) -> list[FileEntry]:
        """rows: that the table has then."""
        return self.tables.write(patch, table, bucket) if rows else []

    def _accounts(
        self, accounts: npt.NDArray[np.uint32], known: Counts, counts: Counts, differs: npt.NDArray[np.bool_]
    ) -> Patch:
        """How accounts changes. counts: int64[3, accounts], see account_rows; differs: whose row is another, or new.

        known: int64[], places of those that the base has.
        """
        chosen = np.flatnonzero(differs)
        rows = account_rows(accounts_table(self.accounts), accounts[chosen], *counts[:, chosen])
        inserted = pa.Table.from_batches(rows, ACCOUNTS)
        return Patch.of(np.flatnonzero(differs[known]), np.searchsorted(known, chosen), inserted)

    def _hashtags(self, bucket: int, old: _OldAccounts, used: Evidence) -> tuple[Patch, npt.NDArray[np.bool_]]:
        """How account_hashtags changes, and which of the memberships are new."""
        place, is_known = find_owners(old.account, used.account)
        touched = np.zeros(len(old.account), bool)
        touched[place[is_known]] = True
        blocks = Blocks.of(old.hashtags, touched)
        rows = self.tables.base.taken("account_hashtags", bucket, ["hashtag"], blocks.rows)
        stored = rows["hashtag"].combine_chunks()
        keys = hashtag_table(str(self.work)).keys
        wanted = keys.take(pa.array(used.hashtag))
        low, high = blocks.spans(place, is_known)
        at = first_not_less(stored, low, high, wanted)
        inside = at < high
        hit = inside.copy()
        hit[inside] = pc.equal(stored.take(pa.array(at[inside])), wanted.filter(pa.array(inside))).to_numpy(
            zero_copy_only=False
        )
        before = blocks.rows_at(place, is_known, at)
        ids = accounts_table(self.accounts).ids

        def rows_between(first: int, last: int) -> pa.Table:
            return pa.Table.from_batches([account_hashtag_rows(ids, keys, used.take(slice(first, last)))])

        return Patch(before[hit], before, rows_between), ~hit

    def _lookalikes(self, bucket: int, old: _OldAccounts, found: pa.Table) -> tuple[Patch, _Alike]:
        """How the look-alikes change, and those of the accounts that change."""
        changed = account_changes(self.work).changed
        place, is_known = find_owners(old.account, found["account"].to_numpy())
        touched = np.zeros(len(old.account), bool)
        touched[place[is_known]] = True
        if changed.any():
            other = self._others(self.tables.base.read("lookalikes", bucket, ["other_id"]))
            owner = np.repeat(np.arange(len(old.account)), old.lookalikes)
            touched[owner[changed[other]]] = True
            touched |= changed[old.account]
        blocks = Blocks.of(old.lookalikes, touched)
        rows = self.tables.base.taken("lookalikes", bucket, ["other_id", "distance", "hashtags"], blocks.rows)
        account, other = np.repeat(old.account, old.lookalikes)[blocks.rows], self._others(rows)
        stays = ~(changed[account] | changed[other])
        stored = {
            "account": account[stays],
            "other": other[stays],
            "distance": rows["distance"].to_numpy()[stays],
            "hashtags": rows["hashtags"].to_numpy().astype(np.int32)[stays],
        }
        now = Lookalikes.of(pa.concat_tables([pa.table(stored, found.schema), found]))
        inserted = pa.Table.from_batches(lookalike_rows(accounts_table(self.accounts), now), LOOKALIKES)
        before = blocks.begins[np.searchsorted(old.account, now.account)]
        return Patch.of(blocks.rows, before, inserted), _Alike(np.where(touched, 0, old.lookalikes), now)

    def _others(self, rows: pa.Table) -> npt.NDArray[np.uint32]:
        return accounts_table(self.accounts).indices_of(rows["other_id"].combine_chunks()).astype(np.uint32)


@dataclasses.dataclass(frozen=True)
class _Alike:
    """kept: int64[accounts of the base], look-alikes of each whose rows stay; rows: all of the others'."""

    kept: Counts
    rows: Lookalikes


@dataclasses.dataclass(frozen=True)
class _OldAccounts:
    """The n accounts that the base has in a bucket: account uint32[n], this run's numbers, ascending.

    posts, hashtags, lookalikes: int64[n], as the base counts them.
    """

    account: npt.NDArray[np.uint32]
    posts: Counts
    hashtags: Counts
    lookalikes: Counts

    @classmethod
    def read(cls, base: Base, bucket: int, account: npt.NDArray[np.uint32]) -> _OldAccounts:
        names = ["posts", "hashtags", "lookalikes"]
        rows = base.read("accounts", bucket, names)
        if len(rows) != len(account):
            raise RuntimeError(f"bucket {bucket} of the base has {len(rows)} accounts, not {len(account)}")
        return cls(account, *(rows[name].to_numpy() for name in names))
