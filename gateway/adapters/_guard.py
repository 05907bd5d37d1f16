"""What stands before each API of a backend: whether a call may go now, and what becomes of it."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from gateway.adapters._breaker import FAILURES, Breaker
from gateway.adapters._call import Answer, Call
from gateway.adapters._congestion import Congestion
from gateway.adapters._counts import ApiCounts
from gateway.adapters._hedge import Latencies, hedged
from gateway.adapters._pace import Pace
from gateway.adapters._retry import RetryBudget, pause_before_retry
from gateway.config import BackendSettings, CallerTokenAuth, Profile
from gateway.domain.places import Places
from gateway.errors import (
    BackendBusy,
    BackendCircuitOpen,
    BackendError,
    BackendQueueFull,
    BackendTimeout,
)

log = structlog.get_logger()

T = TypeVar("T")

Exchange = Callable[[int, float], Coroutine[Any, Any, Answer[T]]]
"""Makes one attempt at a call: which one it is, from 1, and the event loop's time by which it must be over."""

QUEUE_SHARE = 0.5
"""Of the call's timeout: how long a call may wait before it is made, for which its time does not run yet."""
GIVEN_UP_SHARE = 0.5
"""Of the call's timeout: a call that was given up after so long, for whatever reason, was too slow."""
REST_SPREAD = 0.2
"""Of a rest: those who waited for its end go on over so much longer, and not all in one moment."""
RETRY_AFTER_DEFAULT_SECONDS = 1.0
"""For callers whom a full queue turned away."""


