"""Waiting for several things at once, and leaving none of them running."""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def all_of(awaitables: Sequence[Awaitable[T]]) -> list[T]:
    """Their results, in order; what is left of them when one raises, or when nobody waits any more, is cancelled."""
    if len(awaitables) == 1:
        return [await awaitables[0]]
    tasks = [asyncio.ensure_future(each) for each in awaitables]
    try:
        return [await task for task in tasks]
    finally:
        await ended(tasks)


async def ended(futures: Collection[asyncio.Future[Any]]) -> None:
    """Cancels those that are not done, and returns when they are, even if it is cancelled itself meanwhile."""
    running = {future for future in futures if not future.done()}
    is_cancelled = False
    if running:
        try:
            # A task that is cancelled before its first step never looks at its coroutine; Python complains about that.
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            is_cancelled = True
        for future in running:
            future.cancel()
    while running:
        try:
            _, running = await asyncio.wait(running)
        except asyncio.CancelledError:
            is_cancelled = True
            running = {future for future in running if not future.done()}
    for future in futures:
        if not future.cancelled():
            future.exception()  # seen here, or asyncio reports it as never retrieved
    if is_cancelled:
        raise asyncio.CancelledError
