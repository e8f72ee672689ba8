"""Screen names of a realistic mix, a tenth of them in planted families of look-alikes.

A made-up network has people (`sarah_miller84`), word pairs (`BlueEagle22`), default handles (a name and eight
digits), random strings and families: variants of one name by a changed digit, l/1 and o/0, an added, a
missing or two transposed characters. Everything is vectorised; no Python object per name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench import words

MAX_LENGTH = 15  # characters a screen name may have on the platform that is imitated
FAMILY_SHARE = 0.1
SHORTEST_FAMILY_NAME = 10  # so that the two edits of any variant keep a similarity of at least 0.8

Rng = np.random.Generator
Strings = Any  # pa.LargeStringArray: pyarrow ships no types
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789_", np.uint8)
_DIGITS = np.frombuffer(b"0123456789", np.uint8)
_CONFUSABLE = np.arange(256, dtype=np.uint8)
for _a, _b in (b"l1", b"o0", b"i1", b"s5", b"e3", b"q9"):
    _CONFUSABLE[_a] = _b
    _CONFUSABLE[_b] = _a


def screen_names(n: int, seed: int = 0) -> Strings:
    """Return n distinct screen names as a pa.LargeStringArray."""
    return screen_names_with_families(n, seed)[0]


def screen_names_with_families(n: int, seed: int = 0) -> tuple[Strings, npt.NDArray[np.int32], Ints]:
    """Return n distinct (also without regard to case) names, each one's family and the families' originals.

    The family is an int32[n], -1 for none; originals[family] is the index of the name that its variants were
    made from, each at a similarity of at least 0.8 to it.
    """
    rng = np.random.default_rng([seed, 1])
    members = int(n * FAMILY_SHARE)
    sizes = _family_sizes(rng, members)
    family_of_member = np.repeat(np.arange(len(sizes)), sizes)
    is_original = np.ones(members, bool)
    is_original[1:] = family_of_member[1:] != family_of_member[:-1]

    originals = _family_originals(rng, len(sizes))
    loners = _ordinary_names(rng, n - members)
    # Originals come first: in a clash it is the variant or the loner that is drawn again.
    family = np.concatenate([np.arange(len(sizes)), family_of_member[~is_original], np.full(len(loners), -1)])
    names = pa.concat_arrays(
        [originals, _variants(rng, originals.take(pa.array(family_of_member[~is_original]))), loners]
    )
    while (clash := np.flatnonzero(_repeats(names))).size:
        names = _replace(names, clash, _redraw(rng, originals, family[clash]))

    order = rng.permutation(n)
    shuffled_family = family[order].astype(np.int32)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    return names.take(pa.array(order)), shuffled_family, place[: len(sizes)]


def _family_sizes(rng: Rng, members: int) -> Ints:
    """Sizes of at least 2, few of them large, that add up to members."""
    sizes = np.minimum(2 + rng.geometric(0.15, members // 2 + 1), 60).astype(np.int64)
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), members) + 1]
    sizes[-1] -= sizes.sum() - members
    return sizes[sizes > 0]


def _family_originals(rng: Rng, n: int) -> Strings:
    """N distinct names long enough that a variant stays similar and short enough that one can grow."""
    names = pa.array([], pa.large_string())
    while len(names) < n:
        names = pa.concat_arrays([names, _ordinary_names(rng, 2 * n + 10)])
        length = pc.binary_length(names).to_numpy()
        fits = (length >= SHORTEST_FAMILY_NAME) & (length < MAX_LENGTH) & ~_repeats(names)
        names = names.filter(pa.array(fits))
    return names[:n]


def _redraw(rng: Rng, originals: Strings, family: Ints) -> Strings:
    """New names for these families; where there is none, random strings, which rarely clash again."""
    names = _random_strings(rng, len(family))
    in_family = np.flatnonzero(family >= 0)
    return _replace(names, in_family, _variants(rng, originals.take(pa.array(family[in_family]))))


def _ordinary_names(rng: Rng, n: int) -> Strings:
    """People, word pairs, default handles and random strings, in this order; names can repeat."""
    people, pairs, handles = int(n * 0.4), int(n * 0.25), int(n * 0.2)
    return pa.concat_arrays(
        [
            _people(rng, people),
            _word_pairs(rng, pairs),
            _default_handles(rng, handles),
            _random_strings(rng, n - people - pairs - handles),
        ]
    )


def _people(rng: Rng, n: int) -> Strings:
    rare = tuple(stem + ending for stem in words.SURNAME_STEMS for ending in words.SURNAME_ENDINGS)
    style = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    first = _pick_styled(rng, words.FIRST_NAMES, style)
    last = _pick_styled(rng, words.LAST_NAMES + rare, style)
    return _shorten(_join(first, _separator(rng, style), last, _number_suffix(rng, n, bare=0.3)))


def _word_pairs(rng: Rng, n: int) -> Strings:
    style = rng.choice(3, n, p=[0.3, 0.4, 0.3])
    first = _pick_styled(rng, words.FIRST_WORDS, style)
    second = _pick_styled(rng, words.SECOND_WORDS, style)
    return _shorten(_join(first, _separator(rng, style), second, _number_suffix(rng, n, bare=0.15)))


def _default_handles(rng: Rng, n: int) -> Strings:
    """A name, cut to seven characters, and eight digits, as a platform proposes them."""
    name = _pick_styled(rng, words.FIRST_NAMES, np.ones(n, np.int64))
    padded = pa.array([f"{number:04d}" for number in range(10_000)], pa.large_string())
    upper, lower = (padded.take(pa.array(rng.integers(0, 10_000, n))) for _ in range(2))
    return _join(pc.utf8_slice_codeunits(name, 0, 7), upper, lower)


def _random_strings(rng: Rng, n: int) -> Strings:
    length = rng.integers(7, MAX_LENGTH + 1, n)
    return _from_matrix(_ALPHABET[rng.integers(0, len(_ALPHABET), (n, MAX_LENGTH), dtype=np.uint8)], length)


def _pick_styled(rng: Rng, pool: tuple[str, ...], style: Ints) -> Strings:
    """Words of the pool, the first ones more often; style 1 gives a capital, the others lower case."""
    both = pa.array([*pool, *(word.title() for word in pool)], pa.large_string())
    index = (len(pool) * rng.random(len(style)) ** 1.8).astype(np.int64)
    return both.take(pa.array(index + len(pool) * (style == 1)))


def _separator(rng: Rng, style: Ints) -> Strings:
    del rng
    return pa.array(["", "_"], pa.large_string()).take(pa.array((style == 2).astype(np.int64)))


def _number_suffix(rng: Rng, n: int, bare: float) -> Strings:
    """Nothing (share `bare`), two digits, a year of birth or up to four digits."""
    kind = rng.choice(4, n, p=[bare, 0.35, 0.15, 0.5 - bare])
    number = np.choose(
        kind,
        [
            np.full(n, 10_000),
            rng.integers(0, 100, n),
            rng.integers(1950, 2011, n),
            rng.integers(0, 10_000, n),
        ],
    )
    suffixes = pa.array([*(str(value) for value in range(10_000)), ""], pa.large_string())
    return suffixes.take(pa.array(number))


def _join(*parts: Strings) -> Strings:
    return pc.binary_join_element_wise(*parts, pa.scalar("", pa.large_string()))


def _shorten(names: Strings) -> Strings:
    return pc.utf8_slice_codeunits(names, 0, MAX_LENGTH)


def _variants(rng: Rng, names: Strings) -> Strings:
    """Change each name by one operation, which costs at most two edits."""
    matrix, length = _to_matrix(names)
    n, width = matrix.shape
    row, column = np.arange(n), np.arange(width)
    place = rng.integers(0, length)
    # 0: another digit where there is one, 1: a confusable, 2: added, 3: removed, 4: transposed
    operation = np.asarray(rng.choice(5, n, p=[0.4, 0.2, 0.15, 0.15, 0.1]))

    is_digit = (matrix >= ord("0")) & (matrix <= ord("9"))
    is_confusable = _CONFUSABLE[matrix] != matrix
    for wanted, marked in ((0, is_digit), (1, is_confusable)):
        count = marked.sum(axis=1)
        nth = (rng.random(n) * count).astype(np.int64)
        found = np.argmax(np.cumsum(marked, axis=1) > nth[:, None], axis=1)
        place = np.where((operation == wanted) & (count > 0), found, place)

    shift = np.zeros((n, width), np.int64)
    shift -= (operation == 2)[:, None] & (column > place[:, None])
    shift += (operation == 3)[:, None] & (column >= place[:, None])
    source = np.clip(column + shift, 0, width - 1)
    swap = np.flatnonzero((operation == 4) & (place + 1 < length))
    source[swap, place[swap]], source[swap, place[swap] + 1] = place[swap] + 1, place[swap]
    changed = matrix[row[:, None], source]

    value = _DIGITS[rng.integers(0, 10, n)]
    value = np.where((operation == 1) & is_confusable[row, place], _CONFUSABLE[matrix[row, place]], value)
    value = np.where(operation == 2, _ALPHABET[rng.integers(0, len(_ALPHABET), n)], value)
    written = operation <= 2
    changed[row[written], place[written]] = value[written]
    return _from_matrix(changed, length + (operation == 2) - (operation == 3))


def _to_matrix(names: Strings) -> tuple[Bytes, Ints]:
    """ASCII names as uint8[n, MAX_LENGTH + 1], zero-filled, and their lengths."""
    offsets = np.frombuffer(names.buffers()[1], np.int64)[names.offset : names.offset + len(names) + 1]
    data = np.frombuffer(names.buffers()[2], np.uint8)
    length = np.diff(offsets)
    matrix = np.zeros((len(names), MAX_LENGTH + 1), np.uint8)
    matrix[np.arange(MAX_LENGTH + 1) < length[:, None]] = data[offsets[0] : offsets[-1]]
    return matrix, length


def _from_matrix(matrix: Bytes, length: Ints) -> Strings:
    data = matrix[np.arange(matrix.shape[1]) < length[:, None]]
    offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(length), pa.py_buffer(offsets), pa.py_buffer(data))


def _repeats(names: Strings) -> npt.NDArray[np.bool_]:
    """Mark every name that occurs earlier, too, whatever its case."""
    # Dictionary codes count up in order of first appearance, so a first one exceeds all before it.
    code = pc.dictionary_encode(pc.ascii_lower(names)).indices.to_numpy()
    repeated = np.zeros(len(code), bool)
    repeated[1:] = code[1:] <= np.maximum.accumulate(code)[:-1]
    return repeated


def _replace(names: Strings, index: Ints, new: Strings) -> Strings:
    source = np.arange(len(names))
    source[index] = len(names) + np.arange(len(index))
    return pa.concat_arrays([names, new]).take(pa.array(source))
