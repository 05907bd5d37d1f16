"""The token issuer's public keys (JWKS), kept for a while and served on while the issuer is down."""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import jwt
import msgspec
import structlog

from gateway.adapters._http import HttpClient
from gateway.config import IdentitySettings
from gateway.domain.dependency import DependencyState
from gateway.errors import BackendContractBroken, BackendError, IdentityUnavailable, Unauthenticated

log = structlog.get_logger()

ISSUER = "The issuer of tokens (identity.jwks_url)"
KEEP_SECONDS = 600.0
REFETCH_SECONDS = 10.0
CONNECT_TIMEOUT_SECONDS = 0.5
TIMEOUT_SECONDS = 2.0


class KeySet(msgspec.Struct, frozen=True, gc=False):
    """RFC 7517, 5; each key of any shape, for PyJWT to read."""

    keys: list[Any]


class SigningKeys:
    """The keys that `settings.jwks_url` publishes; entering opens the connection pool and asks nothing yet."""

    def __init__(self, settings: IdentitySettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._http = HttpClient(
            "identity",
            tls=settings.tls,
            tls_path="identity.tls",
            connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
            max_connections=2,
        )
        self._keys: tuple[jwt.PyJWK, ...] = ()
        self._tried_at: float | None = None
        self._stale_at = 0.0
        self._is_failing = False
        self._fetching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        await self._http.__aexit__(kind, error, trace)

    def state(self) -> DependencyState:
        """What the last attempt to read the keys showed; those that were read before are used on while it fails."""
        if self._is_failing:
            return "failing"
        return "up" if self._keys else "unknown"

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """The public key that signed a token, by its header; without `kid`, the only key of the algorithm.

        Unauthenticated for a key that the issuer does not publish; IdentityUnavailable while no key is known at all.
        """
        if not self._keys:
            await self._fetched()
        found = self._find(kid, algorithm)
        if found is None and (self._is_fetching() or self._may_ask_again()):  # a key may just have been published
            await self._fetched()
            found = self._find(kid, algorithm)
        elif self._monotonic() >= self._stale_at and self._may_ask_again():
            self._start_fetching()  # behind the answer: keys that were good a moment ago still are
        if found is None:
            raise Unauthenticated("The token is signed with a key that its issuer does not publish; get a new token.")
        return found

    def _find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        if algorithm not in self._settings.algorithms:
            return None
        fitting = [key for key in self._keys if key.algorithm_name == algorithm and kid in (None, key.key_id)]
        return fitting[0] if len(fitting) == 1 else None

    def _is_fetching(self) -> bool:
        return self._fetching is not None and not self._fetching.done()

    def _may_ask_again(self) -> bool:
        return self._tried_at is None or self._monotonic() - self._tried_at >= REFETCH_SECONDS

    async def _fetched(self) -> None:
        """Waits for keys; shielded, since others wait for the same."""
        await asyncio.shield(self._start_fetching())
        if not self._keys:
            raise IdentityUnavailable("The token's issuer cannot be asked for its keys; try again in a moment.")

    def _start_fetching(self) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        """Replaces the keys, or keeps the old ones and says why in the log."""
        self._tried_at = self._monotonic()
        try:
            self._keys = await self._read()
        except BackendError as error:
            self._is_failing = True
            log.warning("jwks_unavailable", reason=error.message, keys_kept=len(self._keys))
            return
        self._is_failing = False
        self._stale_at = self._monotonic() + KEEP_SECONDS
        log.info("jwks_fetched", keys=len(self._keys))

    async def _read(self) -> tuple[jwt.PyJWK, ...]:
        """All keys that can sign; BackendError, which says why, when there is none."""
        until = asyncio.get_running_loop().time() + TIMEOUT_SECONDS
        reply = await self._http.send("GET", self._settings.jwks_url, {}, until=until, who=ISSUER)
        if reply.status != 200:
            raise BackendContractBroken("identity", f"{ISSUER} answered {reply.status} instead of its keys.")
        try:
            published = msgspec.json.decode(reply.body, type=KeySet).keys
        except (msgspec.DecodeError, UnicodeDecodeError):
            published = []
        keys = tuple(key for key in map(_usable, published) if key is not None)
        if not keys:
            raise BackendContractBroken("identity", f"{ISSUER} answered with something else than usable keys.")
        return keys


def _usable(document: Any) -> jwt.PyJWK | None:
    """The key, where PyJWT can read it and it is for signatures; None for any other."""
    try:
        key = jwt.PyJWK(document)
    except Exception:  # PyJWT lets through whatever an odd document breaks in it
        return None
    return key if key.public_key_use in (None, "sig") else None
