import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lookalike.kernel import encode_names, prefix_blocks


@given(
    st.lists(st.lists(st.text(st.sampled_from("abé"), max_size=5), max_size=12), min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_blocks_are_the_names_of_a_group_that_share_their_first_characters(groups: list[list[str]], n: int) -> None:
    names = [name for group in groups for name in group]
    starts = np.cumsum([0, *map(len, groups)])
    encoded = encode_names(names)
    members, block_starts, group_of = prefix_blocks(encoded, np.arange(len(names), dtype=np.uint32), starts, n)
    assert sorted(members.tolist()) == list(range(len(names)))
    blocks = [
        (int(group_of[i]), members[block_starts[i] : block_starts[i + 1]].tolist()) for i in range(len(group_of))
    ]
    found = {(group, names[block[0]][:n]): sorted(block) for group, block in blocks}
    assert len(found) == len(blocks)
    expected: dict[tuple[int, str], list[int]] = {}
    for group, (first, last) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
        for member in range(first, last):
            expected.setdefault((group, names[member][:n]), []).append(member)
    assert found == expected
