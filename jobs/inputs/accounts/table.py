"""The table of accounts: made once, then mapped into memory by every worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.kernel.names import EncodedNames, compared_names, encode_names
from lookalike.strings.idindex import SLOTS_PER_ID, Slots, build_index, find_ids
from lookalike.strings.packed import packed_strings
from lookalike.strings.values import Bytes, Places, beyond_ascii

_ALPHABET = b"alphabet"


def _required(**columns: pa.DataType) -> list[pa.Field]:
    return [pa.field(name, kind, nullable=False) for name, kind in columns.items()]


def _schema(names: EncodedNames) -> pa.Schema:
    """The file's columns: one row an account, in the order of ids; codes uint8 or uint32 as the names have."""
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
    return pa.schema(columns, {_ALPHABET: str(names.alphabet)})


@dataclass(frozen=True)
class AccountTable:
    """n accounts in ascending order of id (UTF-8 bytes): an account's place is its index everywhere.

    ids, screen_names: LargeStringArray, as written. names: the names as compared, encoded.
    created_at: int64[n], microseconds since 1970 or NULL_TIME. slots: finds accounts by id.
    """

    ids: pa.LargeStringArray
    screen_names: pa.LargeStringArray
    created_at: npt.NDArray[np.int64]
    names: EncodedNames
    slots: Slots

    @classmethod
    def build(
        cls,
        ids: pa.LargeStringArray,
        screen_names: pa.LargeStringArray,
        created_at: npt.NDArray[np.int64],
        *,
        fold: Literal["none", "case"],
    ) -> AccountTable:
        """The table of accounts whose ids are ascending and different; names are compared as `fold` says."""
        names = encode_names(compared_names(screen_names, fold=fold))
        return cls(ids, screen_names, created_at, names, build_index(*packed_strings(ids)))

    def __len__(self) -> int:
        """Number of accounts."""
        return len(self.ids)

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

    def write(self, path: str) -> None:
        """Write the table as an Arrow file of one record batch."""
        schema, names = _schema(self.names), self.names
        codes = pa.LargeListArray.from_arrays(
            pa.array(names.offsets), pa.array(names.codes), type=schema.field("codes").type
        )
        slots = pa.FixedSizeListArray.from_arrays(pa.array(self.slots), type=schema.field("slots").type)
        numbers = [pa.array(names.once), pa.array(names.twice)]
        columns = [self.ids, self.screen_names, pa.array(self.created_at), codes, *numbers, slots]
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))

    @classmethod
    def open(cls, path: str) -> AccountTable:
        """Map a written table into memory: nothing is copied, and processes of one machine share it."""
        reader = pa.ipc.open_file(pa.memory_map(path))
        batch, alphabet = reader.get_batch(0), int(reader.schema.metadata[_ALPHABET])
        codes = batch.column("codes")
        once, twice, created_at = (batch.column(name).to_numpy() for name in ("once", "twice", "created_at"))
        names = EncodedNames(codes.values.to_numpy(), codes.offsets.to_numpy(), alphabet, once, twice)
        slots = batch.column("slots").values.to_numpy()
        return cls(batch.column("id"), batch.column("screen_name"), created_at, names, slots)
