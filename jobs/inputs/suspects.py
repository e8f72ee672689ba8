"""Hashtags as no network has them: signs that a field was not taken apart at the right marks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from jobs.inputs.tables import Column
from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places, frozen

# What a suspect hashtag has; 0 is none of them.
KINDS: Final = ("", "bracket", "comma", "semicolon", "bar", "control", "bytes", "mark", "sign", "quotes", "space")
_BRACKET, _COMMA, _SEMICOLON, _BAR, _CONTROL, _BYTES, _MARK, _SIGN, _QUOTES, _SPACE = range(1, len(KINDS))
_KIND_OF_BYTE: Final = np.zeros(256, np.int8)
for _kind, _bytes in (
    (_BRACKET, b"()[]{}<>"),
    (_COMMA, b","),
    (_SEMICOLON, b";"),
    (_BAR, b"|"),
    (_CONTROL, bytes(range(32))),
    (_BYTES, b"\\"),  # a byte that is not UTF-8 is written as \xNN
    (_MARK, b"/&"),
    (_SIGN, b"#"),
    (_SPACE, b" "),
):
    _KIND_OF_BYTE[list(_bytes)] = _kind
# Commas, spaces and semicolons of other scripts, and the space that does not break.
_WIDE_MARKS: Final = "\uff0c\u3001\u3000\u00a0\u060c\u061b"
_WIDE: Final = tuple(int.from_bytes(mark.encode().rjust(3, b"\0"), "big") for mark in _WIDE_MARKS)
_MAY_BE_SIGN: Final = _KIND_OF_BYTE != 0  # of some kind, or a part of one
_MAY_BE_SIGN[[ord("'"), ord('"'), *(mark.encode()[-1] for mark in _WIDE_MARKS)]] = True

Kinds = npt.NDArray[np.int8]


@dataclasses.dataclass(frozen=True)
class Suspects:
    """Uses of hashtags in posts; counts: of them those of each kind; examples: one of each kind."""

    uses: int = 0
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    examples: dict[str, str] = dataclasses.field(default_factory=dict)

    def without(self, kind: str) -> Suspects:
        """The same, but for one kind."""
        counts = {one: count for one, count in self.counts.items() if one != kind}
        return dataclasses.replace(self, counts=counts)

    def __add__(self, other: Suspects) -> Suspects:
        """The sum."""
        counts = {kind: self.counts.get(kind, 0) + count for kind, count in other.counts.items()}
        return Suspects(self.uses + other.uses, self.counts | counts, other.examples | self.examples)


NO_SUSPECTS: Final = Suspects()


def suspects_of(hashtags: Sequence[str]) -> Suspects:
    """Count hashtags, each a use."""
    written = Column.of([one.strip().lstrip("#").encode("utf-8", "replace") for one in hashtags])
    kinds = kinds_of(frozen(written.buffer), frozen(written.start), frozen(written.end))
    return suspects_among(kinds, np.arange(len(kinds), dtype=np.int32), written)


def suspects_among(kinds: Kinds, codes: npt.NDArray[np.int32], written: Column) -> Suspects:
    """Count the uses. kinds: of each code; codes: a use each; written: the hashtag of each code."""
    counts = np.bincount(kinds[codes], minlength=len(KINDS))
    found = {kind: int(counts[number]) for number, kind in enumerate(KINDS) if number and counts[number]}
    first = [int(np.argmax(kinds == KINDS.index(kind))) for kind in found]
    return Suspects(len(codes), found, dict(zip(found, written.take(np.array(first, np.intp)).texts(), strict=True)))


@compiled
def kinds_of(buffer: Bytes, start: Places, end: Places) -> Kinds:
    """int8[n]: the kind of each hashtag buffer[start[i]:end[i]], which has no space or sign in front."""
    kinds = np.zeros(len(start), np.int8)
    for i in range(len(start)):
        may_be = False
        for at in range(start[i], end[i]):
            may_be |= _MAY_BE_SIGN[buffer[at]]
        if may_be:
            kinds[i] = _kind_of(buffer, start[i], end[i])
    return kinds


@compiled
def _kind_of(buffer: Bytes, start: int, end: int) -> int:
    """The first kind, in their order, of which the hashtag has a sign."""
    least = len(KINDS)
    if end - start > 1 and buffer[start] == buffer[end - 1] and buffer[start] in (ord("'"), ord('"')):
        least = _QUOTES
    for at in range(start, end):
        kind = _KIND_OF_BYTE[buffer[at]]
        if buffer[at] >= 0x80 and _is_wide(buffer, start, at):
            kind = _MARK
        if kind == _BYTES and (at + 1 == end or buffer[at + 1] != ord("x")):
            kind = 0
        if 0 < kind < least and not (kind == _SIGN and at == end - 1):
            least = kind
    return least % len(KINDS)


@compiled
def _is_wide(buffer: Bytes, start: int, at: int) -> bool:
    """Whether one of _WIDE ends at a byte."""
    last = np.int64(buffer[at])
    if at > start:
        last |= np.int64(buffer[at - 1]) << 8
    if last in _WIDE:
        return True
    if at > start + 1:
        last |= np.int64(buffer[at - 2]) << 16
    return last in _WIDE
