"""Long work in short steps, so that a thread is never held for long and a request that is given up ends soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Executor
from typing import Any, TypeVar

from serving.lookup.negotiation import Coding, compressor

Value = TypeVar("Value")
Steps = Generator[None, None, Value]  # yields whenever others may take the thread; returns the result


async def finish(executor: Executor, steps: Steps[Value]) -> Value:
    """Run a generator to its end, each step in a thread; what it returns."""
    loop = asyncio.get_running_loop()
    while True:
        done = await loop.run_in_executor(executor, _step, steps)
        if done is not None:
            return done[0]


async def stream(executor: Executor, values: Iterator[Value]) -> AsyncIterator[Value]:
    """The values of a blocking iterator, each made in a thread."""
    loop = asyncio.get_running_loop()
    end: Any = object()
    while (value := await loop.run_in_executor(executor, next, values, end)) is not end:
        yield value


def _step(steps: Steps[Value]) -> tuple[Value] | None:
    try:
        next(steps)
    except StopIteration as stop:
        return (stop.value,)
    return None


def at_once(read: Callable[..., Value], *arguments: object) -> Steps[Value]:
    """A read as one step."""
    yield from ()
    return read(*arguments)


def joined(parts: Iterator[bytes]) -> Steps[bytes]:
    """All parts as one, a step each."""
    made = []
    for part in parts:
        made.append(part)
        yield
    return b"".join(made)


def packed(parts: Iterator[bytes], coding: Coding) -> Iterator[bytes]:
    """The parts compressed, each as it comes."""
    packer = compressor(coding)
    yield packer.add(next(parts, b""))  # nothing at all would be no frame of any coding
    for part in parts:
        sent = packer.add(part)
        if sent:
            yield sent
    yield packer.finish()
