"""Coroutines begun at once, so that those that need not wait cost no task, and loads of one turn are made in it."""

import asyncio
import sys
from collections.abc import Awaitable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Suspended(Generic[T]):
    """A coroutine that was begun and waits; whoever awaits this goes on with it."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, T], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, T]:
        """Hands on what the coroutine waits for, and to the coroutine what came of it."""
        coroutine, waits_for = self._coroutine, self._waits_for
        while True:
            if asyncio.isfuture(waits_for):
                # As Future.__await__ does: another waiter's task may have taken the mark off again.
                waits_for._asyncio_future_blocking = True
            try:
                value = yield waits_for
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:
                step = partial(coroutine.throw, error)
            else:
                step = partial(coroutine.send, value)
            try:
                waits_for = step()
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                del step  # an error in it knows this frame


def stepped(coroutine: Coroutine[Any, Any, T]) -> T | Suspended[T]:
    """The coroutine's result if it has one without waiting, in the task of whoever asks; its errors are raised."""
    try:
        waits_for = coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    return Suspended(coroutine, waits_for)


def begun(coroutine: Coroutine[Any, Any, T]) -> T | Awaitable[T]:
    """As `stepped`, where what follows may be awaited in another task: in a task of its own, where Python can begin
    one at once.

    Without a running loop the coroutine is not begun: nothing can wait there, and whoever gets it may close it.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return coroutine
    if sys.version_info >= (3, 12):
        task = asyncio.Task(coroutine, loop=loop, eager_start=True)
        return task.result() if task.done() else task
    return stepped(coroutine)
