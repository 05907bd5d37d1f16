"""Each company's generation: a number that every write raises, so that nothing read before it is taken for news."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakValueDictionary

import structlog
from redis.asyncio import Redis

from gateway.domain.time import Clock
from gateway.store.changes import Changes
from gateway.store.redis_server import RedisAway, RedisServer
from gateway.store.untold import Untold

log = structlog.get_logger()

KIND = "generation"
CAUGHT_UP_MAX = 1_000
"""Generations that are held because a client said what it has seen of a company of which nothing is kept: forgotten,
each would be learned anew, and make old what belongs to no company, whenever a client says so."""

KEPT_SECONDS = 8 * 86_400
"""Longer than any entry is kept in Redis: an entry must never outlive the number that outdates it."""


class Generation:
    """One company's, as far as this process knows: what is kept of the company holds it, and it lives as long.

    `number` is Redis's, None until it was asked for; `changes` counts what this process has heard of.
    """

    __slots__ = ("__weakref__", "changes", "number")

    def __init__(self) -> None:
        self.number: int | None = None
        self.changes = 0


class Stamp(NamedTuple):
    """A moment in a company's life; `number` is what Redis said of it until then."""

    generation: Generation
    changes: int
    epoch: int
    number: int | None


class Generations:
    """Generations of all companies. What requests do with them is in memory; only writes and cold reads ask Redis."""

    def __init__(self, server: RedisServer, changes: Changes, clock: Clock) -> None:
        self._server = server
        self._changes = changes
        self._clock = clock
        self._known: WeakValueDictionary[str, Generation] = WeakValueDictionary()
        self._of_all = Generation()
        self._untold = Untold()
        self._on_missed: list[Callable[[], None]] = []
        self._caught_up: deque[Generation] = deque(maxlen=CAUGHT_UP_MAX)
        self._epoch = 0
        server.on_back(self._tell_untold)
        changes.on(KIND, self._heard, self._catch_up)

    @staticmethod
    def name(company_id: str) -> str:
        """Under which a company's number stands in Redis."""
        return f"telco-gateway:generation:{company_id}"

    def of(self, company_id: str | None) -> Generation:
        """A company's generation; for what belongs to no company, one that every change of any company raises."""
        if company_id is None:
            return self._of_all
        found = self._known.get(company_id)
        if found is None:
            found = self._known[company_id] = Generation()
        return found

    def stamp(self, company_id: str | None) -> Stamp:
        """Now, for a company; compare with `holds` later."""
        generation = self.of(company_id)
        return Stamp(generation, generation.changes, self._epoch, generation.number)

    def holds(self, stamp: Stamp) -> bool:
        """Whether nothing was written since, as far as this process can know."""
        return stamp.generation.changes == stamp.changes and self._epoch == stamp.epoch

    def on_missed(self, call: Callable[[], None]) -> None:
        """Calls back whenever changes may have been missed."""
        self._on_missed.append(call)

    def is_told(self, company_id: str) -> bool:
        """Whether Redis knows of all writes of this replica; until then what it has of the company is not believed."""
        return company_id not in self._untold

    def learned(self, company_id: str, number: int) -> None:
        """Takes note of what Redis says; a number only goes up."""
        generation = self.of(company_id)
        if generation.number is None:
            generation.number = number
        elif number > generation.number:
            self._raised(generation, number)

    async def raise_generation(self, company_id: str) -> int | None:
        """After a write: nothing read before it is served as news from now on.

        Here that holds at once, elsewhere within a second while Redis is reachable, from here and from there; else when
        it is back. Until then a replica that is cut off serves what it has for as long as it is fresh.

        The new number, for the client to echo; None when Redis could not be told, which is then done when it is back.
        """
        self._untold.add(company_id)
        self._raised(self.of(company_id), None)
        try:
            return await self._tell(company_id)
        except RedisAway:
            log.error("generation_not_told", company_id=company_id)
            return None

    async def catch_up(self, company_id: str, number: int) -> None:
        """For a client that says it has seen `number`: if that would be news, asks Redis, which alone is believed.

        What was read before any number was known may be older than the first one, so it is not taken for news.
        """
        generation = self.of(company_id)
        known = generation.number
        if known is not None and number <= known:
            return
        try:
            found = await self._server.run(lambda redis: redis.get(self.name(company_id)))
        except RedisAway:
            return
        if known is None:
            self._caught_up.append(generation)
            self._raised(generation, number_of(found))
        else:
            self.learned(company_id, number_of(found))

    async def _tell(self, company_id: str) -> int:
        mark = self._untold.mark(company_id)
        number = await self._server.run(lambda redis: self._next(redis, company_id))
        await self._changes.tell(KIND, company_id, number)
        self._untold.told(company_id, mark)
        self._raised(self.of(company_id), number)  # once more: reads of meanwhile saw the old number in Redis
        return number

    async def _next(self, redis: Redis, company_id: str) -> int:
        """The next number; a first one begins at the time, so that a number lost with its server is not given again."""
        name = self.name(company_id)
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.set(name, int(self._clock().timestamp() * 1000), nx=True)
            pipeline.incr(name)
            pipeline.expire(name, KEPT_SECONDS)
            _, number, _ = await pipeline.execute()
        return int(number)

    def _raised(self, generation: Generation, number: int | None) -> None:
        generation.changes += 1
        self._of_all.changes += 1
        if number is not None:
            generation.number = max(number, generation.number or 0)

    def _heard(self, company_id: str, number: float) -> None:
        self._of_all.changes += 1
        generation = self._known.get(company_id)
        if generation is not None:
            self._raised(generation, int(number))

    async def _catch_up(self) -> None:
        """After the channel was lost: what is kept here may be old, and what was not told is told."""
        self._epoch += 1
        for call in self._on_missed:
            call()
        await self._tell_untold()

    async def _tell_untold(self) -> None:
        for company_id in self._untold.marks():
            await self._tell(company_id)


def number_of(found: bytes | str | None) -> int:
    """A number as it stands in Redis: 0 for a company that nobody has written to, or for what is no number."""
    return int(found) if found is not None and found.isdigit() else 0
