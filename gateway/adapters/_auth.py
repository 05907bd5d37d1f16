"""How the gateway shows a backend who it is."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from urllib.parse import quote_plus, urlencode

import msgspec

from gateway.adapters._reply import Reply
from gateway.config import ApiKeyAuth, Auth, BasicAuth, CallerTokenAuth, ClientCredentialsAuth, NoAuth
from gateway.domain.caller import CALLER
from gateway.errors import BackendAccessDenied, BackendContractBroken, BackendFailed, BackendTimeout

EXPIRY_MARGIN_SECONDS = 30.0
LIFETIME_DEFAULT_SECONDS = 300.0
RENEW_SECONDS = 10.0
"""A token younger than this is not renewed after a 401: it is the backend that does not take our tokens."""

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Reply]]
"""Sends a form to an address: (url, headers, body)."""


class Authorization(Protocol):
    """What each way of showing who we are can do."""

    async def headers(self, until: float) -> Mapping[str, str]:
        """The headers of one call, had before `until`, in the event loop's time; BackendTimeout where they are not."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """After a 401 on these headers: whether other ones can be had, so that one more try makes sense."""
        ...


def authorization(auth: Auth, backend: str, post: Post) -> Authorization:
    """The way that the settings choose."""
    match auth:
        case NoAuth():
            return FixedHeaders({})
        case ApiKeyAuth():
            return FixedHeaders({auth.header: auth.key})
        case BasicAuth():
            return FixedHeaders({"Authorization": _basic(auth.username, auth.password)})
        case ClientCredentialsAuth():
            return ClientCredentials(auth, backend, post)
        case CallerTokenAuth():
            return CallerToken(backend)


class FixedHeaders:
    """The same headers with every call."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    async def headers(self, until: float) -> Mapping[str, str]:
        """Those of the settings."""
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        """There are no others."""
        return False


class CallerToken:
    """The caller's own bearer token."""

    def __init__(self, backend: str) -> None:
        self._backend = backend

    async def headers(self, until: float) -> Mapping[str, str]:
        """The token that the request came with; BackendAccessDenied without one."""
        caller = CALLER.get()
        if caller is None or caller.token is None:
            message = f"The {self._backend} backend wants the caller's token, and this request came without one."
            raise BackendAccessDenied(self._backend, message)
        return {"Authorization": f"Bearer {caller.token}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """The caller has no other token."""
        return False


class TokenResponse(msgspec.Struct, frozen=True, gc=False):
    """RFC 6749, 5.1; `expires_in` in seconds, which some servers write as text."""

    access_token: str
    expires_in: float | None = None


class ClientCredentials:
    """A token of our own (RFC 6749, 4.4), kept until shortly before it expires; one request for it at a time."""

    def __init__(
        self, auth: ClientCredentialsAuth, backend: str, post: Post, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._auth = auth
        self._backend = backend
        self._post = post
        self._monotonic = monotonic
        self._token: str | None = None
        self._since = 0.0
        self._expires = 0.0
        self._fetching: asyncio.Task[str] | None = None

    async def headers(self, until: float) -> Mapping[str, str]:
        """The bearer token, fetched when there is none that lasts."""
        if self._token is not None and self._monotonic() < self._expires:
            return _bearer(self._token)
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        fetching = self._fetching
        # Only waited for: a caller who goes away doesn't take the token of all the others with it.
        await asyncio.wait([fetching], timeout=max(until - asyncio.get_running_loop().time(), 0.0))
        if not fetching.done():
            raise BackendTimeout(self._backend, f"No token for the {self._backend} backend was had in time.")
        return _bearer(fetching.result())

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Forgets the token that was refused, unless it is new; whoever holds an older one has a newer to try."""
        if self._token is not None and _bearer(self._token) == refused:
            if self._monotonic() - self._since < RENEW_SECONDS:
                return False
            self._token = None
        return True

    def _fetched(self, task: asyncio.Task[str]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # seen here, since every waiter may have gone

    async def _fetch(self) -> str:
        form = {"grant_type": "client_credentials"} | ({"scope": self._auth.scope} if self._auth.scope else {})
        # RFC 6749, 2.3.1: both parts are form-encoded before they are joined; every server must take this way.
        credentials = _basic(quote_plus(self._auth.client_id), quote_plus(self._auth.client_secret))
        headers = {"Authorization": credentials, "Content-Type": "application/x-www-form-urlencoded"}
        asked_at = self._monotonic()
        reply = await self._post(self._auth.token_url, headers, urlencode(form).encode())
        answer = self._read(reply)
        lifetime = LIFETIME_DEFAULT_SECONDS if answer.expires_in is None else answer.expires_in
        self._token, self._since = answer.access_token, asked_at
        # A margin of a tenth keeps tokens that live for seconds from being fetched for every call.
        self._expires = asked_at + lifetime - min(EXPIRY_MARGIN_SECONDS, lifetime / 10)
        return answer.access_token

    def _read(self, reply: Reply) -> TokenResponse:
        where = f"The token endpoint of the {self._backend} backend"
        if reply.status >= 500 or reply.status == 429:
            raise BackendFailed(self._backend, f"{where} failed ({reply.status}).")
        if reply.status != 200:
            raise BackendAccessDenied(self._backend, f"{where} gives the gateway no token ({reply.status}).")
        try:
            return msgspec.json.decode(reply.body, type=TokenResponse, strict=False)
        except msgspec.DecodeError:
            raise BackendContractBroken(self._backend, f"{where} answered with something else than a token.") from None


def _basic(username: str, password: str) -> str:
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
