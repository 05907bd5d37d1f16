"""A second attempt beside one that takes longer than most, where a profile asks for it: the first answer counts."""

import asyncio
from asyncio import Task
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

SAMPLES = 100
SAMPLES_MIN = 50
PERCENTILE = 0.95


class Latencies:
    """How long the last calls took, in seconds."""

    def __init__(self) -> None:
        self._last: list[float] = []
        self._next = 0
        self._p95: float | None = None

    def add(self, seconds: float) -> None:
        """One more call that was answered."""
        if len(self._last) < SAMPLES:
            self._last.append(seconds)
        else:
            self._last[self._next] = seconds
        self._next = (self._next + 1) % SAMPLES
        if len(self._last) >= SAMPLES_MIN and self._next % 10 == 0:
            self._p95 = sorted(self._last)[int(len(self._last) * PERCENTILE)]

    @property
    def p95(self) -> float | None:
        """What nineteen of twenty stay below; None while too few are known."""
        return self._p95


async def hedged(
    make: Callable[[], Coroutine[Any, Any, T]],
    after_seconds: float,
    may_hedge: Callable[[], bool],
    ended: Callable[[], None],
) -> T:
    """What the quicker of two attempts gives, of which the second begins after so long and only if it may.

    `ended` is called when the second, if there was one, is over, however that came.
    A failure of one is not the answer as long as the other may have a better one.
    """
    first = asyncio.ensure_future(make())
    tasks = [first]
    try:
        await asyncio.wait(tasks, timeout=after_seconds)
        if first.done() or not may_hedge():
            return await first
        second = asyncio.ensure_future(make())
        second.add_done_callback(lambda _: ended())
        tasks.append(second)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not _has_succeeded(tasks):
            await asyncio.wait(tasks)
        return (_has_succeeded(tasks) or first).result()
    finally:
        for task in tasks:
            if not task.done():
                task.cancel()
            elif not task.cancelled():
                task.exception()  # looked at, or asyncio would report it


def _has_succeeded(tasks: list[Task[T]]) -> Task[T] | None:
    return next((task for task in tasks if task.done() and not task.cancelled() and task.exception() is None), None)
