"""Work on many items at once, under a bound."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from gateway.engine.waiting import all_of
from gateway.errors import GatewayError

I = TypeVar("I")  # noqa: E741 -- items in, outcomes out
O = TypeVar("O")  # noqa: E741

AT_ONCE = 8


async def in_parallel(items: Sequence[I], work: Callable[[I], Awaitable[O]]) -> list[O | GatewayError]:
    """The outcome of each item, in order; a GatewayError stands for its own item only."""
    if len(items) == 1:  # the usual case needs no task
        return [await _outcome(work(items[0]))]
    places = asyncio.Semaphore(AT_ONCE)
    return await all_of([_in_a_place(places, item, work) for item in items])


async def _in_a_place(places: asyncio.Semaphore, item: I, work: Callable[[I], Awaitable[O]]) -> O | GatewayError:
    async with places:
        return await _outcome(work(item))


async def _outcome(work: Awaitable[O]) -> O | GatewayError:
    try:
        return await work
    except GatewayError as error:
        return error
