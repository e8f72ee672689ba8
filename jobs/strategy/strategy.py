"""The interface of a strategy: which posts a run reads, and the stages that make a snapshot from them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from jobs.exchange.reports import CompareReport, GroupReport, PostsReport, WriteReport
from jobs.exchange.workplace import WorkPlace
from jobs.inputs.accounts.table import AccountTable
from jobs.inputs.tables import InputFile
from jobs.stages.group.hashtagtable import HashtagTable
from jobs.strategy.context import RunContext
from lookalike.errors import SnapshotError
from lookalike.snapshots.counts import Counts, PostCounts
from lookalike.snapshots.manifest import Mode
from lookalike.snapshots.publisher import Publication


class FallBack(Exception):  # noqa: N818  # no error: the run starts over and reads all posts
    """A strategy cannot make the snapshot. The message says why."""


@contextlib.contextmanager
def falling_back_on_damage(mode: Mode) -> Iterator[None]:
    """Turn damage of a snapshot into FallBack in a run that builds on one."""
    try:
        yield
    except SnapshotError as error:
        if mode.base is None or not error.is_damage:
            raise
        raise FallBack(f"the live snapshot is damaged: {error}") from None


class Stages(Protocol):
    """The stages of a run, in the order in which they are called. Any of them may raise FallBack."""

    @property
    def posts_before(self) -> PostCounts | None:
        """What became of the posts that earlier runs read and this one builds on; None if there are none."""

    @property
    def limits_candidates(self) -> bool:
        """Whether `group` itself sees to --max-candidates, so that no estimate is needed."""

    def scan(self) -> PostsReport:
        """Stages 1 and 2: read the posts, and use each once. Returns what became of the rows."""

    def group(self, partitions: Sequence[int]) -> list[GroupReport]:
        """Stage 3, first half: write the members of each bucket. Returns what the buckets hold, in their order.

        partitions: of ids that had posts.
        """

    def list_hashtags(self, groups: Sequence[GroupReport]) -> tuple[HashtagTable, list[WriteReport]]:
        """Stage 3, second half: number the hashtags, and write those of each account."""

    def compare(self, groups: Sequence[GroupReport]) -> CompareReport:
        """Stage 4: find the similar pairs. Returns what this took."""

    def write(self, compared: int) -> list[WriteReport]:
        """Stage 5: write the pairs of each bucket of hashtags and the tables of each bucket of accounts.

        compared: tasks of comparison that have sent pairs.
        """

    def total(self, counts: Counts) -> Counts:
        """What the snapshot counts, given what this run counted."""


StartStages = Callable[[RunContext], Stages]


class Strategy(Protocol):
    """How a run makes a snapshot. It is chosen before Spark is there."""

    @property
    def posts(self) -> tuple[InputFile, ...]:
        """All files of posts, in the order by which their rows are numbered."""

    @property
    def mode(self) -> Mode:
        """What the manifest says of it."""

    @property
    def generation(self) -> int:
        """Of the snapshot that it makes, see Manifest."""

    def prepare(
        self, accounts: AccountTable, files: tuple[InputFile, ...], publication: Publication, work: WorkPlace, /
    ) -> StartStages:
        """What the driver does once the accounts are read from these files, beside Java's start if they are few.

        work: for files that tasks need. Returns what starts the stages. Raises FallBack.
        """
