"""Whether a run reads all input or only what is new, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from jobs.inputs.tables import InputFile
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from jobs.pipeline.summary import inputs
from lookalike import __version__
from lookalike.snapshots.manifest import InputRecord, Manifest, Mode

_ALIKE = ("blocking", "exclude_reposts", "fold", "quoting")  # options that a snapshot and its base must share
_WORTH_IT = Fraction(1, 2)  # of the bytes of posts; if more is new, reading all of it costs less


class NotIncremental(Exception):  # noqa: N818  # no error: the run starts over and reads all input
    """Why what is new is not enough to go by, in words."""


@dataclasses.dataclass(frozen=True)
class Decision:
    """How a run is done. base: what an incremental one builds on; None for a full one. reason: why, in words.

    posts: all files, in the order by which the rows of the base are numbered; the first `known` are in the base.
    """

    base: Manifest | None
    reason: str
    posts: tuple[InputFile, ...]
    known: int

    @property
    def generation(self) -> int:
        """Of the snapshot that the run makes, see Manifest."""
        return 0 if self.base is None else self.base.generation + 1

    @property
    def new_bytes(self) -> int:
        """Size of the files that the run reads."""
        return sum(file.size for file in self.posts[self.known :])

    def recorded(self) -> Mode:
        """For the manifest."""
        base = None if self.base is None else self.base.id
        name: Literal["full", "incremental"] = "full" if base is None else "incremental"
        files = len(self.posts) - self.known
        return Mode(name=name, reason=self.reason, base=base, files=files, bytes=self.new_bytes)

    def full(self, reason: str) -> Decision:
        """The same run over all input."""
        return Decision(None, reason, tuple(sorted(self.posts, key=lambda file: file.path)), 0)


def decide(config: JobConfig, ignored: IgnoreList, live: Manifest | None, posts: tuple[InputFile, ...]) -> Decision:
    """Choose by what the live snapshot was made from, and how."""
    whole = Decision(None, "", posts, 0)
    if config.mode == "full" or config.plan:
        return whole.full("asked for")
    if live is None:
        return whole.full("there is no live snapshot to build on")
    try:
        _check_options(config, ignored, live)
        ordered = _known_first(live, posts)
    except NotIncremental as reason:
        return whole.full(str(reason))
    known = sum(record.table == "posts" for record in live.inputs)
    decision = Decision(live, "", ordered, known)
    new = len(posts) - known
    if config.mode == "auto" and decision.new_bytes > _WORTH_IT * sum(file.size for file in posts):
        return whole.full(f"{decision.new_bytes:,} bytes of posts are new, more than half of all")
    told = f"{new:,} new file{'s' if new != 1 else ''} of posts since {live.id}"
    return dataclasses.replace(decision, reason=told)


def _check_options(config: JobConfig, ignored: IgnoreList, live: Manifest) -> None:
    if live.job_version != __version__:
        raise NotIncremental(f"the live snapshot was made by version {live.job_version}")
    if config.blocking != "lossless":
        raise NotIncremental("prefix blocking may lose pairs, others in each run")
    if live.threshold != config.threshold:
        raise NotIncremental(f"min_similarity was {live.floor}")
    if live.buckets != config.buckets:
        raise NotIncremental(f"buckets was {live.buckets}")
    for name in _ALIKE:
        if live.configuration.get(name) != getattr(config, name):
            raise NotIncremental(f"{name} was {live.configuration.get(name)}")
    if _checksum(live.configuration.get("ignore_hashtags")) != _checksum(ignored.record()):
        raise NotIncremental("other hashtags were ignored")


def _known_first(live: Manifest, posts: Sequence[InputFile]) -> tuple[InputFile, ...]:
    """The files of the live snapshot in its order, then the others. NotIncremental if one has changed or is gone."""
    found = {record.path: (record, file) for record, file in zip(inputs("posts", posts), posts, strict=True)}
    ordered = []
    for record in live.inputs:
        if record.table == "posts":
            now = found.pop(record.path, None)
            if now is None:
                raise NotIncremental(f"{record.path} is not among the posts any more")
            if now[0] != record:
                raise NotIncremental(f"{record.path} {_difference(record, now[0])}")
            ordered.append(now[1])
    return (*ordered, *(file for _, file in found.values()))


def _difference(before: InputRecord, now: InputRecord) -> str:
    if before.bytes != now.bytes:
        return f"has {now.bytes:,} bytes now, {before.bytes:,} before"
    return "has changed" if before.modified_ns != now.modified_ns else "is read in another way now"


def _checksum(ignored: object) -> object:
    return ignored.get("sha256") if isinstance(ignored, dict) else None
