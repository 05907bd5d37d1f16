"""What stands before each API of a backend: whether a call may go now, and what becomes of it."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import structlog

from gateway.adapters._breaker import Breaker
from gateway.adapters._call import Call
from gateway.adapters._congestion import Congestion
from gateway.adapters._counts import ApiCounts
from gateway.adapters._hedge import Latencies, hedged
from gateway.adapters._pace import Pace
from gateway.adapters._retry import RetryBudget, pause_before_retry
from gateway.config import BackendSettings, Profile
from gateway.domain.places import Places
from gateway.errors import (
    BackendBusy,
    BackendCircuitOpen,
    BackendError,
    BackendFailed,
    BackendQueueFull,
    BackendTimeout,
    BackendTlsFailed,
    BackendUnavailable,
)

log = structlog.get_logger()

T = TypeVar("T")

Exchange = Callable[[int, float], Coroutine[Any, Any, T]]
"""Makes one attempt at a call: which one it is, from 1, and the event loop's time by which it must be over."""

FAILURES = (BackendUnavailable, BackendTimeout, BackendFailed, BackendBusy, BackendTlsFailed)
"""What a breaker counts: the backend gave no answer, or one that says that it cannot."""
QUEUE_SHARE = 0.5
"""Of the call's timeout: how long a call may wait before it is made, for which its time does not run yet."""
RETRY_AFTER_DEFAULT_SECONDS = 1.0
"""For callers whom a full queue turned away."""


