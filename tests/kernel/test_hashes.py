import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.kernel import encode_names
from lookalike.kernel.arrays import sorted_names
from lookalike.kernel.hashes import bucket_of

OTHERS = "".join(map(chr, range(0x4E00, 0x4F80)))


@pytest.mark.parametrize("others", ["", OTHERS], ids=["one-byte", "four-bytes"])
@given(
    segment=st.text(st.sampled_from("abc"), min_size=1, max_size=30),
    around=st.lists(st.text(st.sampled_from("abc"), max_size=12), min_size=2, max_size=2),
    bits=st.integers(4, 24),
)
def test_equal_segments_fall_into_one_bucket_wherever_they_stand(
    others: str, segment: str, around: list[str], bits: int
) -> None:
    name = around[0] + segment + around[1]
    names = encode_names([segment, name, others])
    packed = sorted_names(names, np.arange(3, dtype=np.uint32))
    start = dict(zip(packed.member.tolist(), packed.start.tolist(), strict=True))
    one = bucket_of(packed.codes, start[0], len(segment), bits)
    other = bucket_of(packed.codes, start[1] + len(around[0]), len(segment), bits)
    assert one == other < 2**bits


def test_segments_that_differ_in_one_character_rarely_share_a_bucket() -> None:
    names = [chr(97 + i % 26) * 7 + chr(97 + i // 26) + "x" * 5 for i in range(26 * 26)]
    packed = sorted_names(encode_names(names), np.arange(len(names), dtype=np.uint32))
    buckets = {int(bucket_of(packed.codes, start, 13, 20)) for start in packed.start.tolist()}
    assert len(buckets) > len(names) * 0.99
