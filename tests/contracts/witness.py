"""Stands between the gateway and a backend, passes everything on as it is, and holds it to the contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from yarl import URL

from tests.contracts.traffic import answer_errors, operation_of, request_errors


class Seen(NamedTuple):
    """What was asked, in the contract's words, and the status it was answered with."""

    backend: str
    method: str
    path: str
    parameters: frozenset[str]
    status: int


class Witness:
    """All that went by, and everything in it that no contract says."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.errors: list[str] = []

    @asynccontextmanager
    async def before(self, backend: str, url: str) -> AsyncIterator[str]:
        """The URL at which the backend behind `url` is asked under observation."""
        async with aiohttp.ClientSession(auto_decompress=False) as session:

            async def handle(request: web.BaseRequest) -> web.StreamResponse:
                return await self._passed_on(session, backend, url, request)

            async with RawTestServer(handle) as server:
                yield str(server.make_url("")).rstrip("/")

    async def _passed_on(
        self, session: aiohttp.ClientSession, backend: str, url: str, request: web.BaseRequest
    ) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        body = await request.read()
        target = URL(f"{url}{request.raw_path}", encoded=True)
        async with session.request(request.method, target, data=body or None) as response:
            answer = await response.read()
        self._look(backend, request.method, path, query, body, response.status, answer)
        headers = {
            name: response.headers[name] for name in ("X-Total-Count", "Content-Type") if name in response.headers
        }
        return web.Response(body=answer, status=response.status, headers=headers)

    def _look(self, backend: str, method: str, path: str, query: str, body: bytes, status: int, answer: bytes) -> None:
        self.errors += request_errors(backend, method, path, query, body)
        self.errors += answer_errors(backend, method, path, status, answer)
        found = operation_of(backend, method, path)
        parameters = frozenset(name for name, _ in parse_qsl(query, keep_blank_values=True))
        self.seen.append(Seen(backend, method, path if found is None else found[0], parameters, status))
