"""Work that is worth doing only while somebody waits for it, and only for so long."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

from starlette.types import Receive, Scope

from gateway.engine.eager import Suspended, stepped
from gateway.errors import RequestTimeout
from gateway.serving import LEAVING

T = TypeVar("T")

Leaving = Callable[[Callable[[], None] | None], None]
"""Takes what is to be called when the client leaves."""


class ClientGone(Exception):
    """The client closed the connection; nobody reads an answer."""


class Deadline:
    """The moment `seconds` from now: what one part of a request takes is not there for the next."""

    __slots__ = ("at", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at = asyncio.get_running_loop().time() + seconds
        """In the event loop's time."""

    def prolong(self, seconds: float) -> None:
        """So long from now, where it turns out that the work may take longer."""
        self.seconds = seconds
        self.at = asyncio.get_running_loop().time() + seconds


async def in_time(work: Coroutine[Any, Any, T], deadline: Deadline) -> T:
    """The result of `work`, in the task of whoever asks; TimeoutError when the deadline comes first.

    What need not wait for anything costs no timer.
    """
    first = stepped(work)
    if not isinstance(first, Suspended):
        return first
    async with asyncio.timeout_at(deadline.at):
        return await first


async def while_awaited(work: Coroutine[Any, Any, T], scope: Scope, receive: Receive, deadline: Deadline) -> T:
    """The result of `work`; ClientGone when the connection closes first, RequestTimeout when the deadline comes first.

    The work runs in the task of whoever asks, and is cancelled in both cases, as it is when the server itself gives
    up. What need not wait for anything costs neither a timer nor a look at the connection.
    """
    first = stepped(work)
    if not isinstance(first, Suspended):
        return first
    with _Watch(scope.get("extensions", {}).get(LEAVING), receive, deadline):
        return await first


class _Watch:
    """Cancels the task that entered it when its client leaves or its deadline passes, and then says which it was.

    Of a client's leaving our own server tells; with another one, a task waits for it.
    """

    def __init__(self, leaving: Leaving | None, receive: Receive, deadline: Deadline) -> None:
        self._leaving = leaving
        self._receive = receive
        self._deadline = deadline
        self._reason: Exception | None = None

    def __enter__(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is answered in a task")
        self._task = task
        self._cancelled_before = task.cancelling()
        self._timer = loop.call_at(self._deadline.at, self._late)
        self._waiting: asyncio.Task[None] | None = None
        if self._leaving is not None:
            self._leaving(self._left)
        else:
            self._waiting = loop.create_task(self._client_left())
            self._waiting.add_done_callback(_look_at)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._leaving is not None:
            self._leaving(None)
        if self._waiting is not None:
            self._waiting.cancel()
        del self._timer, self._waiting  # both hold this watch, and it would all wait for the garbage collector
        # Whatever came out after a cancellation is its fruit: something inside may have taken it for an answer.
        if self._reason is not None and self._task.uncancel() <= self._cancelled_before:
            try:
                raise self._reason from None
            finally:
                self._reason = None  # it knows this frame, and by it the watch
        if self._task.cancelling() > self._cancelled_before and kind is not asyncio.CancelledError:
            raise asyncio.CancelledError from None

    async def _client_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left()

    def _left(self) -> None:
        self._stop(ClientGone())

    def _late(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._deadline.at:  # it was prolonged
            self._timer = loop.call_at(self._deadline.at, self._late)
            return
        self._stop(RequestTimeout(self._deadline.seconds))

    def _stop(self, reason: Exception) -> None:
        if self._reason is None:
            self._reason = reason
            self._task.cancel()


def _look_at(task: asyncio.Task[Any]) -> None:
    """Takes note of the outcome, which asyncio would otherwise report as never retrieved."""
    if not task.cancelled():
        task.exception()
