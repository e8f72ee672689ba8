"""Made-up hashtags: how often each is used and how it is spelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench import words

LARGEST_SHARE = 1 / 3  # of the accounts, in the most used hashtag
ACTIVITY = 1.6  # author = accounts * uniform ** ACTIVITY: a few accounts write most
HASHTAGS_A_POST = np.array([0.25, 0.25, 0.22, 0.15, 0.09, 0.04])  # probability of 0, 1, ... 5

Strings = Any  # pa.LargeStringArray: pyarrow ships no types
Floats = npt.NDArray[np.float64]


def popularity_by_rank(accounts: int, posts: int, hashtags: int) -> Floats:
    """Cumulative probability of hashtags by rank, float64[hashtags], the largest at LARGEST_SHARE."""
    middle = (np.arange(10_000) + 0.5) / 10_000
    usages = posts * float(HASHTAGS_A_POST @ np.arange(len(HASHTAGS_A_POST))) / accounts
    rate = usages * middle ** (1 / ACTIVITY - 1) / ACTIVITY  # expected usages of the account at this place
    first = _bisect(lambda p: float(np.mean(1 - np.exp(-p * rate))) - LARGEST_SHARE, 0.0, 1.0)
    rank = np.arange(1, hashtags + 1, dtype=np.float64)
    exponent = _bisect(lambda s: 1 / float(np.sum(rank**-s)) - first, 0.0, 5.0)
    cumulative: Floats = np.cumsum(rank**-exponent)
    cumulative /= cumulative[-1]
    return cumulative


def _bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return high


def spellings_of(n: int) -> Strings:
    """Three spellings of each of n hashtags: at 3h as VoteNow, at 3h + 1 as votenow, at 3h + 2 as VOTENOW."""
    topics = pa.array([word.title() for word in words.TOPICS], pa.large_string())
    base = len(topics)
    # Shorter hashtags are the more used ones; beyond all triples they carry a number.
    index = np.arange(n)
    single, pair = index < base, index < base + base**2
    mixed = (np.where(pair, index - base, index - base - base**2) * 7919) % base**3  # 7919 is prime to base
    empty = pa.array([""], pa.large_string())
    pool = pa.concat_arrays([topics, empty])
    first = np.where(single, index, mixed % base)
    second = np.where(single, base, (mixed // base) % base)
    third = np.where(pair, base, (mixed // base**2) % base)
    number = np.maximum(index - base - base**2, 0) // base**3
    suffix = pc.replace_with_mask(
        pc.cast(pa.array(number), pa.large_string()), pa.array(number == 0), pa.scalar("", pa.large_string())
    )
    title = pc.binary_join_element_wise(
        *(pool.take(pa.array(part)) for part in (first, second, third)), suffix, empty[0]
    )
    interleaved = np.arange(3 * n).reshape(3, n).T.ravel()
    return pa.concat_arrays([title, pc.ascii_lower(title), pc.ascii_upper(title)]).take(pa.array(interleaved))
