"""The pairs of a hashtag encoded once: any answer about it is a piece of the same text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from serving.lookup import compiled
from serving.lookup.encoding import EncodedPairs, Pairs, encode, similarity_steps
from serving.lookup.negotiation import Coding, Piece, compressor
from serving.lookup.plain import encode_plainly
from serving.lookup.rows import Rows

OPENING: Final = b'{"similar_account_pairs":['
CLOSING: Final = b"]}"
_PIECE: Final = 1 << 20  # bytes


class PairsText:
    """Encoded pairs, the most similar first."""

    def __init__(self, pieces: list[EncodedPairs], similarities: list[npt.NDArray[np.float64]]) -> None:
        """Join pieces, each with its pairs' similarities."""
        self._text = np.concatenate([np.zeros(0, np.uint8), *(piece.text for piece in pieces)]).data
        offsets = np.cumsum([0, *(len(piece.text) for piece in pieces)])
        ends = [piece.ends + offset for piece, offset in zip(pieces, offsets[:-1], strict=True)]
        self._ends = np.concatenate([np.zeros(1, np.int64), *ends])
        similarity = np.concatenate([np.zeros(0), *similarities])
        steps = similarity_steps(similarity)
        # For bisect: the different similarities negated, so that they rise, and how many pairs come before each.
        self._negated: list[float] = (-similarity[steps]).tolist()
        self._counts: list[int] = [*steps.tolist(), len(similarity)]

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self._text.nbytes + self._ends.nbytes + 64 * len(self._counts)

    def cut(self, lowest: float, offset: int, limit: int | None) -> memoryview:
        """Some pairs of at least this similarity, separated by commas: the text between OPENING and CLOSING."""
        stop = self._counts[bisect_right(self._negated, -lowest)]
        if limit is not None:
            stop = min(stop, offset + limit)
        if stop <= offset:
            return self._text[:0]
        return self._text[self._ends[offset] : self._ends[stop] - 1]


def read_text(rows: Rows, lowest: float, most_bytes: int) -> PairsText | None:
    """Read and encode pairs; None if they take more than so many bytes. Blocks."""
    pieces: list[EncodedPairs] = []
    similarities: list[npt.NDArray[np.float64]] = []
    size = 0
    for pairs in rows.pieces(lowest):
        encoded = _encode(pairs)
        size += encoded.text.nbytes + encoded.ends.nbytes
        if size > most_bytes:
            return None
        pieces.append(encoded)
        similarities.append(pairs.similarity)
    return PairsText(pieces, similarities)


def stream_rows(rows: Rows, lowest: float, offset: int, limit: int | None, coding: Coding) -> Iterator[Piece]:
    """The body of an answer in pieces of a few megabytes, encoded one at a time. Blocks at each step."""
    packer = compressor(coding)
    before = OPENING
    for pairs in rows.pieces(lowest, offset, limit):
        # The comma after the last pair is kept back, as no other may follow.
        text = _encode(pairs, before).text.data[:-1]
        yield text if coding == "identity" else packer.add(text)
        before = b","
    yield packer.add((OPENING if before is OPENING else b"") + CLOSING)
    yield packer.finish()


def stream_text(text: memoryview, coding: Coding) -> Iterator[Piece]:
    """The same from text that is encoded already; to be used for its compression."""
    packer = compressor(coding)
    yield packer.add(OPENING)
    for start in range(0, len(text), _PIECE):
        yield packer.add(text[start : start + _PIECE])
    yield packer.add(CLOSING)
    yield packer.finish()


def _encode(pairs: Pairs, before: bytes = b"") -> EncodedPairs:
    return (encode if compiled.are_ready() else encode_plainly)(pairs, before)
