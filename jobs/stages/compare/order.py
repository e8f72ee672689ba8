"""Which order of work the comparison takes: hashtag by hashtag, or all names once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from jobs.exchange.reports import LargeHashtag
from jobs.stages.compare.plan import Unit, ranges_of
from jobs.stages.costs import cost_of_group
from lookalike.kernel import EncodedNames, Threshold, similar_pairs

_WORTH_COUNTING = 1.0  # seconds of comparison from which on the other order is looked at
_SAMPLE = 20_000  # accounts compared to estimate how many pairs all names make
_ATTACHED_PAIR = 3e-7  # seconds to find the hashtags that two accounts share, see plan.py


@dataclasses.dataclass(frozen=True)
class NamesOrder:
    """What comparing all names once would take: its units of work, and their cost in seconds of one core.

    users: uint32[n], the accounts that used a hashtag, ascending.
    """

    users: npt.NDArray[np.uint32]
    units: list[Unit]
    cost: float

    @classmethod
    def plan(
        cls,
        names: EncodedNames,
        users: npt.NDArray[np.uint32],
        threshold: Threshold,
        block_size: int,
        *,
        most: float = np.inf,
    ) -> NamesOrder:
        """For the accounts that used a hashtag, ascending. The cost is not counted on above `most` seconds."""
        lengths = np.bincount(np.diff(names.offsets)[users])
        everyone = LargeHashtag(0, len(users), lengths.tolist())
        # Random, since neighbours by id are often one family; the same in every run.
        sample = np.random.default_rng(0).choice(users, min(_SAMPLE, len(users)), replace=False, shuffle=False)
        scale = (len(users) / max(1, len(sample))) ** 2
        cost = float(cost_of_group(np.array([len(users)]))[0])
        for pairs in similar_pairs(names, threshold, np.sort(sample)):
            cost += len(pairs) * scale * _ATTACHED_PAIR
            if cost > most:
                break
        units = [Unit(0, 0, 1, begin, end, cost) for begin, end, cost in ranges_of(everyone, threshold, block_size)]
        return cls(users, units, cost)


def cheaper_names_order(
    units: Sequence[Unit],
    names: EncodedNames,
    find_users: Callable[[], npt.NDArray[np.uint32]],
    threshold: Threshold,
    block_size: int,
) -> NamesOrder | None:
    """How to compare all names once, if that costs less than the units of the other order.

    find_users: makes the accounts that used a hashtag, ascending; called only if there is enough to compare.
    """
    cost = sum(unit.cost for unit in units)
    if cost < _WORTH_COUNTING:
        return None
    order = NamesOrder.plan(names, find_users(), threshold, block_size, most=cost)
    return order if order.cost < cost else None
