"""The usages of a bucket's hashtags, added up."""

from __future__ import annotations

import dataclasses
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.channels import BEGINS, JOINED, LEADS
from jobs.stages.group.evidence import Evidence
from jobs.stages.group.spellingcounts import SpellingCounts
from jobs.stages.scan.dictionary import Dictionary


@dataclasses.dataclass(frozen=True)
class UsedHashtags:
    """n hashtags that were used, in the order of their keys.

    keys: StringArray. posts: int64[n]. spelled, evidence: how they were written, and by whom, by place among the n.
    """

    keys: pa.StringArray
    posts: npt.NDArray[np.int64]
    spelled: SpellingCounts
    evidence: Evidence

    @classmethod
    def of(cls, dictionary: Dictionary, usages: pa.Table) -> Self:
        """From what came through the channels of spellings and of usages."""
        columns = {name: usages[name].to_numpy() for name in usages.column_names}
        spelling = dictionary.find(columns.pop("spelling"))
        once = _once_a_post(columns["leads"], dictionary.hashtag[spelling])
        if once is not None:
            spelling, columns = spelling[once], {name: column[once] for name, column in columns.items()}
            columns["leads"] &= LEADS
        uses = np.bincount(spelling, minlength=len(dictionary.hash))
        posts = np.bincount(dictionary.hashtag, uses, len(dictionary.keys)).astype(np.int64)
        used = posts > 0  # a hashtag may be only in posts that are not used
        place = np.cumsum(used) - 1
        written = np.flatnonzero(uses)
        spelled = SpellingCounts.of(
            place[dictionary.hashtag[written]], [dictionary.spellings.take(pa.array(written))], uses[written]
        )
        hashtag = place[dictionary.hashtag[spelling]].astype(np.uint32)
        evidence = Evidence.of(hashtag=hashtag, **columns)
        return cls(dictionary.keys.filter(pa.array(used)), posts[used], spelled, evidence)


def _once_a_post(leads: npt.NDArray[np.int8], hashtag: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_] | None:
    """Which usages count if posts that were joined of several rows use each hashtag once; None for all.

    leads: see channels. hashtag: of each usage.
    """
    joined = np.flatnonzero(leads & JOINED)
    if not len(joined):
        return None
    post, hashtag = np.cumsum((leads[joined] & BEGINS) != 0), hashtag[joined]
    order = np.lexsort((hashtag, post))
    repeated = np.zeros(len(joined), np.bool_)
    repeated[order[1:]] = (np.diff(post[order]) == 0) & (np.diff(hashtag[order]) == 0)
    once = np.ones(len(leads), np.bool_)
    once[joined[repeated]] = False
    return once
