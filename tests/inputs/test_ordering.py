import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.accounts.ordering import order_by_bytes
from lookalike.strings.values import pack_values
from tests.examples import examples

from .reading import column_of

# Long shared beginnings, final zeros, and both sides of the eight bytes that are compared at a time.
strings = st.one_of(
    st.binary(max_size=20),
    st.text("ab\x00", max_size=10).map(str.encode),
    st.sampled_from([b"x" * 7, b"x" * 8, b"x" * 9, b"x" * 16, b"x" * 16 + b"\x00", b"x" * 40, b"\xff" * 8]),
)


@examples(100)
@given(st.lists(strings, max_size=40))
def test_values_are_ordered_as_python_orders_bytes(values: list[bytes]) -> None:
    order, equal = order_by_bytes(*pack_values(*column_of(values)))
    found = [values[i] for i in order]
    assert found == sorted(values)
    assert sorted(order.tolist()) == list(range(len(values)))
    assert equal.tolist() == [i > 0 and found[i] == found[i - 1] for i in range(len(found))]


@examples(100)
@given(st.lists(st.tuples(st.integers(-2, 2), strings), max_size=40))
def test_groups_come_before_bytes(rows: list[tuple[int, bytes]]) -> None:
    packed, offsets = pack_values(*column_of([value for _, value in rows]))
    order, equal = order_by_bytes(packed, offsets, np.array([group for group, _ in rows], np.int64))
    found = [rows[i] for i in order]
    assert found == sorted(rows)
    assert equal.tolist() == [i > 0 and found[i] == found[i - 1] for i in range(len(found))]
