"""Asks one backend, as the gateway would: with its credentials and deadlines, and never more often than agreed."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import msgspec
from msgspec import UNSET
from yarl import URL

from gateway.adapters._auth import authorization
from gateway.adapters._http import HttpClient
from gateway.adapters._reply import Reply, retry_after_seconds
from gateway.config import BackendSettings
from gateway.errors import BackendBusy, BackendTimeout, BackendUnavailable

WAITS_SECONDS = (0.5, 2.0)
"""Before a call is made once more: at once after an error, so long where a backend asks to be left alone."""
RETRY_AFTER_MAX_SECONDS = 5.0
"""What a backend says in Retry-After is waited for up to here; beyond it the check ends, and says when to come back."""


HTML = "an HTML page"
DEPTH_MAX = 100
DIGITS_MAX = 9


class CallsSpent(Exception):
    """The agreed number of calls was made; what was not asked by then is not known."""


class Budget:
    """How many calls may be made in all, and how many were."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.made = 0

    @property
    def left(self) -> int:
        """How many more may be made."""
        return self.most - self.made

    def spend(self) -> int:
        """The number of the next call; CallsSpent when there is none left."""
        if self.made >= self.most:
            raise CallsSpent
        self.made += 1
        return self.made


class Pair(NamedTuple):
    """A parameter of a query and its values, joined by commas or the name repeated for each."""

    name: str
    values: Sequence[str]
    is_repeated: bool = False

    def __str__(self) -> str:
        name, values = quote(self.name, safe=""), [quote(value, safe="") for value in self.values]
        return "&".join(f"{name}={value}" for value in values) if self.is_repeated else f"{name}={','.join(values)}"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came: `document` is UNSET where it is not JSON; `kind` says what it looks like instead."""

    status: int
    document: Any
    kind: str
    total: int | None
    retry_after_seconds: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether it is an answer to what was asked."""
        return 200 <= self.status < 300

    @property
    def rows(self) -> list[dict[str, Any]] | None:
        """The rows of a list; None where it is no list of objects."""
        if self.is_good and isinstance(self.document, list) and all(isinstance(row, dict) for row in self.document):
            return self.document
        return None

    @property
    def said(self) -> str:
        """What came, in a few words without any value."""
        return f"{self.status}, {self.kind}"


class Asker:
    """One backend under its settings; a GatewayError of the adapters' tree when no answer comes.

    Redirects are not followed, nor any link in an answer: every address is made here.
    """

    def __init__(self, backend: str, settings: BackendSettings, budget: Budget) -> None:
        self.backend = backend
        self.answered = 0
        self._url = str(URL(settings.url)).rstrip("/")
        self._timeout_seconds = settings.timeout_seconds
        self.budget = budget
        self._http = HttpClient(
            backend,
            tls=settings.tls,
            tls_path=f"backends.{backend}.tls",
            connect_timeout_seconds=settings.connect_timeout_seconds,
            max_connections=min(4, settings.max_connections),
        )
        self._authorization = authorization(settings.auth, backend, self._post_form)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def get(self, path: str, query: Sequence[Pair] = ()) -> Asked:
        """What a path with a query gives."""
        return await self._asked("GET", f"{path}?{'&'.join(map(str, query))}" if query else path, {}, None)

    async def send(self, method: str, path: str, document: object, content_type: str = "application/json") -> Asked:
        """What the backend answers to a body."""
        body = msgspec.json.encode(document)
        return await self._asked(method, path, {"Content-Type": content_type}, body)

    async def _asked(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Asked:
        """The answer, once more where a backend failed that had answered before: it may have been chance."""
        for wait in WAITS_SECONDS:
            try:
                asked = await self._once(method, target, headers, body)
            except (BackendTimeout, BackendUnavailable):
                if method != "GET" or not self.answered:
                    raise
                continue
            if asked.status < 500 and asked.status != 429:
                return asked
            await asyncio.sleep(self._wait(asked, wait) if asked.status in (429, 503) else 0)
        last = await self._once(method, target, headers, body)
        if last.status in (429, 503):
            raise self._busy(last)
        return last

    def _wait(self, asked: Asked, wait: float) -> float:
        """For how long a backend is left alone that asks for it; BackendBusy where that is too long to wait."""
        told = asked.retry_after_seconds
        if told is not None and told > RETRY_AFTER_MAX_SECONDS:
            raise self._busy(asked)
        return wait if told is None else told

    def _busy(self, asked: Asked) -> BackendBusy:
        who, told = f"The {self.backend} backend asks to be left alone", asked.retry_after_seconds
        if told is None:
            return BackendBusy(self.backend, f"{who} for a while ({asked.status}).")
        message = f"{who} ({asked.status}, Retry-After): verify it again in {told:.0f} seconds at the earliest."
        return BackendBusy(self.backend, message, told)

    async def _once(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Asked:
        number = self.budget.spend()
        credentials = await self._authorization.headers(self._until())
        sent = {**credentials, **headers, "X-Request-ID": f"contracts-verify-{number}"}
        reply = await self._http.send(method, f"{self._url}{target}", sent, body, until=self._until())
        self.answered += 1
        document, kind = _read(reply.body)
        return Asked(
            status=reply.status,
            document=document,
            kind=kind,
            total=reply.total,
            retry_after_seconds=_told_seconds(reply),
        )

    async def _post_form(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.budget.spend()
        who = f"The token endpoint of the {self.backend} backend (backends.{self.backend}.auth.token_url)"
        return await self._http.send("POST", url, headers, body, until=self._until(), who=who)

    def _until(self) -> float:
        return asyncio.get_running_loop().time() + self._timeout_seconds


def _told_seconds(reply: Reply) -> float | None:
    """What Retry-After asks for: a number as it stands, for people to read; the gateway itself stays away for less."""
    text = (reply.retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) < DIGITS_MAX:
        return float(text)
    return retry_after_seconds(reply, partial(datetime.now, UTC))


def _read(body: bytes) -> tuple[Any, str]:
    if not body.strip():
        return UNSET, "an empty body"
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        is_page = body.lstrip()[:200].lower().startswith((b"<!doctype html", b"<html", b"<head", b"<body"))
        return UNSET, HTML if is_page else "something that is not JSON"
    if _is_too_deep(document):
        return UNSET, f"JSON of more than {DEPTH_MAX} levels"
    return document, "a JSON array" if isinstance(document, list) else "a JSON object" if isinstance(
        document, dict
    ) else "JSON"


def _is_too_deep(document: Any) -> bool:
    level = [document]
    for _ in range(DEPTH_MAX):
        level = [inner for value in level for inner in _inside(value)]
    return bool(level)


def _inside(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()
