"""What a comparison would take, estimated, against what it takes."""

import random
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.inputs.accounts.table import AccountTable
from jobs.planning import measure
from jobs.planning.blocks import count_meetings
from jobs.planning.estimate import Estimate, Estimator, Everyone
from jobs.stages.compare.order import NamesOrder
from jobs.stages.group.groups import Groups
from lookalike.kernel import Threshold, Work, prefix_blocks, similar_pairs, similar_pairs_of_groups
from lookalike.kernel.arrays import sorted_names

THRESHOLD = Threshold.parse("0.8")
SMALL_GROUP, SMALL_INDEX = 512, 128  # so that both ways of comparing are met by what the tests can afford


@pytest.fixture(autouse=True)
def _indices_for_few_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookalike.kernel.join._SMALL_INDEX", SMALL_INDEX)
    monkeypatch.setattr("jobs.planning.measure.SMALL_INDEX", SMALL_INDEX)
    for module in ("measure", "estimate"):
        monkeypatch.setattr(f"jobs.planning.{module}.SMALL_GROUP", SMALL_GROUP)


FIRST = ["maria", "james", "eagle", "patriot", "blue", "anna", "storm", "robert", "luna", "green"]
LAST = ["smith", "wolf", "news", "fan", "garcia", "river", "stone", "jones", "hawk", "mueller"]


