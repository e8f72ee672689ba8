"""From a post's field of hashtags to its single hashtags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.separators.bar import SEPARATOR as BAR
from jobs.inputs.separators.separator import Separator
from jobs.inputs.suspects import NO_SUSPECTS, Kinds, Suspects, kinds_of, suspects_among
from jobs.inputs.tables import Column
from jobs.stages.scan.interner import Codes, Interner
from lookalike.hashtags import MOST_BYTES, normalise, spelling
from lookalike.snapshots.manybuckets import buckets_of
from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Hashes, Places, beyond_ascii, frozen, hash_values, pack_values

_SIGN = ord("#")


class Exploded(NamedTuple):
    """The hashtags of n posts, each once a post: those of post i are at offsets[i] to offsets[i + 1].

    spelling uint64[]: the hash of the hashtag as spelled. bucket uint16[]: of its
    key. offsets int64[n + 1]. too_long bool[n]: the post has one of more than MOST_BYTES, which is left out.
    """

    spelling: Hashes
    bucket: npt.NDArray[np.uint16]
    offsets: Places
    too_long: npt.NDArray[np.bool_]


class Spellings:
    """The spellings of hashtags met so far.

    A spelling travels as a 64-bit hash; dictionary() has the spelling of each. seed: of
    the hashes, different in every run, so that nobody can prepare two hashtags with one hash. ignored: keys of
    hashtags to leave out.
    """

    def __init__(self, *, buckets: int, seed: int, ignored: Iterable[str] = ()) -> None:
        self._buckets, self._seed = buckets, seed
        self._written, self._keys = Interner(), Interner()
        self._keys.add(*Column.of([key.encode() for key in ("", *ignored)]))
        self._left_out = len(self._keys)  # keys below: the blank one and those to ignore
        self.suspects = NO_SUSPECTS
        # Of each written form: the hash of its spelling, its key, its bucket, its kind, and whether it is too long.
        # The spellings are in chunks.
        self._hash = np.zeros(0, np.uint64)
        self._key = np.zeros(0, np.int32)
        self._bucket = np.zeros(0, np.uint16)
        self._kind: Kinds = np.zeros(0, np.int8)
        self._too_long = np.zeros(0, np.bool_)
        self._bucket_of_key = buckets_of(self._keys.packed, self._keys.offsets, buckets)
        self._spelled: list[pa.StringArray] = []

    def explode(self, field: Column, separator: Separator = BAR) -> Exploded:
        """The hashtags in a column of fields such as `#One|two`; blank ones are none, doubled ones are one."""
        if separator.plain is not None:
            field = separator.plain(field)
        buffer = frozen(field.buffer)
        row, start, end = _split(buffer, frozen(field.start), frozen(field.end), separator.byte)
        known = len(self._written)
        codes = self._written.add(buffer, start, end)
        if len(self._written) > known:
            self._learn(known)
        self.suspects += self._suspects_among(codes)
        kept, offsets = _distinct(row, codes, self._key, len(self._keys), self._left_out, len(field.start))
        too_long = np.zeros(len(field.start), np.bool_)
        too_long[row[self._too_long[codes]]] = True
        return Exploded(self._hash[kept], self._bucket[kept], offsets, too_long)

    def dictionary(self) -> pa.RecordBatch:
        """One row a written form: hash and bucket as above, spelling and key; a spelling may be in several."""
        keys = _strings(self._keys.packed, self._keys.offsets).take(pa.array(self._key))
        spelled = pa.concat_arrays(self._spelled) if self._spelled else pa.array([], pa.string())
        names = ["hash", "bucket", "spelling", "key"]
        rows = pa.record_batch([pa.array(self._hash), pa.array(self._bucket), spelled, keys], names=names)
        return rows.filter(pa.array(self._key >= self._left_out))

    def __len__(self) -> int:
        """Bytes of all written forms."""
        return len(self._written.packed)

    def _learn(self, known: int) -> None:
        """Spelling and key of the written forms from `known` on."""
        packed, offsets = self._written.packed, self._written.offsets[known:]
        start, end = _trim(packed, frozen(offsets[:-1]), frozen(offsets[1:]))
        too_long = end - start > MOST_BYTES
        end[too_long] = start[too_long]  # from here on they are blank
        beyond = np.flatnonzero(beyond_ascii(packed, start, end))
        spelled = keyed = Column(packed, start, end)
        if len(beyond):
            texts = [packed[start[i] : end[i]].tobytes().decode("utf-8", "backslashreplace") for i in beyond]
            spelled = spelled.put(beyond, [spelling(text).encode() for text in texts])
            keyed = keyed.put(beyond, [normalise(text).encode() for text in texts])
        first, last = _trim(*_frozen(spelled))
        keys, begin, stop = _lowered(*_frozen(keyed))
        longer = (last - first > MOST_BYTES) | (stop - begin > MOST_BYTES)
        last[longer], stop[longer] = first[longer], begin[longer]
        self._too_long = np.append(self._too_long, too_long | longer)
        self._hash = np.append(self._hash, hash_values(spelled[0], first, last, self._seed))
        self._spelled.append(_strings(*pack_values(spelled[0], first, last)))
        known_keys = len(self._keys)
        key = self._keys.add(keys, begin, stop)
        new = buckets_of(self._keys.packed, self._keys.offsets[known_keys:], self._buckets)
        self._bucket_of_key = np.append(self._bucket_of_key, new)
        self._key = np.append(self._key, key)
        self._bucket = np.append(self._bucket, self._bucket_of_key[key])
        self._kind = np.append(self._kind, kinds_of(spelled[0], first, last))

    def _suspects_among(self, codes: Codes) -> Suspects:
        if not self._kind.any():
            return Suspects(len(codes))
        packed, offsets = self._written.packed, self._written.offsets
        return suspects_among(self._kind, codes, Column(packed, offsets[:-1], offsets[1:]))


def _frozen(strings: tuple[Bytes, Places, Places]) -> tuple[Bytes, Places, Places]:
    buffer, start, end = strings
    return frozen(buffer), frozen(start), frozen(end)


def _strings(packed: Bytes, offsets: Places) -> pa.StringArray:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(packed.tobytes())]
    return pa.StringArray.from_buffers(len(offsets) - 1, buffers[1], buffers[2])


@compiled
def _split(buffer: Bytes, start: Places, end: Places, separator: int) -> tuple[Codes, Places, Places]:
    """The non-empty parts between separators: int32[] row of each, and where in the buffer it begins and ends."""
    count = 0
    for i in range(len(start)):
        count += start[i] < end[i]
        for at in range(start[i], end[i]):
            count += buffer[at] == separator
    row = np.empty(count, np.int32)
    first = np.empty(count, np.int64)
    last = np.empty(count, np.int64)
    count = 0
    for i in range(len(start)):
        begin = start[i]
        for at in range(start[i], end[i] + 1):
            if at == end[i] or buffer[at] == separator:
                if at > begin:
                    row[count] = i
                    first[count] = begin
                    last[count] = at
                    count += 1
                begin = at + 1
    return row[:count], first[:count], last[:count]


@compiled
def _is_space(byte: np.uint8) -> bool:
    """What str.strip() takes for space, of ASCII."""
    return bool(byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31)


@compiled
def _trimmed(buffer: Bytes, start: int, end: int) -> tuple[int, int]:
    """hashtags.spelling() of buffer[start:end], if it is ASCII or already a spelling."""
    while start < end and _is_space(buffer[end - 1]):
        end -= 1
    while start < end and (buffer[start] == _SIGN or _is_space(buffer[start])):
        start += 1
    return start, end


@compiled
def _trim(buffer: Bytes, start: Places, end: Places) -> tuple[Places, Places]:
    """int64[n] and int64[n]: where each spelling begins and ends."""
    first = np.empty(len(start), np.int64)
    last = np.empty(len(start), np.int64)
    for i in range(len(start)):
        first[i], last[i] = _trimmed(buffer, start[i], end[i])
    return first, last


@compiled
def _lowered(buffer: Bytes, start: Places, end: Places) -> tuple[Bytes, Places, Places]:
    """hashtags.normalise() of each string, if it is ASCII or already a key: bytes, beginnings, ends."""
    keys = np.empty((end - start).sum(), np.uint8)
    first = np.empty(len(start), np.int64)
    last = np.empty(len(start), np.int64)
    to = 0
    for i in range(len(start)):
        begin, stop = _trimmed(buffer, start[i], end[i])
        first[i] = to
        for at in range(begin, stop):
            byte = buffer[at]
            keys[to] = byte | np.uint8(32) if 65 <= byte <= 90 else byte
            to += 1
        last[i] = to
    return keys, first, last


@compiled
def _distinct(
    row: Codes, codes: Codes, keys: Codes, known_keys: int, left_out: int, rows: int
) -> tuple[Codes, Places]:
    """Drop hashtags with a key below left_out and those whose key the same post has before.

    Returns the codes that are left and, for each of `rows` posts, where its codes begin and end: int64[rows + 1].
    """
    kept = np.empty(len(codes), np.int32)
    offsets = np.zeros(rows + 1, np.int64)
    last_row = np.full(known_keys, -1, np.int32)  # that had the key
    count = 0
    for i in range(len(codes)):
        key = keys[codes[i]]
        if key >= left_out and last_row[key] != row[i]:
            last_row[key] = row[i]
            kept[count] = codes[i]
            count += 1
        offsets[row[i] + 1] = count
    for i in range(rows):
        offsets[i + 1] = max(offsets[i], offsets[i + 1])
    return kept[:count], offsets
