"""A bulkhead: so many calls at once, so many that wait for one of them to end, and no more."""

import asyncio
from asyncio import Future
from collections import deque
from contextlib import suppress

DURATION_WEIGHT = 0.1
"""Of the last call, in the mean duration of calls."""


class Places:
    """`enter` in the order of asking; whoever enters leaves once. Durations and times are in seconds."""

    def __init__(self, at_once: int, queue_max: int) -> None:
        self._at_once = at_once
        self._queue_max = queue_max
        self._queue: deque[Future[bool]] = deque()
        self._duration = 0.0
        self.running = 0

    @property
    def waiting(self) -> int:
        """Calls that wait for a place."""
        return len(self._queue)

    def try_enter(self) -> bool:
        """Takes a place, if one is free."""
        if self.running >= self._at_once:
            return False
        self.running += 1
        return True

    async def enter(self, seconds: float) -> bool:
        """Takes a place within so long; False at once where too many wait already, or longer than there is time."""
        if self.try_enter():
            return True
        if len(self._queue) >= self._queue_max or self.expected_seconds > seconds:
            return False
        loop = asyncio.get_running_loop()
        turn: Future[bool] = loop.create_future()
        self._queue.append(turn)
        # No `asyncio.timeout`: it holds the task it is opened in, and what is begun in one may go on in another.
        timer = loop.call_later(seconds, self._turn_away, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():  # the place came in the same moment
                self.leave()
            self._forget(turn)
            raise
        finally:
            timer.cancel()

    @property
    def expected_seconds(self) -> float:
        """How long whoever joins the queue now is likely to wait."""
        return (len(self._queue) + 1) * self._duration / self._at_once

    def leave(self, duration: float | None = None) -> None:
        """Gives the place to whoever waits for longest; `duration` is what the call took, where it came to an end."""
        if duration is not None:
            self._duration += (duration - self._duration) * DURATION_WEIGHT
        self.running -= 1
        self._let_in()

    def resize(self, at_once: int) -> None:
        """From now on so many; nobody has to leave for it."""
        self._at_once = at_once
        self._let_in()

    def _let_in(self) -> None:
        while self._queue and self.running < self._at_once:
            turn = self._queue.popleft()
            if not turn.done():
                self.running += 1
                turn.set_result(True)

    def _turn_away(self, turn: Future[bool]) -> None:
        self._forget(turn)
        if not turn.done():
            turn.set_result(False)

    def _forget(self, turn: Future[bool]) -> None:
        with suppress(ValueError):  # passed over already
            self._queue.remove(turn)
