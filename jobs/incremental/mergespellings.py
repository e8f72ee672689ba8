"""How the hashtags of a bucket were written, old and new; a part of stage 3 of an incremental run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.incremental.base import Base, BaseHashtags
from jobs.incremental.blocks import Blocks, find_owners
from jobs.incremental.patch import Patch
from jobs.stages.group.spellingcounts import SpellingCounts
from jobs.stages.group.usages import UsedHashtags
from lookalike.snapshots.openfiles import runs_of

Places = npt.NDArray[np.int64]


def merge_spellings(
    base: Base, bucket: int, old: BaseHashtags, old_place: Places, new: UsedHashtags, new_place: Places
) -> tuple[pa.StringArray, Patch]:
    """The display form of every hashtag of the bucket, and how tables.SPELLINGS changes.

    old_place, new_place: int64[], ascending: the places of the hashtags of either among all.
    """
    stored = base.read("spellings", bucket)
    place, known = find_owners(old_place, new_place)
    used_anew = np.zeros(len(old_place), bool)
    used_anew[place[known]] = True
    _, counts = runs_of(stored["hashtag"].combine_chunks())
    blocks = Blocks.of(counts, used_anew)
    rows = stored.select(["spelling", "posts"]).take(pa.array(blocks.rows)).combine_chunks()
    owner = np.repeat(np.flatnonzero(known), counts[place[known]])
    spelled = SpellingCounts.of(
        np.concatenate([owner, new.spelled.hashtag]),
        [*rows["spelling"].chunks, new.spelled.spelling],
        np.concatenate([rows["posts"].to_numpy(), new.spelled.posts]),
    )
    inserted = pa.Table.from_batches([spelled.rows(new.keys)])
    patch = Patch(blocks.rows, blocks.begins[place[spelled.hashtag]], inserted)
    source = np.empty(len(old_place) + np.count_nonzero(~known), np.int64)
    source[old_place] = np.arange(len(old_place))
    source[new_place] = np.arange(len(new_place)) + len(old_place)
    display = pa.concat_arrays([old.display, spelled.most_frequent()])
    return display.take(pa.array(source)), patch
