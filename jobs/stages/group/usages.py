"""The usages of a bucket's hashtags, added up: in parts where there are many."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.channels import BEGINS, JOINED, LEADS
from jobs.exchange.exchange import Exchange
from jobs.exchange.ordered import rows_in_parts
from jobs.stages.group.evidence import Evidence, membership_keys
from jobs.stages.group.spellingcounts import SpellingCounts
from jobs.stages.scan.dictionary import Dictionary

AT_ONCE: Final = 1 << 21  # usages that are added up at once, in some 230 MB

_SAMPLED = 1024  # usages a part, from which the places to cut are taken


@dataclasses.dataclass(frozen=True)
class UsedHashtags:
    """n hashtags that were used, in the order of their keys.

    keys: StringArray. posts: int64[n]. spelled: how they were written. evidence: by whom, by place among the n, in
    pieces that follow each other; it can be gone through once.
    """

    keys: pa.StringArray
    posts: npt.NDArray[np.int64]
    spelled: SpellingCounts
    evidence: Iterator[Evidence]

    @classmethod
    def of(cls, dictionary: Dictionary, sent: Exchange, bucket: int, sources: Sequence[int]) -> Self:
        """From what came through the channel of usages. dictionary: from that of spellings.

        Memory: about AT_ONCE usages, or what one source has sent.
        """
        usages = sent.receive(bucket, sources)
        count = usages.num_rows
        if count <= AT_ONCE:
            known = [_Usages.of(dictionary, usages)]
            return cls._of(dictionary, lambda: known, count)
        del usages
        return cls._of(
            dictionary,
            lambda: (_Usages.of(dictionary, sent.receive(bucket, [source])) for source in sources),
            count,
        )

    @classmethod
    def _of(cls, dictionary: Dictionary, pieces: Pieces, count: int) -> Self:
        """pieces: the `count` usages."""
        uses: npt.NDArray[np.int64] = np.zeros(len(dictionary.hash), np.int64)
        for piece in pieces():
            uses += np.bincount(piece.spelling, minlength=len(uses))
        posts = np.bincount(dictionary.hashtag, uses, len(dictionary.keys)).astype(np.int64)
        used = posts > 0  # a hashtag may be only in posts that are not used
        place = np.cumsum(used) - 1
        written = np.flatnonzero(uses)
        spelled = SpellingCounts.of(
            place[dictionary.hashtag[written]], [dictionary.spellings.take(pa.array(written))], uses[written]
        )
        hashtag_of = place[dictionary.hashtag].astype(np.uint32)
        evidence = _added_up(pieces, hashtag_of, count)
        return cls(dictionary.keys.filter(pa.array(used)), posts[used], spelled, evidence)


@dataclasses.dataclass(frozen=True)
class _Usages:
    """n usages. spelling: int64[n], its place in the dictionary. columns: the others of the channel, by name."""

    spelling: npt.NDArray[np.int64]
    columns: dict[str, npt.NDArray[Any]]

    @classmethod
    def of(cls, dictionary: Dictionary, sent: pa.Table) -> Self:
        """Those that count of what was sent; those of one post must all be there."""
        columns = {name: sent[name].to_numpy() for name in sent.column_names}
        spelling = dictionary.find(columns.pop("spelling"))
        once = _once_a_post(columns["leads"], dictionary.hashtag[spelling])
        if once is not None:
            spelling, columns = spelling[once], {name: column[once] for name, column in columns.items()}
            columns["leads"] &= LEADS
        return cls(spelling, columns)

    def keys(self, hashtag_of: Hashtags, step: int) -> npt.NDArray[np.uint64]:
        """The membership_keys of every so many usages."""
        return membership_keys(hashtag_of[self.spelling[::step]], self.columns["account"][::step])

    def rows(self, hashtag_of: Hashtags) -> pa.RecordBatch:
        """With the hashtag in place of the spelling."""
        return pa.record_batch({"hashtag": hashtag_of[self.spelling], **self.columns})


Hashtags = npt.NDArray[np.uint32]  # the place of the hashtag of each spelling
Pieces = Callable[[], Iterable[_Usages]]


def _added_up(pieces: Pieces, hashtag_of: Hashtags, count: int) -> Iterator[Evidence]:
    if count <= AT_ONCE:
        return iter([Evidence.of(hashtag=hashtag_of[piece.spelling], **piece.columns) for piece in pieces()])
    return _added_up_in_parts(pieces, hashtag_of, count)


def _added_up_in_parts(pieces: Pieces, hashtag_of: Hashtags, count: int) -> Iterator[Evidence]:
    parts = -(-count // AT_ONCE)
    step = max(1, count // (_SAMPLED * parts))
    sample = np.sort(np.concatenate([piece.keys(hashtag_of, step) for piece in pieces()]))
    cuts = sample[np.arange(1, parts) * len(sample) // parts]

    def part_of(rows: pa.RecordBatch) -> npt.NDArray[np.intp]:
        key = membership_keys(rows["hashtag"].to_numpy(), rows["account"].to_numpy())
        return np.searchsorted(cuts, key, side="right")

    with rows_in_parts((piece.rows(hashtag_of) for piece in pieces()), parts, part_of) as found:
        for rows in found:
            if rows.num_rows:
                yield Evidence.of(**{name: rows[name].to_numpy() for name in rows.column_names})


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