class Guard:
    """One API's breaker and ceilings, on the backend's places and its budget of retries; every decision is counted."""

    def __init__(
        self,
        backend: str,
        api: str,
        settings: BackendSettings,
        profile: Profile,
        places: Places,
        congestion: Congestion,
        budget: RetryBudget,
        counts: ApiCounts,
    ) -> None:
        self._backend = backend
        self._api = api
        self._retry = settings.retry
        self._places = [places]
        if profile.calls_at_once is not None:
            self._places.insert(0, Places(profile.calls_at_once, settings.queue_max))
        self._congestion = congestion
        self._pace = None if profile.calls_per_second is None else Pace(profile.calls_per_second)
        self._budget = budget
        self._latencies = Latencies() if profile.hedge else None
        self.timeout_seconds = profile.timeout_seconds or settings.timeout_seconds
        self.breaker = Breaker(settings.breaker)
        self.counts = counts

    async def run(self, call: Call, exchange: "Exchange[T]", until: float) -> T:
        """What the exchange comes to, tried again where that makes sense and there is time before `until`.

        BackendCircuitOpen and BackendQueueFull where a call is not made; else whatever the exchange raises.
        """
        self._budget.save()
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(call, partial(exchange, attempt), until)
            except BackendError as error:
                pause = self._pause_before_retry(call, error, attempt, until)
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    async def _attempt(self, call: Call, exchange: Callable[[float], Coroutine[Any, Any, T]], until: float) -> T:
        time = asyncio.get_running_loop().time
        began = time()
        if until <= began:
            raise BackendTimeout(self._backend, f"No time was left to ask the {self._backend} backend.")
        if not self._is_let_in_at_once(began):
            self.counts.waiting += 1
            try:
                await self._let_in(min(until, began + self.timeout_seconds * QUEUE_SHARE))
            finally:
                self.counts.waiting -= 1
            began = time()
        self.counts.running += 1
        epoch = self.breaker.began()
        is_cut_short = until < began + self.timeout_seconds
        until = min(until, began + self.timeout_seconds)
        failure: BackendError | None = None
        is_over = False
        try:
            answer = await self._exchanged(call, exchange, until)
            is_over = True
        except BackendError as error:
            is_over, failure = True, error
            raise
        finally:
            now = time()
            self.counts.running -= 1
            for places in self._places:
                places.leave(now - began if is_over else None)
            is_late = isinstance(failure, BackendTimeout)
            if is_over and not (is_cut_short and is_late):
                self._congestion.note(call.path, now, now - began, self.timeout_seconds, is_late=is_late)
                self._note(failure, epoch, now, now - began)
            else:
                self.breaker.left(epoch)
            failure = None  # an error knows the frame it came through
        return answer

    def _pause_before_retry(self, call: Call, error: BackendError, attempt: int, until: float) -> float | None:
        """How long to wait for another attempt, which is then paid for; None where there is to be none."""
        pause = pause_before_retry(self._retry, call, error, attempt)
        if pause is None or isinstance(error, BackendCircuitOpen | BackendQueueFull):
            return None
        now = asyncio.get_running_loop().time()
        if now + pause >= until or self.breaker.wait_seconds(now) > pause:
            return None
        if not self._budget.spend():
            self.counts.retries_denied += 1
            return None
        self.counts.retries += 1
        return pause

    def _is_let_in_at_once(self, now: float) -> bool:
        """As nearly every call is; where not, nothing is done."""
        if self._pace is not None or len(self._places) > 1 or self.breaker.wait_seconds(now):
            return False
        return self._places[0].try_enter()

    async def _let_in(self, until: float) -> None:
        """Waits for the API's pace and for a place; raises where the call may not be made, or not in time."""
        await self._wait_while_open(until)
        if self._pace is not None:
            now = asyncio.get_running_loop().time()
            wait = self._pace.wait_seconds(now)
            if now + wait >= until:
                raise self._full()
            self._pace.take(now)
            await asyncio.sleep(wait)
        for index, places in enumerate(self._places):
            if not places.try_enter():
                await self._wait_for_place(index, until)
        wait = self.breaker.wait_seconds(asyncio.get_running_loop().time())
        if wait:  # it opened while this call waited
            for places in self._places:
                places.leave()
            raise self._open(wait)

    async def _wait_while_open(self, until: float) -> None:
        """Raises while the breaker is open; a short rest that the backend asks for is waited for."""
        now = asyncio.get_running_loop().time()
        wait = self.breaker.wait_seconds(now)
        if not wait:
            return
        if self.breaker.is_resting and now + wait < until and wait <= self._retry.pause_max_seconds:
            await asyncio.sleep(wait)
            wait = self.breaker.wait_seconds(now + wait)
        if wait:
            raise self._open(wait)

    async def _wait_for_place(self, index: int, until: float) -> None:
        """The place of that index; the ones before it are given back where it cannot be had."""
        has_entered = False
        try:
            has_entered = await self._places[index].enter(until - asyncio.get_running_loop().time())
        finally:
            if not has_entered:
                for entered in self._places[:index]:
                    entered.leave()
        if not has_entered:
            raise self._full()

    async def _exchanged(self, call: Call, exchange: Callable[[float], Coroutine[Any, Any, T]], until: float) -> T:
        after = None if self._latencies is None or not call.is_safe else self._latencies.p95
        return await (exchange(until) if after is None else hedged(lambda: exchange(until), after, self._may_hedge))

    def _may_hedge(self) -> bool:
        if not self._budget.spend():
            return False
        self.counts.hedges += 1
        return True

    def _note(self, failure: BackendError | None, epoch: int, now: float, duration: float) -> None:
        """Tells the breaker what became of a call, and the log where that changed it."""
        if not isinstance(failure, FAILURES):
            if self._latencies is not None:
                self._latencies.add(duration)
            if self.breaker.succeeded(epoch, now):
                log.info("backend_circuit_closed", backend=self._backend, api=self._api)
        elif isinstance(failure, BackendBusy) and failure.retry_after_seconds is not None:
            if self.breaker.rest(epoch, now, failure.retry_after_seconds):
                self._log_opened(now, failure)
        elif self.breaker.failed(epoch, now):
            self._log_opened(now, failure)

    def _log_opened(self, now: float, reason: BackendError) -> None:
        seconds = round(self.breaker.wait_seconds(now), 1)
        log.warning(
            "backend_circuit_opened", backend=self._backend, api=self._api, reason=reason.code(), seconds=seconds
        )

    def _open(self, seconds: float) -> BackendCircuitOpen:
        self.counts.refused += 1
        why = "asks to be left alone" if self.breaker.is_resting else "failed too often a moment ago"
        message = f"The {self._backend} backend {why}, so it is asked nothing for now."
        return BackendCircuitOpen(self._backend, message, seconds)

    def _full(self) -> BackendQueueFull:
        self.counts.refused += 1
        message = f"Too many calls wait for the {self._backend} backend; try again in a moment."
        return BackendQueueFull(self._backend, message, RETRY_AFTER_DEFAULT_SECONDS)
