"""Members of a group with the same name."""

import random

import numpy as np
import pytest

from lookalike.kernel import encode_names, first_with_name
from lookalike.kernel import identical as module


@pytest.mark.parametrize("hashes_collide", [False, True])
@pytest.mark.parametrize("alphabet", ["ab", "".join(map(chr, range(0x4E00, 0x4F80)))])
def test_each_member_finds_the_first_one_with_its_name(
    monkeypatch: pytest.MonkeyPatch, hashes_collide: bool, alphabet: str
) -> None:
    if hashes_collide:
        monkeypatch.setattr(module, "prefix_hashes", lambda *arguments: np.zeros(len(arguments[2]), np.uint64))
    rng = random.Random(1)
    names = ["".join(rng.choices(alphabet, k=rng.randint(0, 3))) for _ in range(60)] + [alphabet]
    groups = [sorted(rng.sample(range(61), size)) for size in (0, 1, 30, 0, 61, 2)]
    members = [member for group in groups for member in group]
    starts = np.cumsum([0, *map(len, groups)])
    found = first_with_name(encode_names(names), np.array(members, np.uint32), starts)
    expected = []
    for start, group in zip(starts.tolist(), groups, strict=False):
        own = [names[member] for member in group]
        expected += [start + own.index(name) for name in own]
    assert found.tolist() == expected
