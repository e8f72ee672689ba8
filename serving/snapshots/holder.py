"""The snapshot that is served: noticed by polling, checked off the event loop, swapped by one assignment."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple, TypeVar, TypeVarTuple, Unpack

from lookalike.errors import SnapshotError, StoreError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import CURRENT
from lookalike.outputs.opening import open_output
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.origin import check_origin
from serving.ops.metrics import Metrics
from serving.settings import Settings
from serving.snapshots.cache import ByteCache, Flights
from serving.snapshots.opened import BoundedSnapshot, needed

# A service without a snapshot waits this long for the checksums of its first one. If they take longer, the snapshot
# is served meanwhile, each file compared before it is read, and withdrawn if one is wrong. Every later snapshot has
# all its checksums compared first.
FIRST_CHECK_SECONDS: Final = 1.0
# A refused snapshot is checked again, each time after twice the pause: its files may arrive after CURRENT.
_LONGEST_PAUSE: Final = 60.0
# What is kept of hashtags whose identical names are groups may take so much beside the cache.
_SHARE_OF_GROUPS: Final = 4
# Part of every ETag. Change it whenever the same snapshot is answered with other bytes than before.
REPRESENTATION: Final = 1

_log = logging.getLogger("serving")
Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Served:
    """One snapshot while it is served. A request keeps the one that it began with.

    etag: of the snapshot, without quotes; each representation appends its own suffix.
    cache: encoded answers. flights: what is being read right now. Both for the event loop's thread alone.
    """

    snapshot: BoundedSnapshot
    cache: ByteCache
    flights: Flights = field(default_factory=Flights)

    @property
    def manifest(self) -> Manifest:
        """The snapshot's manifest."""
        return self.snapshot.manifest

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.snapshot.manifest.id

    @property
    def etag(self) -> str:
        """What all of the snapshot's ETags begin with, without the quote."""
        return f"{self.id}.{REPRESENTATION}"


class Refused(NamedTuple):
    """A snapshot that CURRENT names and that cannot be served. reason: one line without this machine's paths."""

    id: str
    reason: str


