"""What the stages send each other; see exchange.py."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from jobs.exchange.exchange import Exchange
from jobs.exchange.folder import FolderExchange
from jobs.exchange.shuffle import ShuffleExchange, open_mail
from jobs.exchange.stage import ChannelName
from jobs.exchange.workplace import WorkPlace
from jobs.inputs.accounts.rows import ROWS
from lookalike.tables import EVIDENCE, TIME


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()])


# From a split to the task of all accounts: rows of accounts that cannot be used; the number of the file, the row as
# it is written.
_UNUSABLE = _schema(file=pa.int32(), reason=pa.string(), row=pa.large_binary())

# From a partition of accounts to a range of ids: the accounts, and the names beside the used one that are compared.
_ACCOUNTS = _schema(id=pa.large_string(), screen_name=pa.large_string(), created_at=pa.int64())
_EARLIER_NAMES = _schema(id=pa.large_string(), screen_name=pa.large_string())

# From a split to an id partition: see Posts.
_POSTS = _schema(
    id_hash=pa.uint64(),
    id_check=pa.uint64(),
    row_hash=pa.uint64(),
    created_at=pa.int64(),
    was_dated=pa.bool_(),
    repost=pa.int8(),
    was_flagged=pa.bool_(),
    account=pa.uint32(),
    row=pa.int64(),
    spelling=pa.list_(pa.uint64()),
    bucket=pa.list_(pa.uint16()),
)

# From the split that met them to the bucket of the key. hash: of the spelling, see Spellings.
_SPELLINGS = _schema(hash=pa.uint64(), spelling=pa.string(), key=pa.string())

# From an id partition to a bucket: one hashtag of one used post, those of a post together. leads: LEADS for the first
# hashtag of its post; of a post joined of several rows, whose hashtags may have one key, also JOINED, and BEGINS for
# the first in the bucket.
LEADS: Final = 1
JOINED: Final = 2
BEGINS: Final = 4
_USAGES = _schema(spelling=pa.uint64(), account=pa.uint32(), created_at=pa.int64(), repost=pa.int8(), leads=pa.int8())

# From a bucket to a task of accounts: see Evidence; hashtag is the place in the bucket.
MEMBERSHIPS = _schema(
    hashtag=pa.uint32(),
    account=pa.uint32(),
    **{column.name: pa.int64() if column.type == TIME else pa.int32() for column in EVIDENCE},
    leads=pa.int32(),
)

# From a bucket to a task of accounts, in an incremental run: the account of each membership that is new.
_NEW_MEMBERSHIPS = _schema(account=pa.uint32())

# From a task of comparison to a bucket: accounts that are similar, once for each hashtag, by number.
_PAIRS = _schema(hashtag=pa.uint32(), account_a=pa.uint32(), account_b=pa.uint32(), distance=pa.int32())

# From a task of comparison to a task of accounts: the same from either side. hashtags: in how many of them; a pair
# may come several times.
_LOOKALIKES = _schema(account=pa.uint32(), other=pa.uint32(), distance=pa.int32(), hashtags=pa.int32())


def account_rows(work: WorkPlace) -> Exchange:
    """The rows of accounts that can be used, from a split to a partition of accounts."""
    return _exchange(work, "account_rows", ROWS)


def unusable(work: WorkPlace) -> Exchange:
    """The rows of accounts that cannot be used."""
    return _exchange(work, "unusable", _UNUSABLE)


def accounts(work: WorkPlace) -> Exchange:
    """The accounts, each once."""
    return _exchange(work, "accounts", _ACCOUNTS)


def earlier_names(work: WorkPlace) -> Exchange:
    """The earlier names of accounts."""
    return _exchange(work, "earlier_names", _EARLIER_NAMES)


def posts(work: WorkPlace) -> Exchange:
    """The checked posts."""
    return _exchange(work, "posts", _POSTS)


def spellings(work: WorkPlace) -> Exchange:
    """The spellings of hashtags."""
    return _exchange(work, "spellings", _SPELLINGS)


def usages(work: WorkPlace) -> Exchange:
    """The usages of hashtags."""
    return _exchange(work, "usages", _USAGES)


def memberships(work: WorkPlace) -> Exchange:
    """The memberships."""
    return _exchange(work, "memberships", MEMBERSHIPS)


def new_memberships(work: WorkPlace) -> Exchange:
    """The accounts of new memberships."""
    return _exchange(work, "new", _NEW_MEMBERSHIPS)


def pairs(work: WorkPlace) -> Exchange:
    """The similar pairs of each hashtag."""
    return _exchange(work, "pairs", _PAIRS)


def lookalikes(work: WorkPlace) -> Exchange:
    """The similar accounts of each account."""
    return _exchange(work, "lookalikes", _LOOKALIKES)


def _exchange(work: WorkPlace, name: ChannelName, schema: pa.Schema) -> Exchange:
    mail = open_mail()
    return FolderExchange(work, name, schema) if mail is None else ShuffleExchange(mail, name, schema)
