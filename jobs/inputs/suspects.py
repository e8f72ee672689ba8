"""Hashtags as no network has them: signs that a field was not taken apart at the right marks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from jobs.inputs.tables import Column
from lookalike.strings.values import Bytes, Places, frozen

# What a suspect hashtag has; 0 is none of them.
KINDS: Final = ("", "bracket", "comma", "semicolon", "bar", "control", "sign", "quotes", "space")
_BRACKET, _COMMA, _SEMICOLON, _BAR, _CONTROL, _SIGN, _QUOTES, _SPACE = range(1, len(KINDS))

Kinds = npt.NDArray[np.int8]


@dataclasses.dataclass(frozen=True)
class Suspects:
    """Uses of hashtags in posts; counts: of them those of each kind; examples: one of each kind."""

    uses: int = 0
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    examples: dict[str, str] = dataclasses.field(default_factory=dict)

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


@numba.njit(cache=True, nogil=True)
def kinds_of(buffer: Bytes, start: Places, end: Places) -> Kinds:
    """int8[n]: the kind of each hashtag buffer[start[i]:end[i]], which has no space or sign in front."""
    kinds = np.zeros(len(start), np.int8)
    for i in range(len(start)):
        if start[i] < end[i]:
            kinds[i] = _kind_of(buffer, start[i], end[i])
    return kinds


@numba.njit(cache=True, nogil=True)
def _kind_of(buffer: Bytes, start: int, end: int) -> int:
    first, last = buffer[start], buffer[end - 1]
    call = end - start > 1 and first == ord("c") and buffer[start + 1] == ord("(")
    if first in (ord("["), ord("{"), ord("(")) or call:
        return _BRACKET
    kind = _QUOTES if end - start > 1 and first == last and first in (ord("'"), ord('"')) else 0
    for at in range(start, end):
        byte = buffer[at]
        if byte == ord(","):
            return _COMMA
        if byte == ord(";"):
            return _SEMICOLON
        if byte == ord("|"):
            return _BAR
        if byte < ord(" "):
            return _CONTROL
        if byte == ord("#") and at < end - 1:
            kind = _SIGN
        elif byte == ord(" ") and kind == 0:
            kind = _SPACE
    return kind
