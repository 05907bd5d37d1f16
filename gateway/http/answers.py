"""Answers to identical questions: one that is being made is waited for, one whose parts are all still news is kept."""

import asyncio
from asyncio import Future
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, NamedTuple

from gateway.domain.freshness import FRESHNESS, Freshness
from gateway.domain.time import Clock
from gateway.domain.viewer import Viewer
from gateway.engine.eager import Suspended, stepped
from gateway.errors import GatewayOverloaded
from gateway.http.errors import FormattedError
from gateway.http.graphql_request import RawRequest
from gateway.http.verified_tokens import digest_of
from gateway.store.generations import Generations, Stamp
from gateway.store.process_cache import ENTRY_BYTES, Lifetime, ProcessCache, Shelf

JOINED_SECONDS = 1.0
"""How long others join an answer that is being made: it may hold what was read when that began."""

ASKED_MAX = 10_000
"""Questions that are remembered as asked once: an answer is kept when its question comes again."""


class Question(NamedTuple):
    """What two requests must have in common to have one answer; `token`: its digest, where a backend answers by it."""

    viewer: Viewer
    request: RawRequest
    token: bytes | None


class Answer(NamedTuple):
    """What became of a query: its data as JSON, and its errors as the request that it was made for reads them."""

    data: bytes
    errors: list[FormattedError]
    operation: str | None
    operation_type: str | None
    request_id: str


class Answers:
    """Questions are compared byte by byte, with the viewer that the token stands for, so that no two share by chance.

    With `joins`, an identical question waits for the answer that is being made, unless something was written to the
    viewer's company since that began. With `keeps`, an answer without errors is kept in the process's cache, among the
    records, for as long as each record that it shows is news and nothing is written; the second time it is asked for.
    `by_caller`: a backend answers to the caller's own token, so only requests with the same one share.
    """

    def __init__(
        self,
        process: ProcessCache,
        generations: Generations,
        clock: Clock,
        *,
        joins: bool,
        keeps: bool,
        by_caller: bool = False,
    ) -> None:
        self._process = process
        self._generations = generations
        self._clock = clock
        self._joins = joins
        self._keeps = keeps
        self._by_caller = by_caller
        self._shelf: Shelf = {}
        self._asked: set[int] = set()
        self._making: dict[Question, _Making] = {}
        self.given_kept = 0
        self.given_joined = 0
        self.given_made = 0

    def question(self, viewer: Viewer, request: RawRequest, token: str | None) -> Question:
        """What a request asks, and who."""
        return Question(viewer, request, digest_of(token) if self._by_caller and token is not None else None)

    @property
    def are_kept(self) -> bool:
        """Whether there are any that are kept."""
        return bool(self._shelf)

    def kept(self, question: Question) -> Answer | None:
        """The answer that is kept, while all of it is news."""
        entry = self._shelf.get(question)
        if entry is None or not entry.is_news(self._clock().timestamp()):
            return None
        entry.is_used = True
        self.given_kept += 1
        answer: Answer = entry.value
        return answer

    async def under_way(self, question: Question) -> Answer | None:
        """The answer that is being made, once it is there; None where it has to be made."""
        now = asyncio.get_running_loop().time()
        while (making := self._making.get(question)) is not None:
            if now - making.began_at >= JOINED_SECONDS or not self._generations.holds(making.stamp):
                return None
            answer = await making.answer()
            if answer is not None:
                self.given_joined += 1
                return answer
        return None

    async def made(self, question: Question, make: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """The answer, made now; whoever asks the same meanwhile waits for it, in `under_way`."""
        self.given_made += 1
        # Who is bound to a company is shown nothing of any other; who is not may be shown any.
        stamp, began_at = self._generations.stamp(question.viewer.company_id), self._clock().timestamp()
        freshness = Freshness() if self._keeps else None
        FRESHNESS.set(freshness)
        first = stepped(make())
        answer = await self._awaited(question, first, stamp) if isinstance(first, Suspended) else first
        if freshness is not None and not answer.errors:
            self._keep(question, answer, Lifetime(began_at, freshness.until, 0.0), stamp)
        return answer

    async def _awaited(self, question: Question, first: Suspended[Answer], stamp: Stamp) -> Answer:
        if not self._joins:
            return await first
        making = self._making[question] = _Making(first, stamp)
        making.task.add_done_callback(lambda _: self._ended(question, making))
        answer = await making.answer()
        return making.task.result() if answer is None else answer

    def _ended(self, question: Question, making: "_Making") -> None:
        if self._making.get(question) is making:
            del self._making[question]
        making.tell()

    def _keep(self, question: Question, answer: Answer, lifetime: Lifetime, stamp: Stamp) -> None:
        if not lifetime.read_at < lifetime.fresh_until < inf or not self._generations.holds(stamp):
            return
        mark = hash(question)
        if mark not in self._asked:
            if len(self._asked) >= ASKED_MAX:
                self._asked.clear()
            self._asked.add(mark)
            return
        texts = (question.request.text, question.token or b"", answer.operation or "", answer.data)
        size = ENTRY_BYTES + sum(map(len, texts))
        self._process.keep(self._shelf, question, answer, size, lifetime, stamp)


class _Making:
    """An answer on its way, in a task that is none of its waiters': given up when the last one has left.

    It goes on with what was begun in the context of the first of them.
    """

    __slots__ = ("_waiters", "began_at", "stamp", "task")

    def __init__(self, begun: Suspended[Answer], stamp: Stamp) -> None:
        loop = asyncio.get_running_loop()
        self.stamp = stamp
        self.began_at = loop.time()
        self.task = loop.create_task(_result(begun))
        self._waiters: set[Future[Answer | None]] = set()

    async def answer(self) -> Answer | None:
        """The answer; None where it failed, or was given up."""
        waiter: Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            return await waiter
        finally:
            self._waiters.discard(waiter)
            if not self._waiters and not self.task.done():
                self.task.cancel()

    def tell(self) -> None:
        """Tells all who wait, once it has ended: they try for themselves what failed, but for what was not begun
        because there is too much to do."""
        error = None if self.task.cancelled() else self.task.exception()
        answer = None if self.task.cancelled() or error is not None else self.task.result()
        for waiter in self._waiters:
            if waiter.done():
                continue
            if isinstance(error, GatewayOverloaded):
                waiter.set_exception(GatewayOverloaded())
            else:
                waiter.set_result(answer)


async def _result(begun: Suspended[Answer]) -> Answer:
    return await begun
