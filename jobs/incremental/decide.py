"""Whether a run can read only what is new, and why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction

from jobs.inputs.tables import SPARK, InputFile
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from jobs.reporting.terminal import count_of
from jobs.strategy.records import input_records
from jobs.strategy.strategy import FallBack
from lookalike import __version__
from lookalike.snapshots.manifest import InputRecord, Manifest, Mode

# Options that a snapshot and its base must share.
_ALIKE = (
    "accounts_from",
    "all_names",
    "blocking",
    "columns",
    "day_first",
    "delimiter",
    "encoding",
    "exclude_reposts",
    "fold",
    "hashtag_separator",
    "hashtags_from",
    "max_name_length",
    "partition_column",
    "preset",
    "quoting",
    "skip_lines",
    "strip_suffix",
)
_WORTH_IT = Fraction(1, 2)  # of the bytes of posts; if more is new, reading all of it costs less


class NotIncremental(FallBack):
    """An incremental run is not possible. The message says why."""


@dataclasses.dataclass(frozen=True)
class NewPosts:
    """What an incremental run builds on and what it reads.

    base: the live snapshot. reason: in words, for the manifest. posts: all files, in the order by which the rows of
    the base are numbered; the base knows the first `known` of them.
    """

    base: Manifest
    reason: str
    posts: tuple[InputFile, ...]
    known: int

    @property
    def generation(self) -> int:
        """Of the snapshot that the run makes, see Manifest."""
        return self.base.generation + 1

    @property
    def mode(self) -> Mode:
        """For the manifest."""
        new = self.posts[self.known :]
        size = sum(file.size for file in new)
        return Mode(name="incremental", reason=self.reason, base=self.base.id, files=len(new), bytes=size)


def find_new_posts(config: JobConfig, ignored: IgnoreList, live: Manifest, posts: tuple[InputFile, ...]) -> NewPosts:
    """Find the posts that the live snapshot does not know. Raises NotIncremental if they are not enough to go by."""
    _check_options(config, ignored, live)
    ordered = _known_first(config, live, posts)
    known = sum(record.table == "posts" for record in live.inputs)
    new = len(posts) - known
    kind = "new file" if config.partition_column is None else "new partition"
    found = NewPosts(
        base=live,
        reason=f"{count_of(new, kind)} of posts since {live.id}",
        posts=ordered,
        known=known,
    )
    new_bytes = found.mode.bytes
    if config.mode == "auto" and new_bytes > _WORTH_IT * sum(file.size for file in posts):
        raise NotIncremental(f"{new_bytes:,} bytes of posts are new, more than half of all")
    return found


def known_posts(config: JobConfig, ignored: IgnoreList, live: Manifest) -> tuple[InputRecord, ...]:
    """The posts that need not be read if they are still the same; none if the options rule an incremental run out."""
    try:
        _check_options(config, ignored, live)
    except NotIncremental:
        return ()
    return tuple(record for record in live.inputs if record.table == "posts")


def _check_options(config: JobConfig, ignored: IgnoreList, live: Manifest) -> None:
    if live.job_version != __version__:
        raise NotIncremental(f"the live snapshot was made by version {live.job_version}")
    if config.blocking != "lossless":
        raise NotIncremental("prefix blocking loses pairs, and not the same ones in each run")
    if config.all_names:
        raise NotIncremental("all names of an account are compared")
    if config.identical == "group":
        raise NotIncremental("identical names are published as groups")
    if live.is_grouped:
        raise NotIncremental("the live snapshot has identical names as groups")
    if live.threshold != config.min_similarity:
        raise NotIncremental(f"min_similarity of the live snapshot is {live.floor}")
    if live.buckets != config.buckets:
        raise NotIncremental(f"buckets of the live snapshot is {live.buckets}")
    asked = config.model_dump(mode="json")
    for name in _ALIKE:
        if live.configuration.get(name) != asked[name]:
            raise NotIncremental(f"{name} of the live snapshot is {live.configuration.get(name)}")
    if _checksum(live.configuration.get("ignore_hashtags")) != _checksum(ignored.record()):
        raise NotIncremental("the list of ignored hashtags has changed")


def _known_first(config: JobConfig, live: Manifest, posts: Sequence[InputFile]) -> tuple[InputFile, ...]:
    """The files that the live snapshot knows, in its order, then the others. NotIncremental if one has changed."""
    found = {record.path: (record, file) for record, file in zip(input_records("posts", posts), posts, strict=True)}
    ordered = []
    for record in live.inputs:
        if record.table == "posts":
            now = found.pop(record.path, None)
            if now is None:
                raise NotIncremental(f"{record.path} is not among the posts any more")
            difference = _difference(record, now[0])
            if difference is not None:
                whole = record.format == SPARK and config.partition_column is None
                hint = ", and there is no --partition-column to tell which rows are new" if whole else ""
                raise NotIncremental(f"{record.path} {difference}{hint}")
            ordered.append(now[1])
    return (*ordered, *(file for _, file in found.values()))


def _difference(before: InputRecord, now: InputRecord) -> str | None:
    if now.format == SPARK:  # copies of the same rows may have other bytes
        before = before.model_copy(update={"bytes": now.bytes})
    if before == now:
        return None
    if before.bytes != now.bytes:
        return f"has {now.bytes:,} bytes now, {before.bytes:,} before"
    is_same = (before.modified_ns, before.version) == (now.modified_ns, now.version)
    return "has changed" if not is_same else "is read in another way now"


def _checksum(ignored: object) -> object:
    return ignored.get("sha256") if isinstance(ignored, dict) else None