class SnapshotHolder:
    """Follows CURRENT of an output. `served` and `refused` are swapped by one assignment each."""

    def __init__(self, settings: Settings, metrics: Metrics, executor: Executor) -> None:
        """Nothing is read before `follow` runs. executor: a thread for checks alone, for they may take long."""
        self.served: Served | None = None
        self.refused: Refused | None = None
        self.damage: str | None = None  # what was wrong with a file when a look-up wanted it, until that is mended
        self.is_gone = False  # there was a CURRENT
        self.prepare: Callable[[Served], Awaitable[None]] | None = None  # run on a new one before its swap
        self._settings, self._metrics, self._executor = settings, metrics, executor
        self._output = open_output(
            settings.output, block_cache_bytes=settings.block_cache_bytes, brisk=True, compared=True
        )
        self._stop = threading.Event()
        self._verified: frozenset[FileEntry] = frozenset()
        self._again = 0.0
        self._pause = self._look_pause = settings.poll_seconds
        self._look_again = 0.0

    async def follow(self) -> None:
        """Poll until cancelled. No failure ends it."""
        try:
            while True:
                try:
                    await self.poll()
                except Exception:
                    _log.exception("looking for a new snapshot failed")
                await asyncio.sleep(self._settings.poll_seconds)
        finally:
            self._stop.set()

    async def poll(self) -> None:
        """Look at CURRENT once; if it names another snapshot, check that and swap."""
        try:
            current = await self._off_loop(self._output.current)
        except SnapshotError as error:
            self.is_gone = False  # what is there cannot be read
            self._refuse(CURRENT, error)
            return
        self.is_gone = current is None and self.served is not None
        if current is None or (self.served is not None and current == self.served.id):
            self._accept()
            await self._look_at_damage()
            return
        if self.refused is not None and self.refused.id == current and time.monotonic() < self._again:
            return
        try:
            await self._take(current)
        except SnapshotError as error:
            self._refuse(current, error)

    def report_damage(self, error: SnapshotError) -> None:
        """A look-up has failed because of a file of the snapshot. For the event loop's thread.

        A store that does not answer is no damage: what is in memory is still answered.
        """
        if not isinstance(error, StoreError):
            if self.damage is None:
                self._look_again = time.monotonic()
                self._look_pause = self._settings.poll_seconds
            self.damage = self._without_paths(error)

    async def _look_at_damage(self) -> None:
        """See whether what a look-up came upon has been mended, each time after twice the pause."""
        if self.damage is None or self.served is None or time.monotonic() < self._look_again:
            return
        served = self.served
        try:
            await self._off_loop(self._check_again, served.snapshot)
        except SnapshotError as error:
            self.damage = self._without_paths(error)
            self._look_pause = min(_LONGEST_PAUSE, 2 * self._look_pause)
            self._look_again = time.monotonic() + self._look_pause
            return
        self.damage = None
        _log.info("the files of snapshot %s are whole", served.id)

    async def _take(self, current: str) -> None:
        opened = await self._off_loop(self._open, current)
        check = asyncio.ensure_future(self._off_loop(self._compare_checksums, opened))
        check.add_done_callback(lambda done: done.cancelled() or done.exception())  # marks its error as seen
        withdraw = False
        if self.served is None and (self.refused is None or self.refused.id != current):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(check), FIRST_CHECK_SECONDS)
            if not check.done():
                withdraw = True
                await self._swap(opened)
        try:
            await check
        except SnapshotError:
            if withdraw:
                self.served = None
            raise
        self._verified = frozenset(opened.verified)
        if not withdraw:
            await self._swap(opened)
        self._output.keep_only(opened.manifest.files)
        self._accept()

    def _accept(self) -> None:
        self._pause = self._settings.poll_seconds
        if self.refused is not None:
            self.refused = None
            self._metrics.snapshot_accepted()

    async def _swap(self, snapshot: BoundedSnapshot) -> None:
        new = Served(snapshot, ByteCache(self._settings.cache_bytes))
        if self.prepare is not None:
            await self.prepare(new)
        old, self.served = self.served, new
        self.damage = None
        if old is not None:
            old.cache.clear()
        self._metrics.snapshot_swapped(new.id, new.manifest.created)
        _log.info("serving snapshot %s", new.id)

    def _refuse(self, snapshot: str, error: SnapshotError) -> None:
        reason = self._without_paths(error)
        refused = Refused(snapshot, reason)
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
        self._again = time.monotonic() + self._pause
        if refused != self.refused:
            self.refused = refused
            self._metrics.snapshot_refused()
            kept = "nothing is served" if self.served is None else f"{self.served.id} is still served"
            _log.error("snapshot refused, %s: %s", kept, reason)

    def _without_paths(self, error: SnapshotError) -> str:
        return str(error).replace(f"{self._settings.output}/", "").replace(str(self._settings.output), "output")

    def _open(self, current: str) -> BoundedSnapshot:
        """Open a snapshot and see that its files are there; the footers and rows are read when asked for."""
        snapshot = BoundedSnapshot.open(self._output, current)
        snapshot.open_footers = self._settings.open_footers
        snapshot.grouped_bytes = self._settings.cache_bytes // _SHARE_OF_GROUPS
        snapshot.verified |= self._verified & set(snapshot.manifest.files)
        snapshot.output.check_sizes(needed(snapshot))
        check_origin(snapshot)
        return snapshot

    def _check_again(self, snapshot: BoundedSnapshot) -> None:
        snapshot.output.check_sizes(needed(snapshot))
        snapshot.forget_checks()
        self._compare_checksums(snapshot)

    def _compare_checksums(self, snapshot: BoundedSnapshot) -> None:
        snapshot.verify(needed(snapshot), self._stop.is_set)

    async def _off_loop(self, call: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, partial(call, *arguments))
