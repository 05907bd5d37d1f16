"""Work on many items at once, under a bound."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from gateway.errors import GatewayError

I = TypeVar("I")  # noqa: E741 -- items in, outcomes out
O = TypeVar("O")  # noqa: E741

AT_ONCE = 8


async def in_parallel(items: Sequence[I], work: Callable[[I], Awaitable[O]]) -> list[O | GatewayError]:
    """The outcome of each item, in order; a GatewayError stands for its own item only."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(item: I) -> O | GatewayError:
        async with places:
            try:
                return await work(item)
            except GatewayError as error:
                return error

    if len(items) == 1:  # the usual case needs no task
        return [await one(items[0])]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(item)) for item in items]
    return [task.result() for task in tasks]