def made_names(count: int, seed: int) -> list[str]:
    """Of a realistic mix: words and digits, default handles, random letters, and families of alike names."""
    rng = random.Random(seed)
    names: list[str] = []
    while len(names) < count:
        kind = rng.random()
        if kind < 0.5:
            names.append(f"{rng.choice(FIRST)}{rng.choice('_0123456789')}{rng.choice(LAST)}{rng.randrange(1000)}")
        elif kind < 0.7:
            names.append(f"{rng.choice(FIRST)}{rng.randrange(10**8):08}")
        elif kind < 0.9 or not names:
            names.append("".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789_", k=rng.randint(4, 15))))
        else:
            alike = list(rng.choice(names[-200:]))
            alike[rng.randrange(len(alike))] = rng.choice("abcxyz")
            names.append("".join(alike))
    return names


def table_of(names: list[str]) -> AccountTable:
    ids = pa.array([f"a{i:07}" for i in range(len(names))], pa.large_string())
    return AccountTable.build(ids, pa.array(names, pa.large_string()), np.zeros(len(names), np.int64), fold="none")


def bucket(members: dict[str, list[int]]) -> Groups:
    """The accounts of each hashtag."""
    keys = sorted(members)
    starts = np.cumsum([0, *(len(members[key]) for key in keys)])
    accounts = np.array([account for key in keys for account in sorted(members[key])], np.uint32)
    sizes = np.diff(starts)
    return Groups(pa.array(keys, pa.string()), pa.array(keys, pa.string()), sizes, sizes, starts, accounts)


def crowd(accounts: int, seed: int = 1) -> dict[str, list[int]]:
    """Hashtags of which few are large and many small."""
    rng = random.Random(seed)
    sizes = [
        accounts * 2 // 3,
        *(int(accounts / (rank + 2)) for rank in range(8)),
        *(20 + rank % 60 for rank in range(400)),
    ]
    return {f"tag{rank:03}": rng.sample(range(accounts), size) for rank, size in enumerate(sizes)}


def reality(table: AccountTable, groups: Groups, threshold: Threshold = THRESHOLD) -> tuple[int, int]:
    """Candidates and similar pairs of comparing hashtag by hashtag, as the job does."""
    work, pairs = Work(), 0
    for place in range(len(groups.keys)):
        members = groups.members_of(place)
        if len(members) > SMALL_GROUP:
            pairs += sum(map(len, similar_pairs(table.names, threshold, members, work=work)))
        else:
            starts = np.array([0, len(members)])
            pairs += sum(map(len, similar_pairs_of_groups(table.names, threshold, members, starts, work=work)))
    return work.candidates, pairs


def estimated(table: AccountTable, buckets: list[Groups], **options: float) -> Estimate:
    return Estimator(table, THRESHOLD, None, "none", **options).estimate(buckets, None)


@pytest.fixture(scope="module")
def table() -> AccountTable:
    return table_of(made_names(9_000, seed=1))


@pytest.fixture(scope="module")
def groups() -> Groups:
    return bucket(crowd(9_000))


def test_without_a_limit_to_the_sample_nothing_is_left_to_chance(table: AccountTable, groups: Groups) -> None:
    estimate = estimated(table, [groups], share=2, most=1000)
    assert (estimate.candidates, estimate.similar_pairs) == reality(table, groups)
    sizes = np.diff(groups.starts)
    assert estimate.pairs_sharing == (sizes * (sizes - 1) // 2).sum()
    worst = estimate.worst_hashtags[0]
    assert (worst.display, worst.members, worst.pairs_sharing) == ("tag000", 6000, 6000 * 5999 // 2)


def test_a_sample_tells_about_what_the_comparison_takes(table: AccountTable, groups: Groups) -> None:
    candidates, pairs = reality(table, groups)
    for share in (1 / 4, 1 / 16):
        estimate = estimated(table, [groups], share=share, least=0)
        assert candidates / 1.15 < estimate.candidates < candidates * 1.15
        assert pairs / 1.4 < estimate.similar_pairs < pairs * 1.4
        assert estimate.candidates != candidates


def test_an_estimate_does_not_depend_on_how_hashtags_are_spread_over_buckets(table: AccountTable) -> None:
    hashtags = crowd(9_000)
    apart = [bucket({key: hashtags[key] for key in hashtags if hash_of(key) == part}) for part in range(3)]
    one, other = (estimated(table, buckets, least=0) for buckets in (apart, [bucket(hashtags)]))
    assert one.candidates == pytest.approx(other.candidates)
    assert one.similar_pairs == pytest.approx(other.similar_pairs)
    assert one.worst_hashtags == other.worst_hashtags
    assert one.worst_blocks == other.worst_blocks


def hash_of(key: str) -> int:
    return sum(key.encode()) % 3


def test_the_worst_block_is_the_one_that_most_names_are_in() -> None:
    names = made_names(3000, seed=2) + [
        f"qqqqq{number:010}" for number in random.Random(3).sample(range(10**10), 900)
    ]
    table = table_of(names)
    tags = {"plain": list(range(2500)), "odd": list(range(2000, 3900)), "small": list(range(40))}
    estimate = estimated(table, [bucket(tags)], share=2, most=1000)
    worst = estimate.worst_blocks[0]
    assert (worst.display, worst.length, worst.segment) == ("odd", 15, 1)
    assert worst.text == "qqq"
    assert worst.names == 900
    assert worst.candidates >= 900 * 899 / 2
    direct = [one for one in estimate.worst_blocks if one.segment is None]
    assert [(one.text, one.length is None) for one in direct] == [("", False)] * len(direct)
    # Of a sample the same block is the worst, and of about so many names.
    sampled = Estimator(table, THRESHOLD, None, "none", share=1 / 8, least=0).estimate([bucket(tags)], None)
    assert sampled.worst_blocks[0].text.startswith("qq")


def test_meetings_are_those_of_the_definition() -> None:
    names = ["".join(random.Random(seed).choices("ab", k=6 + seed % 4)) for seed in range(80)]
    table = table_of(names)
    worst = np.zeros((10_000, 6))
    ordered = sorted_names(table.names, np.arange(len(names), dtype=np.uint32))
    count_meetings(ordered, 4, 5, 1.0, 0, 1 << 18, worst)
    found = {
        (int(ordered.length[int(x)]), int(segment), names[ordered.member[int(x)]][int(begin) : int(end)]): met
        for met, _, x, segment, begin, end in worst[(worst[:, 0] > 0) & (worst[:, 3] >= 0)].tolist()
    }
    assert found == pytest.approx(meetings(names))


def meetings(names: list[str]) -> dict[tuple[int, int, str], float]:
    """Candidates by (length, segment, text), by the proof in docs/architecture.md, name by name."""
    found: dict[tuple[int, int, str], float] = {}
    for one, other in combinations(names, 2):
        for x, y in ((one, other), (other, one)):
            if len(y) > len(x):
                continue
            weight = 0.5 if len(x) == len(y) else 1.0  # of names of one length either may be the indexed one
            k = len(x) // 5
            if len(x) - len(y) > k or len(x) < 2 * (k + 1):
                continue
            for s in range(k + 1):
                begin, end = s * len(x) // (k + 1), (s + 1) * len(x) // (k + 1)
                for shift in range(-k, k + 1):
                    near = abs(shift) <= s and abs(shift + len(x) - len(y)) <= k - s
                    inside = begin + shift >= 0 and end + shift <= len(y)
                    if near and inside and y[begin + shift : end + shift] == x[begin:end]:
                        place = len(x), s, x[begin:end]
                        found[place] = found.get(place, 0.0) + weight
    return found


def test_prefix_blocking_is_estimated_by_its_own_blocks(table: AccountTable, groups: Groups) -> None:
    members, starts, _ = prefix_blocks(table.names, groups.members, groups.starts, 3)
    work = Work()
    pairs = sum(map(len, similar_pairs_of_groups(table.names, THRESHOLD, members, starts, work=work)))
    whole = Estimator(table, THRESHOLD, 3, "none", share=2, most=1000).estimate([groups], None)
    assert (whole.candidates, whole.similar_pairs) == (work.candidates, pairs)
    assert len(whole.worst_blocks[0].text) == 3
    assert whole.worst_blocks[0].segment is None
    sampled = Estimator(table, THRESHOLD, 3, "none", least=0).estimate([groups], None)
    assert work.candidates / 1.2 < sampled.candidates < work.candidates * 1.2


def test_all_names_compared_once_are_estimated_as_one_group(table: AccountTable, groups: Groups) -> None:
    everyone = Everyone(np.unique(groups.members), 0.5)
    work = Work()
    all(similar_pairs(table.names, THRESHOLD, everyone.members, work=work))
    for share, factor in ((2.0, 1.0), (1 / 4, 1.15)):
        estimator = Estimator(table, THRESHOLD, None, "none", share=share, least=0, most=1000)
        estimate = estimator.estimate([groups], everyone)
        assert work.candidates / factor <= estimate.candidates <= work.candidates * factor
        assert estimate.similar_pairs == estimator.estimate([groups], None).similar_pairs
        assert (estimate.by_names, estimate.cost) == (True, 0.5)
        assert [one.display for one in estimate.worst_hashtags[:2]] == ["tag000", "tag001"]
        assert {one.display for one in estimate.worst_blocks} == {None}


@pytest.mark.parametrize(
    "names", [["maga_eagle"] * 4000, [f"maga_eagle_{number:04}" for number in range(4000)]], ids=["same", "near"]
)
def test_a_sample_of_nearly_identical_names_is_small(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    table, compared = table_of(names), []
    groups = bucket({"maga": list(range(len(names)))})
    _, pairs = reality(table, groups)

    def counted(names: Any, threshold: Any, sample: Any, work: Work) -> Any:
        before = work.verified
        yield from similar_pairs(names, threshold, sample, work=work)
        compared.append((len(sample), work.verified - before))

    monkeypatch.setattr(measure, "similar_pairs", counted)
    monkeypatch.setattr(measure, "_DISTANCES", 1_500_000)
    estimate = estimated(table, [groups])
    assert pairs / 1.1 < estimate.similar_pairs < pairs * 1.1
    (pilot, _), (_, distances) = compared
    assert pilot == measure._PILOT
    assert 1_500_000 / 1.2 < distances < 1_500_000 * 1.2


def test_the_other_order_is_not_counted_on_once_it_costs_more() -> None:
    table = table_of(["maga_eagle"] * 3000)
    users = np.arange(3000, dtype=np.uint32)
    whole = NamesOrder.plan(table.names, users, THRESHOLD, 1000)
    for most in (0, whole.cost / 2):
        part = NamesOrder.plan(table.names, users, THRESHOLD, 1000, most=most)
        assert most < part.cost < whole.cost


def test_no_hashtags_are_no_work(table: AccountTable) -> None:
    for buckets in ([], [bucket({})], [bucket({"alone": [1]})]):
        estimate = estimated(table, buckets)
        assert (estimate.candidates, estimate.similar_pairs, estimate.pairs_sharing) == (0, 0, 0)
