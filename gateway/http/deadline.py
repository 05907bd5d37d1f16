"""Work that is worth doing only while somebody waits for it, and only for so long."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from gateway.errors import RequestTimeout

T = TypeVar("T")


class ClientGone(Exception):
    """The client closed the connection; nobody reads an answer."""


class Deadline:
    """The moment `seconds` from now: what one part of a request takes is not there for the next."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at = asyncio.get_running_loop().time() + seconds
        """In the event loop's time."""

    @property
    def seconds_left(self) -> float:
        """0 once it has passed."""
        return max(0.0, self.at - asyncio.get_running_loop().time())


async def while_awaited(work: Coroutine[Any, Any, T], receive: Receive, deadline: Deadline) -> T:
    """The result of `work`; ClientGone when the connection closes first, RequestTimeout when the deadline comes first.

    In both cases, and when the server itself gives up, the work is cancelled. Nobody waits for the cancellation to
    end: a deadline that waited for what is late would be none.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_client_left(receive))
    try:
        done, _ = await asyncio.wait(
            (working, leaving), timeout=deadline.seconds_left, return_when=asyncio.FIRST_COMPLETED
        )
        if working in done:
            return working.result()
        if leaving in done:
            raise ClientGone
        raise RequestTimeout(deadline.seconds)
    finally:
        for task in (working, leaving):
            task.cancel()
            task.add_done_callback(_look_at)


async def _client_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _look_at(task: asyncio.Task[Any]) -> None:
    """Takes note of the outcome, which asyncio would otherwise report as never retrieved."""
    if not task.cancelled():
        task.exception()
