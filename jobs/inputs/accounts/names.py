"""Screen names as they are compared and shown."""

from __future__ import annotations

import unicodedata
from typing import Final

import numpy as np
import numpy.typing as npt

from jobs.inputs.tables import Column
from jobs.inputs.text.encodings import UNDECODED, decoded
from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places, frozen

_AT: Final = ord("@")


def cleaned_names(names: Column, endings: tuple[str, ...] = ()) -> Column:
    """The names in the form in which they are compared.

    - Space around a name is dropped, and then an @ in front of it.
    - Letters and their accents are composed (Unicode NFC), so that one name written in two ways is one name.
    - A byte that is not UTF-8 becomes one character, see encodings.UNDECODED.
    - The first of the `endings` that a name has is dropped, in any case; the ending @ is all from the last @ on.
    """
    work = np.ones(len(names.start), np.bool_) if endings else _need_work(*_read_only(names))
    others = np.flatnonzero(work)
    if not len(others):
        return names
    texts = [_cleaned(decoded(names.value(i)), endings).encode("utf-8", "replace") for i in others.tolist()]
    return names.put(others, texts)


def _cleaned(name: str, endings: tuple[str, ...]) -> str:
    name = unicodedata.normalize("NFC", name.strip().removeprefix("@").strip())
    for ending in endings:
        kept = name.rpartition("@")[0] if ending == "@" else name[: -len(ending)]
        if kept and (ending == "@" or name.casefold().endswith(ending.casefold())):
            return kept
    return name


def count_undecoded(names: Column) -> int:
    """How many cleaned names have characters that stand for bytes."""
    least, most = (chr(UNDECODED + byte).encode() for byte in (0x80, 0xFF))
    beyond = np.flatnonzero(_need_work(*_read_only(names)))
    values = (names.value(i) for i in beyond.tolist())
    return sum(any(least <= value[at : at + 3] <= most for at in range(len(value))) for value in values)


def are_longer(names: Column, longest: int) -> npt.NDArray[np.bool_]:
    """bool[n]: whether a cleaned name has more than so many characters."""
    found = names.end - names.start > longest
    for i in np.flatnonzero(found).tolist():
        found[i] = len(names.value(i).decode()) > longest
    return found


def _read_only(names: Column) -> Column:
    return Column(frozen(names.buffer), frozen(names.start), frozen(names.end))


@compiled
def _need_work(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.bool_]:
    """bool[n]: whether a name has a byte beyond ASCII, or a space or an @ at an end."""
    found = np.zeros(len(start), np.bool_)
    for i in range(len(start)):
        first, last = start[i], end[i]
        if first < last:
            found[i] = buffer[first] <= 32 or buffer[first] == _AT or buffer[last - 1] <= 32
            for at in range(first, last):
                found[i] |= buffer[at] >= 0x80
    return found
