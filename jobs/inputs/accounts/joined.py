"""The table of accounts out of pieces that follow each other, without holding it in memory."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from jobs.inputs.accounts.table import AccountTable
from lookalike.kernel.names import EncodedNames
from lookalike.strings.idindex import build_index
from lookalike.strings.packed import large_strings, packed_strings
from lookalike.strings.values import Places, Scalar


def joined(pieces: Sequence[AccountTable]) -> AccountTable:
    """The table of all accounts of the pieces, at least one, whose names have the codes of one CharacterCodes.

    Its columns are in files without a name in the folder for temporary files, mapped. Memory: the index of ids, 16
    bytes an account, and what a piece takes.
    """
    places = np.cumsum([0, *map(len, pieces)]).tolist()
    owner = [piece.earlier_owner + np.uint32(at) for piece, at in zip(pieces, places, strict=False)]
    ids = _strings([packed_strings(piece.ids) for piece in pieces], np.uint8)
    return AccountTable(
        ids=large_strings(*ids),
        screen_names=large_strings(*_strings([packed_strings(piece.screen_names) for piece in pieces], np.uint8)),
        created_at=_one_after_the_other([piece.created_at for piece in pieces], np.int64),
        names=_names(pieces),
        slots=build_index(*ids),
        earlier_owner=np.concatenate(owner),
    )


def _names(pieces: Sequence[AccountTable]) -> EncodedNames:
    """Those that are used of all pieces, then the earlier ones."""
    spans = [slice(0, len(piece)) for piece in pieces] + [slice(len(piece), None) for piece in pieces]
    parts = [(piece.names, span) for piece, span in zip([*pieces, *pieces], spans, strict=True)]
    kind = pieces[0].names.codes.dtype.type
    codes: Any
    codes, offsets = _strings([(names.codes, names.offsets[_edges(span)]) for names, span in parts], kind)
    return EncodedNames(
        codes=codes,
        offsets=offsets,
        alphabet=pieces[0].names.alphabet,
        once=_one_after_the_other((names.once[span] for names, span in parts), np.uint64),
        twice=_one_after_the_other((names.twice[span] for names, span in parts), np.uint64),
    )


def _edges(span: slice) -> slice:
    return slice(span.start, None if span.stop is None else span.stop + 1)


def _strings(
    parts: Sequence[tuple[npt.NDArray[Scalar], Places]], kind: type[Scalar]
) -> tuple[npt.NDArray[Scalar], Places]:
    """Values one after the other, of parts each packed with the n + 1 offsets of its values."""
    packed = _one_after_the_other((values[offsets[0] : offsets[-1]] for values, offsets in parts), kind)
    begins = itertools.accumulate((int(offsets[-1] - offsets[0]) for _, offsets in parts), initial=0)
    shifted = (offsets[1:] + (at - offsets[0]) for (_, offsets), at in zip(parts, begins, strict=False))
    return packed, _one_after_the_other(itertools.chain([np.zeros(1, np.int64)], shifted), np.int64)


def _one_after_the_other(arrays: Iterable[npt.NDArray[Scalar]], kind: type[Scalar]) -> npt.NDArray[Scalar]:
    """The arrays as one, in a file that is mapped."""
    with tempfile.TemporaryFile() as file:
        for array in arrays:
            file.write(array.data)
        size = file.tell()
        file.flush()
        if not size:
            return np.zeros(0, kind)
        return np.memmap(file, kind, mode="r").view(np.ndarray)
