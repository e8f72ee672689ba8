"""What look-ups run until the compiled functions are ready: the same results from Arrow and rapidfuzz."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from lookalike.kernel import EncodedNames, PairBatch, Threshold
from serving.lookup.encoding import EncodedPairs, Pairs, similarity_steps

_DISTANCES: Final = 1 << 20  # computed at once, in some hundredths of a second
_ESCAPED: Final = r'[\x00-\x1f"\\]'


def encode_plainly(pairs: Pairs, before: bytes = b"") -> EncodedPairs:
    """As serving.lookup.encoding.encode; it takes two or three times as long."""
    if not len(pairs.similarity):
        return EncodedPairs(np.frombuffer(before, np.uint8), np.empty(0, np.int64))
    steps = similarity_steps(pairs.similarity)
    printed = pa.array([repr(value) for value in pairs.similarity[steps].tolist()])
    which = np.repeat(np.arange(len(steps)), np.diff(steps, append=len(pairs.similarity)))
    parts = ['["', _escape(pairs.a), '","', _escape(pairs.b), '",', printed.take(pa.array(which)), "],"]
    texts = pc.binary_join_element_wise(*parts, "")
    ends = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1)[1:].astype(np.int64)
    text = np.frombuffer(texts.buffers()[2], np.uint8, ends[-1])
    return EncodedPairs(np.concatenate([np.frombuffer(before, np.uint8), text]) if before else text, ends)


def similar_pairs_plainly(names: pa.LargeStringArray, threshold: Threshold) -> Iterator[PairBatch]:
    """As lookalike.kernel.similar_pairs of all names, by comparing each with each; batches may be empty."""
    texts: list[str] = names.to_pylist()
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    bound = threshold.max_distance(int(lengths.max(initial=0)))
    begin = 0
    while begin < len(texts):
        end = begin + max(1, _DISTANCES // (len(texts) - begin))
        distance = cdist(
            texts[begin:end], texts[begin:], scorer=Levenshtein.distance, score_cutoff=bound, dtype=np.int32
        )
        near = np.nonzero(np.triu(distance <= bound, 1))
        found = distance[near]
        longer = np.maximum(lengths[begin + near[0]], lengths[begin + near[1]])
        similar = _are_similar(found, longer, threshold)
        left, right = ((begin + side[similar]).astype(np.uint32) for side in near)
        yield PairBatch(left=left, right=right, distance=found[similar], group=np.zeros(len(left), np.uint32))
        begin = end


def names_near_plainly(
    names: EncodedNames, own: int, threshold: Threshold
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int32]]:
    """As lookalike.snapshots.namegroups.names_near, by comparing one with each."""
    offsets = names.offsets.tolist()
    # A code for each character: the distances are the same.
    codes = names.codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    texts = [codes[begin:end] for begin, end in itertools.pairwise(offsets)]
    lengths = np.diff(names.offsets)
    bound = threshold.max_distance(int(lengths.max(initial=0)))
    distance = cdist([texts[own]], texts, scorer=Levenshtein.distance, score_cutoff=bound, dtype=np.int32)[0]
    similar = _are_similar(distance, np.maximum(lengths, lengths[own]), threshold)
    similar[own] = False
    near = np.flatnonzero(similar)
    return near.astype(np.uint32), distance[near]


def _are_similar(
    distance: npt.NDArray[np.int32], longer: npt.NDArray[np.int64], threshold: Threshold
) -> npt.NDArray[np.bool_]:
    p, q = threshold.numerator, threshold.denominator
    similar: npt.NDArray[np.bool_] = q * distance.astype(np.int64) <= (q - p) * longer
    return similar


def _escape(texts: pa.StringArray) -> pa.StringArray:
    if not pc.any(pc.match_substring_regex(texts, _ESCAPED)).as_py():
        return texts
    return pa.array([json.dumps(text, ensure_ascii=False)[1:-1] for text in texts.to_pylist()], texts.type)
