"""A source that remembers its answers, in this process and in Redis, and serves old ones when it fails."""

import random
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Generic, TypeVar

from gateway.domain.key import Source
from gateway.domain.time import Clock
from gateway.errors import BackendError, BackendRejected, GatewayError
from gateway.store.cache import Cache, Write
from gateway.store.entry_codec import EntryCodec, KeptEntry
from gateway.store.generations import Generations, Stamp, number_of
from gateway.store.guarded import guarded
from gateway.store.policy import Policy
from gateway.store.process_cache import Entry, Lifetime, ProcessCache, Shelf, bytes_in_memory
from gateway.store.trouble import Trouble

K = TypeVar("K", bound=tuple[str, ...] | str)
V = TypeVar("V")

JITTER = 0.1
"""Times vary by so much, so that what was read together is not asked for again together."""


class Cached(Generic[K, V]):
    """Answers that are still fresh are not asked for again; older ones hide an error. Errors are never kept.

    Kept is only what nothing was written to while it was read. What is unknown is forgotten, and remembered as
    unknown for a moment.
    """

    def __init__(
        self,
        source: Source[K, V],
        policy: Policy,
        codec: EntryCodec[V],
        company_id_of: Callable[[K], str],
        *,
        process: ProcessCache,
        cache: Cache,
        generations: Generations,
        trouble: Trouble,
        clock: Clock,
    ) -> None:
        self._source = source
        self._trouble = trouble
        self._policy = policy
        self._codec = codec
        self._company_id_of = company_id_of
        self._process = process
        self._cache = cache
        self._generations = generations
        self._clock = clock
        self._shelf: Shelf = {}
        self.hits = 0
        self.hits_in_redis = 0
        self.misses = 0
        self.served_stale = 0
        self.fills_dropped = 0

    def known(self, keys: Sequence[K]) -> dict[K, V | None]:
        """What this process has fresh."""
        now = self._clock().timestamp()
        get = self._shelf.get
        found: dict[K, V | None] = {}
        for key in keys:
            entry = get(key)
            # as `is_news`, without the call: this line runs for every key of every request
            if entry and entry.read_at <= now < entry.fresh_until and entry.changes == entry.generation.changes:
                entry.is_used = True
                found[key] = entry.value
        self.hits += len(found)
        return found

    def fresh_until(self, values: Mapping[K, object]) -> float:
        """Until when all of these are news, unless something is written; 0 where one is not, or not what is kept now.

        What was read may have been replaced since, or have stood in for an error: then the entry says nothing of it.
        """
        now, until = self._clock().timestamp(), inf
        for key, value in values.items():
            entry = self._shelf.get(key)
            if entry is None or entry.value is not value or not entry.is_news(now):
                return 0.0
            until = min(until, entry.fresh_until)
        return until

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """Fresh answers where there are any, the source's otherwise, or an old one in place of its error."""
        values: dict[K, V | GatewayError | None] = {**self.known(keys)}
        missing = [key for key in keys if key not in values]
        if missing:
            now = self._clock().timestamp()
            # held to the end: what is learned of a company while it is read lives as long as somebody holds it
            stamps = self._stamps(missing)
            old = await self._read(missing, values, now, stamps)
            asked = [key for key in missing if key not in values]
            if asked:
                await self._ask(asked, values, old)
        return [values[key] for key in keys]

    async def _read(
        self, keys: Sequence[K], values: dict[K, V | GatewayError | None], now: float, stamps: dict[str, Stamp]
    ) -> dict[K, V]:
        """Puts what Redis has fresh into `values`; gives what is old but better than an error, from there or here."""
        names = [self._codec.name(key) for key in keys]
        found = await self._cache.get_many([*names, *map(self._generations.name, stamps)])
        if found is not None:
            for company_id, number in zip(stamps, found[len(keys) :], strict=True):
                self._generations.learned(company_id, number_of(number))
        old = {key: entry.value for key in keys if (entry := self._stale_here(key, now)) is not None}
        if found is None:
            return old
        current = self._stamps(keys)
        for key, data in zip(keys, found, strict=False):
            kept = self._codec.decode(data)
            if kept is None or not 0 <= now - kept.read_at < self._policy.stale_seconds:
                continue
            company_id = self._company_id_of(key)
            stamp = current[company_id]
            is_current = kept.generation == stamp.number and self._generations.is_told(company_id)
            lifetime = self._lifetime(kept.value, kept.read_at)
            if is_current and now < lifetime.fresh_until:
                values[key] = kept.value
                self.hits_in_redis += 1
                if stamp.epoch == stamps[company_id].epoch:  # else changes that came after the answer may be missing
                    size = bytes_in_memory(len(data or b""))
                    self._process.keep(self._shelf, key, kept.value, size, lifetime, stamp)
            elif is_current or self._policy.survives_writes:
                old[key] = kept.value
        return old

    def _stamps(self, keys: Sequence[K]) -> dict[str, Stamp]:
        """Now, for each company that the keys are of."""
        return {id: self._generations.stamp(id) for id in dict.fromkeys(map(self._company_id_of, keys))}

    def _stale_here(self, key: K, now: float) -> Entry | None:
        entry = self._shelf.get(key)
        if entry is None or entry.value is None or not entry.read_at <= now < entry.stale_until:
            return None
        return None if entry.is_outdated() and not self._policy.survives_writes else entry

    async def _ask(self, keys: Sequence[K], values: dict[K, V | GatewayError | None], old: dict[K, V]) -> None:
        """Puts the source's answers into `values`, and keeps them."""
        if old and self._trouble.is_fresh:
            known = {key: old[key] for key in keys if key in old}
            values.update(known)
            self.served_stale += len(known)
            keys = [key for key in keys if key not in known]
            if not keys:
                return
        self.misses += len(keys)
        stamps = self._stamps(keys)
        read_at = self._clock().timestamp()
        answers = await guarded(self._source, keys)
        self._trouble.note(answers)
        for key, answer in zip(keys, answers, strict=True):
            if isinstance(answer, GatewayError):
                if not self._policy.survives_writes and not self._generations.holds(stamps[self._company_id_of(key)]):
                    old.pop(key, None)
                values[key] = self._instead_of(answer, key, old, is_alone=len(keys) == 1)
            else:
                values[key] = answer
        self._keep(
            {key: answer for key, answer in zip(keys, answers, strict=True) if not isinstance(answer, GatewayError)},
            read_at,
            stamps,
        )

    def _instead_of(self, error: GatewayError, key: K, old: dict[K, V], *, is_alone: bool) -> V | GatewayError:
        """An old answer, where there is one. A 4xx on several keys says nothing of each: they will be asked alone."""
        if (
            key not in old
            or not isinstance(error, BackendError)
            or (isinstance(error, BackendRejected) and not is_alone)
        ):
            return error
        self.served_stale += 1
        return old[key]

    def _keep(self, answers: dict[K, V | None], read_at: float, stamps: dict[str, Stamp]) -> None:
        writes: dict[str, Write] = {}
        for key, answer in answers.items():
            company_id = self._company_id_of(key)
            stamp = stamps[company_id]
            if not self._generations.holds(stamp):
                self.fills_dropped += 1
                continue
            if answer is None:
                self._keep_none(key, read_at, stamp)
                writes[self._codec.name(key)] = Write(None, 0)
                continue
            data = self._codec.encode(KeptEntry(answer, read_at, stamp.number or 0))
            if data is None:
                continue
            size = bytes_in_memory(len(data))
            self._process.keep(self._shelf, key, answer, size, self._lifetime(answer, read_at), stamp)
            if stamp.number is not None and self._generations.is_told(company_id):
                writes[self._codec.name(key)] = Write(data, self._policy.stale_seconds)
        self._cache.set_soon(writes)

    def _keep_none(self, key: K, read_at: float, stamp: Stamp) -> None:
        if not self._policy.negative_seconds:
            self._process.forget(self._shelf, key)
            return
        lifetime = Lifetime(read_at, read_at + self._policy.negative_seconds * _about_one(), 0.0)
        self._process.keep(self._shelf, key, None, bytes_in_memory(0), lifetime, stamp)

    def _lifetime(self, value: V, read_at: float) -> Lifetime:
        fresh_seconds = self._policy.fresh_for(value) * _about_one()
        return Lifetime(read_at, read_at + fresh_seconds, read_at + self._policy.stale_seconds)


def _about_one() -> float:
    return random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # no secret
