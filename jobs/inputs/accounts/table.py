"""The table of accounts: made once, then mapped into memory by every worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.kernel.names import CharacterCodes, EncodedNames, compared_names, encode_names
from lookalike.strings.idindex import SLOTS_PER_ID, Slots, build_index, find_ids
from lookalike.strings.packed import large_strings, packed_strings
from lookalike.strings.values import Bytes, Places, beyond_ascii

_ALPHABET, _ACCOUNTS = b"alphabet", b"accounts"


def _required(**columns: pa.DataType) -> list[pa.Field]:
    return [pa.field(name, kind, nullable=False) for name, kind in columns.items()]


def _schema(names: EncodedNames, *, indexed: bool) -> pa.Schema:
    """The file's columns: one row an account, in the order of ids; codes uint8 or uint32 as the names have.

    Rows of earlier names follow, which have no id and no screen name, and whose created_at is the account's place.
    indexed: whether there is a column of slots.
    """
    (code,) = _required(code=pa.from_numpy_dtype(names.codes.dtype))
    (slot,) = _required(slot=pa.uint64())
    columns = _required(
        id=pa.large_string(),
        screen_name=pa.large_string(),
        created_at=pa.int64(),
        codes=pa.large_list(code),
        once=pa.uint64(),
        twice=pa.uint64(),
        slots=pa.list_(slot, SLOTS_PER_ID),
    )
    return pa.schema(columns if indexed else columns[:-1])


@dataclass(frozen=True)
class EarlierNames:
    """k names of accounts: owner uint32[k], ascending, the account's place; names LargeStringArray of k."""

    owner: npt.NDArray[np.uint32]
    names: pa.LargeStringArray

    @classmethod
    def none(cls) -> EarlierNames:
        """No names."""
        return cls(np.zeros(0, np.uint32), pa.array([], pa.large_string()))


@dataclass(frozen=True)
class AccountTable:
    """n accounts in ascending order of id (UTF-8 bytes): an account's place is its index everywhere.

    ids, screen_names: LargeStringArray, as written. names: the names as compared, encoded; those from n on are
    earlier names that are compared as well, and earlier_owner, uint32[k] and ascending, has their accounts.
    created_at: int64[n], microseconds since 1970 or NULL_TIME. slots: finds accounts by id; a piece of a table, see
    joined.py, has none.
    """

    ids: pa.LargeStringArray
    screen_names: pa.LargeStringArray
    created_at: npt.NDArray[np.int64]
    names: EncodedNames
    slots: Slots
    earlier_owner: npt.NDArray[np.uint32]

    @classmethod
    def build(
        cls,
        ids: pa.LargeStringArray,
        screen_names: pa.LargeStringArray,
        created_at: npt.NDArray[np.int64],
        *,
        fold: Literal["none", "case"],
        earlier: EarlierNames | None = None,
        characters: CharacterCodes | None = None,
    ) -> AccountTable:
        """The table of accounts whose ids are ascending and different; names are compared as `fold` says.

        characters: of a whole table, of which this is a piece.
        """
        earlier = earlier or EarlierNames.none()
        compared = compared_names(pa.concat_arrays([screen_names, earlier.names]), fold=fold)
        names = encode_names(compared, characters=characters)
        slots = build_index(*packed_strings(ids)) if characters is None else np.zeros(0, np.uint64)
        return cls(ids, screen_names, created_at, names, slots, earlier.owner)

    def __len__(self) -> int:
        """Number of accounts."""
        return len(self.ids)

    def owner_of(self, names: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """The account of each name, given by its place among `names`."""
        if not len(self.earlier_owner):
            return names
        owners = np.concatenate([np.arange(len(self), dtype=np.uint32), self.earlier_owner])
        return owners[names]

    def lookup(self, buffer: Bytes, start: Places, end: Places) -> Places:
        """int64[n]: the index of the account that has each value, buffer[start[i]:end[i]], as id, or -1.

        The id's bytes are compared, so that ids with the same hash stay apart.
        """
        packed, offsets = packed_strings(self.ids)
        found = find_ids(self.slots, packed, offsets, buffer, start, end)
        missing = np.flatnonzero(found < 0)
        if len(missing):
            self._look_up_escaped(found, missing, buffer, start, end)
        return found

    def indices_of(self, ids: pa.StringArray) -> Places:
        """int64[n]: the index of the account of each id, without nulls, or -1."""
        packed, offsets = packed_strings(ids)
        return self.lookup(packed, offsets[:-1], offsets[1:])

    def _look_up_escaped(self, found: Places, missing: Places, buffer: Bytes, start: Places, end: Places) -> None:
        """Look values up again that are not UTF-8, in the form that such ids have in this table."""
        for i in missing[beyond_ascii(buffer, start[missing], end[missing])].tolist():
            value = buffer[start[i] : end[i]].tobytes()
            text = value.decode("utf-8", "backslashreplace").encode()
            if text != value:
                escaped = np.frombuffer(text, np.uint8)
                span = np.zeros(1, np.int64), np.full(1, len(text), np.int64)
                found[i] = find_ids(self.slots, *packed_strings(self.ids), escaped, *span)[0]

    def write(self, file: str | BinaryIO) -> None:
        """Write the table as an Arrow file of one record batch. file: its path, or the file itself."""
        names, more, indexed = self.names, len(self.earlier_owner), len(self.slots) > 0
        schema = _schema(names, indexed=indexed)
        ids, screen_names, created_at, slots = self.ids, self.screen_names, self.created_at, self.slots
        if more:
            ids, screen_names = (_with_blanks(values, more) for values in (ids, screen_names))
            created_at = np.append(created_at, self.earlier_owner.astype(np.int64))
            slots = np.append(slots, np.zeros(more * SLOTS_PER_ID, np.uint64))
        codes = pa.LargeListArray.from_arrays(
            pa.array(names.offsets), pa.array(names.codes), type=schema.field("codes").type
        )
        columns = [ids, screen_names, pa.array(created_at), codes, pa.array(names.once), pa.array(names.twice)]
        if indexed:
            columns.append(pa.FixedSizeListArray.from_arrays(pa.array(slots), type=schema.field("slots").type))
        schema = schema.with_metadata({_ALPHABET: str(names.alphabet), _ACCOUNTS: str(len(self))})
        with pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))

    @classmethod
    def open(cls, path: str) -> AccountTable:
        """Map a written table into memory: nothing is copied, and processes of one machine share it."""
        reader = pa.ipc.open_file(pa.memory_map(path))
        batch, metadata = reader.get_batch(0), reader.schema.metadata
        accounts, codes = int(metadata[_ACCOUNTS]), batch.column("codes")
        once, twice, created_at = (batch.column(name).to_numpy() for name in ("once", "twice", "created_at"))
        names = EncodedNames(codes.values.to_numpy(), codes.offsets.to_numpy(), int(metadata[_ALPHABET]), once, twice)
        ids, screen_names = (batch.column(name).slice(0, accounts) for name in ("id", "screen_name"))
        slots = np.zeros(0, np.uint64)
        if "slots" in batch.schema.names:
            slots = batch.column("slots").values.to_numpy()[: accounts * SLOTS_PER_ID]
        owner = created_at[accounts:].astype(np.uint32)
        return cls(ids, screen_names, created_at[:accounts], names, slots, owner)


def _with_blanks(values: pa.LargeStringArray, more: int) -> pa.LargeStringArray:
    """The values, and so many empty ones after them."""
    packed, offsets = packed_strings(values)
    return large_strings(packed, np.append(offsets, np.full(more, offsets[-1])))
