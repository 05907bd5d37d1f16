"""The store: what stands behind the sources that requests share, and how a backend's sources are wrapped in it."""

from contextlib import AsyncExitStack
from copy import copy
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from gateway.config import Auth, CallerTokenAuth, Settings
from gateway.domain.company import CompanyAccounts
from gateway.domain.dependency import DependencyState
from gateway.domain.key import Source
from gateway.domain.time import Clock
from gateway.store.cache import Cache
from gateway.store.cached import Cached
from gateway.store.changes import Changes
from gateway.store.entry_codec import EntryCodec
from gateway.store.fallback import Fallback
from gateway.store.generations import Generations
from gateway.store.policies import ACCOUNTS, RULES, Rule
from gateway.store.process_cache import ProcessCache
from gateway.store.redis_server import RedisServer
from gateway.store.revocations import Revocations
from gateway.store.shared import Shared
from gateway.store.trouble import Trouble

log = structlog.get_logger()

B = TypeVar("B")

ACCOUNTS_SOURCE = "accounts_by_company_id"


class Store:
    """One for each process; entering it begins to listen to the other replicas, and waits for nothing."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._server = RedisServer(settings.redis)
        self.cache = Cache(self._server)
        self.process = ProcessCache(settings.cache.process_max_bytes)
        self.changes = Changes(self._server)
        self.generations = Generations(self._server, self.changes, clock)
        self.generations.on_missed(self.process.expire)
        self.revocations = Revocations(
            self._server, self.changes, clock, leeway_seconds=settings.identity.leeway_seconds
        )
        self.shared: list[tuple[str, Shared[Any, Any]]] = []
        """What requests share, by the name of the source."""
        self.cached: list[tuple[str, Cached[Any, Any]]] = []
        """What is cached, likewise."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for part in (self._server, self.cache, self.changes):
            await self._stack.enter_async_context(part)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, shared in self.shared:
            await shared.aclose()
        await self._stack.aclose()
        log.info("store_summary", **self.summary())

    def kept(self, backend: B, auth: Auth) -> B:
        """The backend with each of its sources shared and cached as `policies.RULES` say; the given one stays as it is.

        KeyError for a source that has no rule.
        """
        by_caller = isinstance(auth, CallerTokenAuth)
        wrapped, trouble = copy(backend), Trouble(self._clock)
        for name, value in vars(type(backend)).items():
            if isinstance(value, cached_property) and name != ACCOUNTS_SOURCE:
                source = getattr(backend, name)
                vars(wrapped)[name] = self.wrapped(name, source, trouble, by_caller=by_caller)
        return wrapped

    def wrapped(
        self, name: str, source: Source[Any, Any], trouble: Trouble | None = None, *, by_caller: bool = False
    ) -> Source[Any, Any]:
        """One source, shared and cached by the rule of that name; KeyError where there is none."""
        rule = RULES[name]
        if self.settings.cache.enabled and not by_caller:
            source = self._cached_source(name, source, rule, trouble or Trouble(self._clock))
        return self._shared_source(name, source, rule, by_caller=by_caller)

    def accounts(
        self,
        crm: Source[str, CompanyAccounts],
        billing: Source[str, CompanyAccounts],
        crm_auth: Auth,
        billing_auth: Auth,
    ) -> Source[str, CompanyAccounts]:
        """Which customers and accounts a company holds: the CRM says and is remembered, or else billing for the moment.

        Where the CRM answers to the caller's own token, what one caller was told is not another's to know. Without
        this directory nothing can be answered, so it is cached even where `cache.enabled` is false.
        """
        told = crm
        if not isinstance(crm_auth, CallerTokenAuth):
            told = self._cached_source(ACCOUNTS_SOURCE, crm, ACCOUNTS, Trouble(self._clock))
        by_caller = any(isinstance(auth, CallerTokenAuth) for auth in (crm_auth, billing_auth))
        return self._shared_source(ACCOUNTS_SOURCE, Fallback(told, billing), ACCOUNTS, by_caller=by_caller)

    @property
    def redis_failures(self) -> int:
        """Commands that Redis did not answer in time."""
        return self._server.failures

    def redis_state(self) -> DependencyState:
        """What the last commands showed; a server that is well is listened to, and says something every second."""
        if self._server.is_away:
            return "failing"
        if self.changes.listening.is_set():
            return "up"
        return "failing" if self.changes.losses else "unknown"

    def summary(self) -> dict[str, int]:
        """What was saved, since the start."""
        return {
            "keys_asked": sum(shared.keys_asked for _, shared in self.shared),
            "keys_joined": sum(shared.keys_joined for _, shared in self.shared),
            "calls": sum(shared.calls for _, shared in self.shared),
            "calls_merged": sum(shared.calls_merged for _, shared in self.shared),
            "hits": sum(cached.hits for _, cached in self.cached),
            "hits_in_redis": sum(cached.hits_in_redis for _, cached in self.cached),
            "misses": sum(cached.misses for _, cached in self.cached),
            "served_stale": sum(cached.served_stale for _, cached in self.cached),
            "fills_dropped": sum(cached.fills_dropped for _, cached in self.cached),
            "entries": len(self.process),
            "bytes": self.process.bytes,
            "evictions": self.process.evictions,
            "redis_failures": self.redis_failures,
        }

    def _shared_source(self, name: str, source: Source[Any, Any], rule: Rule, *, by_caller: bool) -> Source[Any, Any]:
        sharing = self.settings.sharing
        if not sharing.enabled or not rule.is_shared:
            return source
        shared = Shared(
            source,
            self.generations,
            rule.company_id_of,
            gather_seconds=sharing.gather_seconds,
            by_caller=by_caller,
        )
        self.shared.append((name, shared))
        return shared

    def _cached_source(self, name: str, source: Source[Any, Any], rule: Rule, trouble: Trouble) -> Source[Any, Any]:
        if rule.policy is None:
            return source
        cached = Cached(
            source,
            rule.policy,
            EntryCodec[Any](name, rule.record),
            rule.company_id_of,  # type: ignore[arg-type]  # what is kept has a company
            process=self.process,
            cache=self.cache,
            generations=self.generations,
            trouble=trouble,
            clock=self._clock,
        )
        self.cached.append((name, cached))
        return cached
