"""Stage 5 of an incremental run: the tables of a bucket of accounts, old and new."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.worker import account_buckets, accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.incremental.blocks import Blocks, find_owners
from jobs.incremental.changes import account_changes
from jobs.incremental.counting import CountingRows
from jobs.incremental.patch import Patch, Patcher
from jobs.stages.group.evidence import Evidence, membership_keys
from jobs.stages.group.hashtagtable import hashtag_table
from jobs.stages.group.listing import account_hashtag_rows
from jobs.stages.write.accounts import account_rows
from jobs.stages.write.lookalikes import Lookalikes, lookalike_rows
from lookalike.outputs.entries import FileEntry
from lookalike.tables import LOOKALIKES

Counts = npt.NDArray[np.int64]
Accounts = npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class AccountMerger:
    """Writes the three tables of buckets of accounts."""

    accounts: WorkFile
    work: WorkPlace
    tables: Patcher
    buckets: int

    def merge(self, bucket: int, used: Evidence, new: Accounts, found: pa.Table) -> list[FileEntry]:
        """Add what the accounts used, and the similar accounts that were found.

        used: by (account, hashtag), hashtags by number, the evidence of the base included; new: the account of each
        membership that the base has not; found: see channels.lookalikes. All may name accounts of other buckets too.
        """
        bucket_of = account_buckets(self.accounts, self.buckets)
        used = used.take(np.flatnonzero(bucket_of[used.account] == bucket))
        new = new[bucket_of[new] == bucket]
        found = found.filter(pa.array(bucket_of[found["account"].to_numpy()] == bucket))
        accounts = np.flatnonzero(bucket_of == bucket).astype(np.uint32)
        changes = account_changes(self.work)
        known = np.flatnonzero(changes.known[accounts])
        before: Counts = np.full((3, len(accounts)), -1, np.int64)  # posts, hashtags, lookalikes
        before[:, known] = self._counts(bucket, len(known))
        lookalikes = self._lookalikes(bucket, accounts[known], before[2, known], found)
        counts = np.maximum(before, 0)
        counts[0] += np.bincount(np.searchsorted(accounts, used.account), used.leads, len(accounts)).astype(np.int64)
        counts[1] += np.bincount(np.searchsorted(accounts, new), minlength=len(accounts))
        counts[2, known] = lookalikes.kept
        counts[2] += np.bincount(np.searchsorted(accounts, lookalikes.rows.account), minlength=len(accounts))
        is_same = (before == counts).all() and not changes.changed[accounts].any()
        files = self.tables.base.named("accounts", bucket) if is_same else self._accounts(bucket, accounts, counts)
        files += self._hashtags(bucket, used, len(used) - len(new))
        return files + self._write_lookalikes(bucket, lookalikes, int(counts[2].sum()))

    def _counts(self, bucket: int, known: int) -> Counts:
        """int64[3, known]: posts, hashtags and lookalikes of the base's accounts in a bucket."""
        names = ["posts", "hashtags", "lookalikes"]
        rows = self.tables.base.read("accounts", bucket, names)
        if len(rows) != known:
            raise RuntimeError(f"bucket {bucket} of the base has {len(rows)} accounts, not {known}")
        return np.stack([rows[name].to_numpy() for name in names])

    def _accounts(self, bucket: int, accounts: Accounts, counts: Counts) -> list[FileEntry]:
        posts, hashtags, lookalikes = counts
        pieces = account_rows(
            accounts_table(self.accounts),
            accounts,
            posts=posts,
            hashtags=hashtags,
            lookalikes=lookalikes,
            numbers=account_changes(self.work).number,
        )
        return self.tables.write_rows("accounts", bucket, pieces) if len(accounts) else []

    def _hashtags(self, bucket: int, used: Evidence, known: int) -> list[FileEntry]:
        """The files of account_hashtags. known: of the memberships used, how many the base has."""
        ids, keys = accounts_table(self.accounts).ids, hashtag_table(self.work).keys
        rows = pa.Table.from_batches([account_hashtag_rows(ids, keys, used, generation=self.tables.generation)])
        if not self.tables.merges("account_hashtags", bucket, len(rows)):
            return self.tables.add(rows, known, "account_hashtags", bucket)
        stored = self.tables.base.stored("account_hashtags", bucket)
        counting = CountingRows.of(
            [self._hashtag_keys(file.read_all(["account_id", "hashtag"])) for file in stored.files]
        )
        at, is_known = counting.find(membership_keys(used.account, used.hashtag))
        old = stored.take(rows.column_names, counting.row)
        return self.tables.merge(Patch(at[is_known], at, rows), old, "account_hashtags", bucket)

    def _hashtag_keys(self, rows: pa.Table) -> npt.NDArray[np.uint64]:
        """The membership_keys of rows of account_hashtags: the account above the number of the hashtag."""
        account = accounts_table(self.accounts).indices_of(rows["account_id"].combine_chunks())
        hashtag = pc.index_in(rows["hashtag"], value_set=hashtag_table(self.work).keys).to_numpy()
        return membership_keys(account, hashtag.astype(np.uint32))

    def _lookalikes(self, bucket: int, account: Accounts, counts: Counts, found: pa.Table) -> _Alike:
        """How the look-alikes change. account: of the base, ascending; counts: its look-alikes there."""
        changed = account_changes(self.work).changed
        place, is_known = find_owners(account, found["account"].to_numpy())
        touched = np.zeros(len(account), bool)
        touched[place[is_known]] = True
        if not len(found) and not changed.any():
            return _Alike(
                kept=counts,
                rows=Lookalikes.of(accounts_table(self.accounts), found),
                patch=None,
                old=LOOKALIKES.schema.empty_table(),
            )
        old = self.tables.base.read("lookalikes", bucket)
        if changed.any():
            owner = np.repeat(np.arange(len(account)), counts)
            touched[owner[changed[self._others(old)]]] = True
            touched |= changed[account]
        blocks = Blocks.of(counts, touched)
        rows = old.select(["other_id", "distance", "hashtags"]).take(pa.array(blocks.rows))
        one, other = np.repeat(account, counts)[blocks.rows], self._others(rows)
        stays = ~(changed[one] | changed[other])
        stored = {
            "account": one[stays],
            "other": other[stays],
            "distance": rows["distance"].to_numpy()[stays],
            "hashtags": rows["hashtags"].to_numpy().astype(np.int32)[stays],
        }
        now = Lookalikes.of(accounts_table(self.accounts), pa.concat_tables([pa.table(stored, found.schema), found]))
        coming = pa.Table.from_batches(lookalike_rows(accounts_table(self.accounts), now), LOOKALIKES.schema)
        patch = Patch(blocks.rows, blocks.begins[np.searchsorted(account, now.account)], coming)
        return _Alike(kept=np.where(touched, 0, counts), rows=now, patch=patch, old=old)

    def _write_lookalikes(self, bucket: int, alike: _Alike, rows: int) -> list[FileEntry]:
        """rows: that the table has then."""
        if alike.patch is None:
            return self.tables.base.named("lookalikes", bucket)
        return self.tables.write(alike.patch, "lookalikes", bucket, alike.old) if rows else []

    def _others(self, rows: pa.Table) -> Accounts:
        return accounts_table(self.accounts).indices_of(rows["other_id"].combine_chunks()).astype(np.uint32)


@dataclasses.dataclass(frozen=True)
class _Alike:
    """How look-alikes change, None for not at all.

    kept: int64[accounts of the base], look-alikes of each whose rows stay; rows: all of the others'. old: the base's
    rows.
    """

    kept: Counts
    rows: Lookalikes
    patch: Patch | None
    old: pa.Table
