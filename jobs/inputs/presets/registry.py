"""All presets, and telling by its columns which one a file is of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

from jobs.inputs.columns import plain_name
from jobs.inputs.presets import (
    fourcat_bluesky,
    fourcat_bluesky_items,
    fourcat_telegram,
    fourcat_tiktok,
    fourcat_twitter,
    information_operations,
    tiktok_items,
    twarc_csv,
    twint,
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
        fourcat_twitter,
        fourcat_tiktok,
        fourcat_bluesky,
        fourcat_bluesky_items,
        fourcat_telegram,
        tiktok_items,
    )
}


def preset_of_columns(names: Iterable[str]) -> Preset | None:
    """The preset whose telling columns are all among those of a file of text or Parquet."""
    known = {plain_name(name) for name in names}
    return _first("text", lambda wanted: plain_name(wanted) in known)


def preset_of_objects(has: Callable[[str], bool]) -> Preset | None:
    """The preset whose telling paths all have a value. has: whether a path has one in the objects of a file."""
    return _first("jsonl", has)


def _first(kind: Literal["text", "jsonl"], has: Callable[[str], bool]) -> Preset | None:
    return next((one for one in PRESETS.values() if one.format == kind and all(map(has, one.telling))), None)
