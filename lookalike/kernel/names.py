"""Screen names as arrays that compiled code can compare."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.strings.compiler import compiled

_AT_ONCE = 1 << 22  # code points
Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint32]


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A view of the array that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


class NameArrays(NamedTuple):
    """The arrays of EncodedNames, for compiled code."""

    codes: Codes
    offsets: npt.NDArray[np.int64]
    once: npt.NDArray[np.uint64]
    twice: npt.NDArray[np.uint64]


@dataclasses.dataclass(frozen=True)
class EncodedNames:
    """n names as dense character codes, with a summary of each name's characters.

    codes    uint8[offsets[n]] if 256 codes are enough, else uint32, each below `alphabet`. A code represents
             one code point; the most frequent code point has code 0. Renaming characters one to one changes
             no Levenshtein distance, and a byte a character keeps four times as many names in the cache.
    offsets  int64[n + 1]; name i is codes[offsets[i]:offsets[i + 1]]
    alphabet number of different code points
    once     uint64[n], bit (code mod 64) set if a code of that bit occurs in the name
    twice    uint64[n], the same for codes of that bit that occur at least twice together
    """

    codes: Codes
    offsets: npt.NDArray[np.int64]
    alphabet: int
    once: npt.NDArray[np.uint64]
    twice: npt.NDArray[np.uint64]

    def __post_init__(self) -> None:
        # Read-only, as memory-mapped arrays are: numba then compiles one version of each function, not two.
        for field in ("codes", "offsets", "once", "twice"):
            object.__setattr__(self, field, read_only(getattr(self, field)))

    def __len__(self) -> int:
        return len(self.once)

    @property
    def arrays(self) -> NameArrays:
        """The names as compiled code takes them."""
        return NameArrays(self.codes, self.offsets, self.once, self.twice)


@dataclasses.dataclass(frozen=True)
class CharacterCodes:
    """The code of each character: see EncodedNames.

    code_of: uint8[points] or uint32[points], by code point; only of those that occur. alphabet: how many these are.
    """

    code_of: Codes
    alphabet: int

    @classmethod
    def by_frequency(cls, frequency: npt.NDArray[np.int64]) -> CharacterCodes:
        """frequency: int64[points], how often each code point occurs; of equally frequent ones the lower is first."""
        order = np.argsort(-frequency, kind="stable")
        alphabet = int(np.count_nonzero(frequency))
        kind: type[np.uint8 | np.uint32] = np.uint8 if alphabet <= 256 else np.uint32
        code_of: Any = np.zeros(len(frequency), kind)
        code_of[order[:alphabet]] = np.arange(alphabet)
        return cls(code_of, alphabet)


def count_code_points(names: pa.LargeStringArray) -> npt.NDArray[np.int64]:
    """int64[1 + the greatest code point]: how often each code point occurs in some names."""
    return _counts(_code_points(names)[0])


def encode_names(
    names: pa.Array | pa.ChunkedArray | list[str], *, summarise: bool = True, characters: CharacterCodes | None = None
) -> EncodedNames:
    """Encode strings (Arrow string arrays without nulls, or a list of str) for comparison by code point.

    summarise: False where only `signals` looks at them, not a comparison. Nothing compiled is then needed: `once` and
    `twice` are zeros. characters: the codes of at least the characters of these names; by default of just these.
    """
    array = pa.array(names, pa.large_string()) if isinstance(names, list) else names.cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.large_string())
    if array.null_count:
        raise ValueError("a name may not be null")
    points, offsets = _code_points(array)
    characters = characters or CharacterCodes.by_frequency(_counts(points))
    codes = np.empty(len(points), characters.code_of.dtype)
    for part in _parts(points):
        codes[part] = characters.code_of[points[part]]
    if summarise:
        once, twice = _character_planes(read_only(codes), read_only(offsets))
    else:
        once = twice = np.zeros(len(offsets) - 1, np.uint64)
    return EncodedNames(codes, offsets, characters.alphabet, once, twice)


def _counts(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    frequency = np.zeros(int(points.max(initial=0)) + 1, np.int64)
    for part in _parts(points):
        frequency += np.bincount(points[part], minlength=len(frequency))
    return frequency


def _parts(points: npt.NDArray[np.uint32]) -> list[slice]:
    """Some at a time: numpy makes int64 of what it counts and of what it indexes with."""
    return [slice(at, at + _AT_ONCE) for at in range(0, len(points), _AT_ONCE)]


def _code_points(array: pa.LargeStringArray) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The strings' code points one after the other, and where each string's begin (int64[n + 1])."""
    byte_offsets = np.zeros(1, np.int64)
    if len(array):
        byte_offsets = np.frombuffer(array.buffers()[1], np.int64, len(array) + 1, array.offset * 8)
    first, last = int(byte_offsets[0]), int(byte_offsets[-1])
    if first == last:
        return np.zeros(0, np.uint32), np.zeros(len(array) + 1, np.int64)
    raw = np.frombuffer(array.buffers()[2], np.uint8)[first:last]
    if raw.max() < 0x80:
        return raw.astype(np.uint32), byte_offsets - first
    points = np.frombuffer(raw.tobytes().decode("utf-8").encode("utf-32-le"), np.uint32)
    characters_before = np.zeros(len(raw) + 1, np.int64)
    np.cumsum((raw & 0xC0) != 0x80, out=characters_before[1:])
    return points, characters_before[byte_offsets - first]


@compiled
def _character_planes(
    codes: Codes, offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    once = np.zeros(len(offsets) - 1, np.uint64)
    twice = np.zeros(len(offsets) - 1, np.uint64)
    for i in range(len(once)):
        seen = np.uint64(0)
        again = np.uint64(0)
        for at in range(offsets[i], offsets[i + 1]):
            bit = np.uint64(1) << np.uint64(codes[at] & 63)
            again |= seen & bit
            seen |= bit
        once[i] = seen
        twice[i] = again
    return once, twice


def compared_names(names: pa.LargeStringArray, *, fold: Literal["none", "case"]) -> pa.LargeStringArray:
    """Screen names as they are compared: as written, or in Unicode's folded case."""
    if fold == "none":
        return names
    folded = pc.ascii_lower(names)  # most are ASCII, for which small letters are all there is to it
    other = pc.invert(pc.string_is_ascii(names))
    if not pc.any(other).as_py():
        return folded
    unicode = pa.array([name.casefold() for name in names.filter(other).to_pylist()], pa.large_string())
    return pc.replace_with_mask(folded, other, unicode)
