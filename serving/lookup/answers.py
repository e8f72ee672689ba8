"""Makes answers that are not in the cache: each once, however many wait for it, and off the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple, TypeVar, TypeVarTuple, Unpack

from starlette.types import Message

from serving.lookup.live import LiveBoundError, LiveRows, compare_members, too_much
from serving.lookup.negotiation import LEAST_TO_COMPRESS, Coding, Piece, compress, tag_of
from serving.lookup.pairstext import CLOSING, OPENING, PairsText, read_text, stream_rows, stream_text
from serving.lookup.question import Question
from serving.lookup.rows import Rows, stored_rows
from serving.lookup.unsent import Kept
from serving.snapshots.holder import Served
from serving.state import State

_COPIED: Final = 1 << 16  # bytes; a larger uncompressed body is sent from its run instead
_PACKED_AT_ONCE: Final = 4096  # bytes; compressed on the event loop, in less time than a thread is woken
_PACKED_WHOLE: Final = 8 << 20  # bytes; a larger body is compressed while it is sent
_STREAMED: Final = 8 << 20  # bytes that an answer keeps that is made of rows: a row group and its text
_OF_PAIR: Final = 256  # bytes, where an answer has few
_SHARE_OF_CACHE: Final = 8  # one hashtag may have so much of the cache; the pairs of a larger one are streamed
_TOO_LARGE: Final = "too large"  # in the cache, in place of a run
# Before a new snapshot is served, the hashtags used last are read from it: so many bytes of the cache, so long.
_PREPARED_SHARE: Final = 4
_PREPARED_SECONDS: Final = 2.0

# A run in the cache: "stored" or "live", the hashtag, and if not all is in it from which similarity on.
RunKey = tuple[str, str] | tuple[str, str, float]
Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class Answer(NamedTuple):
    """A whole answer in memory. The two messages may be sent any number of times.

    parts: of the body, to be sent before `body`. kept: the run that these are cut from.
    """

    start: Message
    body: Message
    parts: tuple[Piece, ...] = ()
    kept: Kept | None = None


class Streamed(NamedTuple):
    """An answer that is made while it is sent. pieces: begins the body; blocks at each step. kept: meanwhile."""

    start: Message
    pieces: Callable[[], Iterator[Piece]]
    kept: Kept


class AnswerMaker:
    """Answers questions about one served snapshot or another."""

    def __init__(self, state: State) -> None:
        """Nothing is read before the first question."""
        self._state = state
        self._settings = state.settings
        self._most_bytes = state.settings.cache_bytes // _SHARE_OF_CACHE

    async def answer(self, served: Served, query: bytes, question: Question, coding: Coding) -> Answer | Streamed:
        """The answer to a question; a small one goes into the cache under (query, coding)."""
        found: Answer | None = served.cache.get((query, coding))
        self._state.metrics.cache(found is not None)
        if found is not None:
            return found
        make = partial(self._make, served, query, question, coding)
        return await served.flights.join(("answer", query, coding), make)

    async def prepare(self, new: Served) -> None:
        """Read from a new snapshot what was last asked of the one before."""
        old = self._state.holder.served
        if old is None:
            return
        until = time.monotonic() + _PREPARED_SECONDS
        keys = [key for key, value in old.cache.recent() if isinstance(value, PairsText)]
        for key in keys:
            if time.monotonic() > until or new.cache.used > new.cache.capacity // _PREPARED_SHARE:
                return
            if isinstance(key, tuple) and key[0] == "stored":
                rows = stored_rows(new.snapshot, key[1])
                await self._run(new, key, rows, floor_of(new) if len(key) == 2 else key[2])

    async def _make(self, served: Served, query: bytes, question: Question, coding: Coding) -> Answer | Streamed:
        rows, run = await self._find(served, question)
        if run is None:
            start = _start(served, coding, None)
            pieces = partial(stream_rows, rows, question.lowest, question.offset, question.limit, coding)
            size = _STREAMED if question.limit is None else min(_STREAMED, question.limit * _OF_PAIR)
            return Streamed(start, pieces, Kept(pieces, size))
        text = run.cut(question.lowest, question.offset, question.limit)
        size = len(OPENING) + len(text) + len(CLOSING)
        if size < LEAST_TO_COMPRESS or coding == "identity":
            if size > _COPIED:
                return Answer(_start(served, "identity", size), _body(CLOSING), (OPENING, text), Kept(run, run.size))
            body = b"".join((OPENING, text, CLOSING))
            return self._keep(served, query, coding, Answer(_start(served, "identity", size), _body(body)), size)
        if size > _PACKED_WHOLE:
            return Streamed(_start(served, coding, None), partial(stream_text, text, coding), Kept(run, run.size))
        if size <= _PACKED_AT_ONCE:
            packed = _pack(text, coding)
        else:
            packed = await self._off_loop(_pack, text, coding)
        answer = Answer(_start(served, coding, len(packed)), _body(packed))
        return self._keep(served, query, coding, answer, len(packed))

    def _keep(self, served: Served, query: bytes, coding: Coding, answer: Answer, size: int) -> Answer:
        served.cache.put((query, coding), answer, size + len(query))
        self._state.metrics.cache_bytes(served.cache.used)
        return answer

    async def _find(self, served: Served, question: Question) -> tuple[Rows, PairsText | None]:
        """The encoded run that has the pairs; if it would be too large None, and where the pairs are."""
        if question.lowest < floor_of(served):
            return await self._compare(served, question)
        rows = stored_rows(served.snapshot, question.key)
        run = await self._run(served, ("stored", question.key), rows, floor_of(served))
        if run is None and question.limit is None and question.lowest > floor_of(served):
            run = await self._run(served, ("stored", question.key, question.lowest), rows, question.lowest)
        return rows, run

    async def _run(self, served: Served, key: RunKey, rows: Rows, lowest: float) -> PairsText | None:
        found: PairsText | str | None = served.cache.get(key)
        if found is None:
            found = await served.flights.join(key, partial(self._read, served, key, rows, lowest))
        return found if isinstance(found, PairsText) else None

    async def _read(self, served: Served, key: RunKey, rows: Rows, lowest: float) -> PairsText | str:
        run = await self._off_loop(read_text, rows, lowest, self._most_bytes)
        served.cache.put(key, run or _TOO_LARGE, run.size if run else 0)
        self._state.metrics.cache_bytes(served.cache.used)
        return run or _TOO_LARGE

    async def _compare(self, served: Served, question: Question) -> tuple[Rows, PairsText | None]:
        """As _find, below the floor."""
        key: RunKey = ("live", question.key, question.lowest)
        found: LiveRows | PairsText | None = served.cache.get(key)
        if found is None:
            found = await served.flights.join(key, partial(self._compare_members, served, question, key))
        return (stored_rows(served.snapshot, question.key), found) if isinstance(found, PairsText) else (found, None)

    async def _compare_members(self, served: Served, question: Question, key: RunKey) -> LiveRows | PairsText:
        hashtag = await self._off_loop(served.snapshot.hashtag, question.key)
        members = 0 if hashtag is None else hashtag.members
        if served.manifest.configuration.get("all_names"):
            what = "but not in this snapshot, which has pairs by all names of an account"
            raise too_much(served.manifest, question, self._settings, what)
        if members > self._settings.live_max_members:
            raise too_much(served.manifest, question, self._settings, f"#{question.key[:80]} has {members} accounts")
        stop = threading.Event()
        try:
            loop = asyncio.get_running_loop()
            rows, seconds = await loop.run_in_executor(
                self._state.live, compare_members, served.snapshot, question, self._settings, stop
            )
        except LiveBoundError as error:
            raise too_much(served.manifest, question, self._settings, str(error)) from None
        finally:
            stop.set()
        self._state.metrics.live(seconds)
        found = await self._off_loop(read_text, rows, question.lowest, self._most_bytes) or rows
        served.cache.put(key, found, found.size)
        self._state.metrics.cache_bytes(served.cache.used)
        return found

    async def _off_loop(self, call: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._state.executor, partial(call, *arguments))


def floor_of(served: Served) -> float:
    """The least similarity of which the snapshot has all pairs."""
    return served.manifest.threshold.lowest_similarity


def _start(served: Served, coding: Coding, size: int | None) -> Message:
    headers = [
        (b"content-type", b"application/json"),
        (b"etag", tag_of(served.etag, coding).encode()),
        (b"vary", b"accept-encoding"),
        (b"cache-control", b"no-cache"),
    ]
    if coding != "identity":
        headers.append((b"content-encoding", coding.encode()))
    if size is not None:
        headers.append((b"content-length", str(size).encode()))
    return {"type": "http.response.start", "status": 200, "headers": headers}


def _body(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body}


def _pack(text: memoryview, coding: Coding) -> bytes:
    return compress(b"".join((OPENING, text, CLOSING)), coding)
