from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.inputs.tables import Column
from lookalike.strings.values import are_blank, combine_hashes, hash_values, pack_values, parse_flags

from .reading import column_of

values = st.lists(st.binary(max_size=100), max_size=20)


@pytest.mark.parametrize(
    ("flag", "texts"),
    [
        (
            1,
            [
                "true",
                "True",
                "TRUE",
                "t",
                "T",
                "yes",
                "Yes",
                "y",
                "1",
                " true ",
                "1\r",
                "1.0",
                "retweet",
                "Retweeted",
                "RT",
            ],
        ),
        (0, ["false", "False", "FALSE", "f", "F", "no", "No", "N", "0", "\t0", "0.0", "quoted", "replied_to"]),
        (-1, ["", " ", "maybe", "2", "-1", "10", "tru", "truee", "falsee", "nope", "\x11", "ÿ", "1.00", "null"]),
    ],
)
def test_flags(flag: int, texts: list[str]) -> None:
    found = parse_flags(*column_of([text.encode() for text in texts]))
    assert found.dtype == np.int8
    assert found.tolist() == [flag] * len(texts)


def test_a_value_of_nothing_but_space_is_blank() -> None:
    texts = [b"", b" ", b" \t\r\n ", b"\x00", b" a ", b"0", "\u00a0".encode()]
    assert are_blank(*column_of(texts)).tolist() == [True, True, True, True, False, False, False]


@settings(deadline=None)
@given(values, st.binary(max_size=20))
def test_packing_keeps_the_values(items: list[bytes], before: bytes) -> None:
    packed, offsets = pack_values(*column_of(items, before))
    found = Column(packed, offsets[:-1], offsets[1:])
    assert [found.value(i) for i in range(len(items))] == items


@settings(deadline=None)
@given(values, st.binary(max_size=20), st.integers(0, 2**64 - 1))
def test_a_hash_depends_on_the_bytes_and_the_seed_alone(items: list[bytes], before: bytes, seed: int) -> None:
    hashes = hash_values(*column_of(items), seed)
    assert hashes.dtype == np.uint64
    assert hashes.tolist() == hash_values(*column_of(items, before), seed).tolist()
    assert hashes.tolist() != hash_values(*column_of(items), seed ^ 1).tolist() or not items
    assert len(set(hashes.tolist())) == len(set(items))


@pytest.mark.parametrize(
    "text",
    [lambda i: b"%d" % i, lambda i: b"%016x" % i, lambda i: b"account-%032d" % i, lambda i: b"\0" * (i % 4096)],
)
def test_hashes_of_similar_values_are_spread(text: Callable[[int], bytes]) -> None:
    items = sorted({text(i) for i in range(100_000)})
    hashes = hash_values(*column_of(items))
    assert len(np.unique(hashes)) == len(items)
    for bit in range(64):
        share = np.count_nonzero(hashes >> np.uint64(bit) & np.uint64(1)) / len(items)
        assert abs(share - 0.5) < 4 / np.sqrt(len(items))


def test_hashes_are_the_same_in_every_run() -> None:
    hashes = hash_values(*column_of([b"", b"a", b"0123456789", b"0123456789abcdef", b"x" * 100]), 7)
    assert [f"{h:016x}" for h in hashes.tolist()] == [
        "4e626d541670f30f",
        "fa8a8fc473816be7",
        "43f51a4078f1fb19",
        "00809aa10df90635",
        "815e69f96cfa0efa",
    ]


def test_a_combined_hash_knows_the_order() -> None:
    one, other = hash_values(*column_of([b"a", b"b", b"a"])), hash_values(*column_of([b"b", b"a", b"a"]))
    combined = combine_hashes(one, other).tolist()
    assert len({*combined, *one.tolist(), *other.tolist()}) == 5
