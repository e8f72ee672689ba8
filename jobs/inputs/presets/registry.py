"""All presets, and telling by its columns which one a file is of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal

from jobs.inputs.columns import plain_name
from jobs.inputs.presets import (
    fourcat_bluesky,
    fourcat_bluesky_items,
    fourcat_telegram,
    fourcat_telegram_items,
    fourcat_tiktok,
    fourcat_twitter,
    information_operations,
    tiktok_items,
    twarc_csv,
    twint,
    twint_items,
    twitter_items,
    twitter_v1,
    twitter_v1_csv,
    twitter_v2,
)
from jobs.inputs.presets.preset import Preset

PRESETS: Final[Mapping[str, Preset]] = {
    module.PRESET.name: module.PRESET
    for module in (
        twitter_v1,
        twitter_v1_csv,
        twitter_v2,
        twarc_csv,
        information_operations,
        twint,
        twint_items,
        twitter_items,
        fourcat_twitter,
        fourcat_tiktok,
        fourcat_bluesky,
        fourcat_bluesky_items,
        fourcat_telegram,
        fourcat_telegram_items,
        tiktok_items,
    )
}


def preset_of_columns(names: Iterable[str]) -> Preset | None:
    """The preset whose telling columns are all among those of a file of text or Parquet."""
    known = {plain_name(name) for name in names}
    return next(told("text", lambda wanted: plain_name(wanted) in known), None)


def preset_of_objects(has: Callable[[str], bool]) -> Preset | None:
    """The preset whose telling paths all have a value. has: whether a path has one in the objects of a file."""
    return next(told("jsonl", has), None)


def told(kind: Literal["text", "jsonl"], has: Callable[[str], bool]) -> Iterator[Preset]:
    """The presets of a kind of file that has all that tells them: no more than one, if it is an export."""
    return (one for one in PRESETS.values() if one.format == kind and all(map(has, one.telling)))
