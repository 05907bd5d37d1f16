"""A backend that differs from the simulated one behind it in how it is asked, and in what it answers."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote

import aiohttp
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from yarl import URL

from gateway.simulator.faults import encode
from tests.simulator.asked import decode


class Request(NamedTuple):
    """What was asked: the path as it was sent, the query's parameters decoded."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    def replaced(self, old: str, new: str) -> "Request":
        """With a parameter under another name."""
        return self._replace(query=[(new if name == old else name, value) for name, value in self.query])


class Answer(NamedTuple):
    """What is answered; `document` is JSON, or text where it is a str."""

    status: int
    document: Any
    headers: Mapping[str, str] = MappingProxyType({})


def refused(reason: str, status: int = 400) -> Answer:
    """An error of TMF630."""
    return Answer(status, {"code": str(status), "reason": reason})


Ask = Callable[[Request], Request | Answer]
Tell = Callable[[Request, Answer], Answer]


class OddBackend:
    """Passes on what `ask` makes of a request, and what `tell` makes of the answer; keeps what it was asked."""

    def __init__(
        self, behind: str, ask: Ask = lambda request: request, tell: Tell = lambda _request, answer: answer
    ) -> None:
        self.url = ""
        self.asked: list[Request] = []
        self.at_once = 0
        self.most_at_once = 0
        self.behind = behind
        self._ask = ask
        self._tell = tell

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        path, _, query = request.raw_path.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        asked = Request(request.method, path, pairs, dict(request.headers), await request.read())
        self.asked.append(asked)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            understood = self._ask(asked)
            answer = understood if isinstance(understood, Answer) else await self._passed_on(understood)
        finally:
            self.at_once -= 1
        answer = self._tell(asked, answer)
        if isinstance(answer.document, str):
            return web.Response(text=answer.document, status=answer.status, content_type="text/html")
        body = b"" if answer.document is None else encode(answer.document)
        return web.Response(body=body, status=answer.status, headers=answer.headers, content_type="application/json")

    async def _passed_on(self, request: Request) -> Answer:
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe=',')}" for name, value in request.query)
        url = URL(f"{self.behind}{request.path}{f'?{query}' if query else ''}", encoded=True)
        data = request.body or None
        async with aiohttp.ClientSession() as session, session.request(request.method, url, data=data) as response:
            body = await response.read()
            kept = {name: value for name, value in response.headers.items() if name == "X-Total-Count"}
            return Answer(response.status, decode(body) if body else None, kept)


@asynccontextmanager
async def odd_backend(backend: OddBackend) -> AsyncIterator[str]:
    """Serves it; yields its URL."""
    async with RawTestServer(backend.handle) as server:
        yield str(server.make_url("")).rstrip("/")
