import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.kernel import encode_names, similarities


@given(st.lists(st.text(max_size=20), max_size=20))
def test_codes_rename_code_points_one_to_one(names: list[str]) -> None:
    encoded = encode_names(names)
    written = "".join(names)
    assert encoded.offsets.tolist() == [len("".join(names[:i])) for i in range(len(names) + 1)]
    assert len(encoded.codes) == len(written)
    assert len(set(zip(written, encoded.codes.tolist(), strict=True))) == len(set(written)) == encoded.alphabet
    assert sorted(set(encoded.codes.tolist())) == list(range(encoded.alphabet))


def test_an_alphabet_above_256_needs_wider_codes() -> None:
    names = ["".join(map(chr, range(0x4E00, 0x4E00 + count))) for count in (256, 257)]
    assert encode_names(names[:1]).codes.dtype == "uint8"
    assert encode_names(names).codes.dtype == "uint32"


def test_planes_tell_characters_that_occur_once_and_twice() -> None:
    encoded = encode_names(["aab", "b", ""])
    a, b = 1 << int(encoded.codes[0]), 1 << int(encoded.codes[2])
    assert encoded.once.tolist() == [a | b, b, 0]
    assert encoded.twice.tolist() == [a, 0, 0]


def test_slices_and_chunks_of_arrow_arrays_are_read_where_they_begin() -> None:
    array = pa.array(["no", "ja", "né", "oui"])
    expected = encode_names(["ja", "né", "oui"])
    for given_names in (array[1:], array[1:].cast(pa.large_string()), pa.chunked_array([array[1:2], array[2:]])):
        encoded = encode_names(given_names)
        assert encoded.codes.tolist() == expected.codes.tolist()
        assert encoded.offsets.tolist() == expected.offsets.tolist()


def test_a_null_is_no_name() -> None:
    with pytest.raises(ValueError, match="null"):
        encode_names(pa.array(["a", None]))


def test_similarity_is_one_correctly_rounded_division() -> None:
    names = encode_names(["patriot_eagle_1", "patriot_eagle_2", "", ""])
    left, right = np.array([0, 2, 0], np.uint32), np.array([1, 3, 2], np.uint32)
    assert similarities(names, left, right, np.array([1, 0, 15], np.int32)).tolist() == [0.9333333333333333, 1.0, 0.0]
