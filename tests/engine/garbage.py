"""What would wait for the garbage collector, if there were one."""

import gc
from collections.abc import Awaitable, Callable

TIMES = 20


async def left_by(work: Callable[[int], Awaitable[object]]) -> float:
    """How many objects each of twenty runs leaves behind, collector off; the five runs before may fill caches."""
    for number in range(5):
        await work(number)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for number in range(5, 5 + TIMES):
            await work(number)
        return (len(gc.get_objects()) - before) / TIMES
    finally:
        gc.enable()