class Guard:
    """One API's breaker, ceilings and places, within the backend's places and its budget of retries; every decision is
    counted in `counts`."""

    def __init__(
        self,
        backend: str,
        api: str,
        settings: BackendSettings,
        profile: Profile,
        places: Places,
        budget: RetryBudget,
        counts: ApiCounts,
    ) -> None:
        self._backend = backend
        self._api = api
        self._retry = settings.retry
        self._queue_max = settings.queue_max
        self._is_by_caller = isinstance(settings.auth, CallerTokenAuth)
        most = min(profile.calls_at_once or settings.max_connections, settings.max_connections)
        own = Places(most, settings.queue_max)
        self._places = (own, places)
        self._pace = None if profile.calls_per_second is None else Pace(profile.calls_per_second)
        self._budget = budget
        self._latencies = Latencies() if profile.hedge else None
        self._resters = 0
        self.timeout_seconds = profile.timeout_seconds or settings.timeout_seconds
        self.breaker = Breaker(settings.breaker)
        self.congestion = Congestion(own, most)
        self.counts = counts

    async def run(self, call: Call, exchange: "Exchange[T]", until: float) -> Answer[T]:
        """What the exchange comes to, tried again where that makes sense and there is time before `until`.

        BackendCircuitOpen and BackendQueueFull where a call is not made; else whatever the exchange raises.
        """
        attempt, failure = 0, None
        try:
            while True:
                attempt += 1
                try:
                    return await self._attempt(call, exchange, attempt, until)
                except (BackendCircuitOpen, BackendQueueFull):
                    if failure is not None:
                        raise failure from None  # that there was no second attempt is not what went wrong
                    raise
                except BackendError as error:
                    pause = self._pause_before_retry(call, error, attempt, until)
                    if pause is None:
                        raise
                    failure = error
                await asyncio.sleep(pause)
        finally:
            failure = None  # an error knows the frame it came through

    async def _attempt(self, call: Call, exchange: "Exchange[T]", attempt: int, until: float) -> Answer[T]:
        time = asyncio.get_running_loop().time
        began = time()
        if until <= began:
            raise BackendTimeout(self._backend, f"No time was left to ask the {self._backend} backend.")
        if not self._is_let_in_at_once(began):
            await self._let_in(until)
            began = time()
        epoch = self._begin(attempt)
        failure: BaseException | None = None
        answer: Answer[T] | None = None
        try:
            answer = await self._exchanged(call, exchange, attempt, min(until, began + self.timeout_seconds))
            return answer
        except BaseException as error:
            failure = error
            raise
        finally:
            self._end(call, epoch, began, answer, failure)
            failure = None

    def _begin(self, attempt: int) -> int:
        if attempt == 1:
            self._budget.save()
        else:
            self.counts.retries += 1
        self.counts.running += 1
        return self.breaker.began()

    def _end(
        self, call: Call, epoch: int, began: float, answer: Answer[Any] | None, failure: BaseException | None
    ) -> None:
        """Gives the places back, and tells breaker and congestion what became of the call."""
        now = asyncio.get_running_loop().time()
        duration = now - began
        self.counts.running -= 1
        is_given_up = failure is not None and (
            isinstance(failure, BackendTimeout) or not isinstance(failure, BackendError)
        )
        self._leave(None if is_given_up else duration)
        if is_given_up:
            self._note_given_up(epoch, now, duration)
        elif isinstance(failure, BackendBusy):
            self._note_busy(failure, epoch, now, duration)
        elif isinstance(failure, FAILURES):
            self._note_failed(failure.code(), epoch, now)
        else:
            if answer is not None and answer.value is not None:
                self.congestion.answered(call.path, now, duration, self.timeout_seconds)
                if self._latencies is not None:
                    self._latencies.add(duration)
            if self.breaker.succeeded(epoch, now):
                log.info("backend_circuit_closed", backend=self._backend, api=self._api)

    def _note_given_up(self, epoch: int, now: float, duration: float) -> None:
        """Its time was over, or nobody waited any more; which says something only after a good part of its time."""
        if duration < self.timeout_seconds * GIVEN_UP_SHARE:
            self.breaker.left(epoch)
            return
        self.congestion.late(now, duration)
        self._note_failed(BackendTimeout.code(), epoch, now)

    def _note_busy(self, failure: BackendBusy, epoch: int, now: float, duration: float) -> None:
        """The backend has too much to do, or is asked too often, in which a caller with its own token is alone."""
        if failure.is_rate and self._is_by_caller:
            self.breaker.left(epoch)
            return
        self.congestion.busy(now, duration)
        if not failure.retry_after_seconds:
            self._note_failed(failure.code(), epoch, now)
            return
        self.breaker.left(epoch)
        if self.breaker.rest(now, failure.retry_after_seconds):
            seconds = round(self.breaker.wait_seconds(now), 1)
            log.warning("backend_rests", backend=self._backend, api=self._api, seconds=seconds)

    def _note_failed(self, reason: str, epoch: int, now: float) -> None:
        if self.breaker.failed(epoch, now):
            seconds = round(self.breaker.wait_seconds(now), 1)
            log.warning("backend_circuit_opened", backend=self._backend, api=self._api, reason=reason, seconds=seconds)

    def _pause_before_retry(self, call: Call, error: BackendError, attempt: int, until: float) -> float | None:
        """How long to wait for another attempt, which is then paid for; None where there is to be none."""
        pause = pause_before_retry(self._retry, call, error, attempt)
        if pause is None:
            return None
        now = asyncio.get_running_loop().time()
        if now + pause >= until or self.breaker.wait_seconds(now) > pause:
            return None
        if not self._budget.spend():
            self.counts.retries_denied += 1
            return None
        return pause

    def _is_let_in_at_once(self, now: float) -> bool:
        """As nearly every call is; where not, nothing is done."""
        if self._pace is not None or self.breaker.wait_seconds(now):
            return False
        return self._is_in_all_places()

    def _is_in_all_places(self) -> bool:
        own, shared = self._places
        if not own.try_enter():
            return False
        if shared.try_enter():
            return True
        own.leave()
        return False

    async def _let_in(self, until: float) -> None:
        """Waits for a rest to end, for the API's pace and for places; raises where that may not be, or not in time."""
        self.counts.waiting += 1
        try:
            await self._wait_while_open(until)
            until = min(until, asyncio.get_running_loop().time() + self.timeout_seconds * QUEUE_SHARE)
            await self._wait_for_pace(until)
            try:
                await self._wait_for_places(until)
            except BaseException:
                if self._pace is not None:
                    self._pace.give_back()
                raise
        finally:
            self.counts.waiting -= 1

    async def _wait_while_open(self, until: float) -> None:
        """Raises while the breaker is open; a short rest that the backend asks for is waited for, by a few."""
        now = asyncio.get_running_loop().time()
        wait = self.breaker.wait_seconds(now)
        if not wait:
            return
        longest = wait * (1 + REST_SPREAD)
        may_wait = self.breaker.is_resting(now) and wait <= self._retry.pause_max_seconds and now + longest < until
        if may_wait and self._resters >= self._queue_max:
            raise self._full()
        if may_wait:
            self._resters += 1
            try:
                await asyncio.sleep(random.uniform(wait, longest))  # noqa: S311 - no secret
            finally:
                self._resters -= 1
            wait = self.breaker.wait_seconds(asyncio.get_running_loop().time())
        if wait:
            raise self._open(wait)

    async def _wait_for_pace(self, until: float) -> None:
        if self._pace is None:
            return
        now = asyncio.get_running_loop().time()
        wait = self._pace.wait_seconds(now)
        if now + wait >= until:
            raise self._full()
        self._pace.take(now)
        try:
            await asyncio.sleep(wait)
        except BaseException:
            self._pace.give_back()
            raise

    async def _wait_for_places(self, until: float) -> None:
        """All of them; those that were had are given back where one cannot be had, or the breaker opened meanwhile."""
        time = asyncio.get_running_loop().time
        entered: list[Places] = []
        try:
            for places in self._places:
                if not await places.enter(until - time()):
                    raise self._full()
                entered.append(places)
            wait = self.breaker.wait_seconds(time())
            if wait:
                raise self._open(wait)
        except BaseException:
            for places in entered:
                places.leave()
            raise

    async def _exchanged(self, call: Call, exchange: "Exchange[T]", attempt: int, until: float) -> Answer[T]:
        after = None if self._latencies is None or not call.is_safe else self._latencies.p95
        if after is None:
            return await exchange(attempt, until)
        return await hedged(lambda: exchange(attempt, until), after, self._may_hedge, self._leave)

    def _may_hedge(self) -> bool:
        """Within all ceilings, as any other call."""
        now = asyncio.get_running_loop().time()
        if self._pace is not None and self._pace.wait_seconds(now):
            return False
        if not self._is_in_all_places():
            return False
        if not self._budget.spend():
            self._leave()
            return False
        if self._pace is not None:
            self._pace.take(now)
        self.counts.hedges += 1
        return True

    def _leave(self, duration: float | None = None) -> None:
        for places in self._places:
            places.leave(duration)

    def _open(self, seconds: float) -> BackendCircuitOpen:
        self.counts.refused += 1
        is_resting = self.breaker.is_resting(asyncio.get_running_loop().time())
        why = "asks to be left alone" if is_resting else "failed too often a moment ago"
        message = f"The {self._backend} backend {why}, so it is asked nothing for now."
        return BackendCircuitOpen(self._backend, message, seconds)

    def _full(self) -> BackendQueueFull:
        self.counts.refused += 1
        message = f"Too many calls wait for the {self._backend} backend; try again in a moment."
        return BackendQueueFull(self._backend, message, RETRY_AFTER_DEFAULT_SECONDS)
