"""Work that goes on when its client leaves: what was begun on money or orders is brought to its end."""

import asyncio
from asyncio import Task
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

log = structlog.get_logger()

T = TypeVar("T")


class Detached:
    """Each piece of work runs in a task of its own, which nobody cancels but the end of the process."""

    def __init__(self) -> None:
        self._tasks: set[Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`; whoever is cancelled while waiting for it leaves it running."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def ended(self, timeout_seconds: float) -> None:
        """Returns when nothing runs any more; what still does after so long is cancelled, and the log has how much."""
        if not self._tasks:
            return
        _, running = await asyncio.wait(self._tasks, timeout=timeout_seconds)
        if running:
            log.error("detached_work_cut_short", count=len(running))
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    def _ended(self, task: Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: whoever waited may have left
