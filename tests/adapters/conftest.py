"""A small TM Forum server that can be told to misbehave as real ones do, and clients of it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from structlog.testing import capture_logs

from gateway.adapters._client import BackendClient
from gateway.config import BackendSettings, RetryPolicy

Row = dict[str, Any]
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


class Seen(msgspec.Struct, frozen=True):
    """One request as the server got it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """What follows the API's base path, `/customerBill`, without its query."""
        return "/" + self.target.partition("?")[0].split("/v4/", 1)[-1]

    @property
    def query(self) -> list[str]:
        """The parameters as they were sent, `fields` left out."""
        query = self.target.partition("?")[2]
        return [pair for pair in query.split("&") if pair and not pair.startswith("fields=")]


class TmfServer:
    """Serves `rows` of each path by TMF630; the attributes below make it one of the servers met in practice."""

    def __init__(self) -> None:
        self.url = ""
        self.rows: dict[str, list[Row]] = {}
        self.seen: list[Seen] = []
        self.answer: Handler | None = None
        self.ignored: set[str] = set()
        self.separator: str | None = ","
        self.literal = False
        self.from_suffix = ".gte"
        self.page_cap = 100
        self.total: Callable[[int, int], int | None] = lambda matching, _collection: matching
        self.offset_ignored = False
        self.empty_as_404 = False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        self.seen.append(Seen(request.method, request.raw_path, dict(request.headers), await request.read()))
        if self.answer is not None:
            return await self.answer(request)
        resource, _, id = self.seen[-1].path[1:].partition("/")
        rows = self.rows.get(resource)
        if rows is None:
            return web.json_response({"code": 60, "reason": "no such resource"}, status=404)
        return self._one(rows, unquote(id)) if id else self._many(rows, self.seen[-1].target.partition("?")[2])

    def _one(self, rows: list[Row], id: str) -> web.Response:
        found = [row for row in rows if row["id"] == id]
        return _json(found[0]) if found else web.json_response({"code": "60", "reason": "not found"}, status=404)

    def _many(self, rows: list[Row], query: str) -> web.Response:
        asked: dict[str, list[str]] = {}
        for pair in filter(None, query.split("&")):
            name, _, value = pair.partition("=")
            asked.setdefault(unquote(name), []).append(unquote(value))
        offset, limit = int(asked.pop("offset", ["0"])[0]), int(asked.pop("limit", ["20"])[0])
        sort = asked.pop("sort", None)
        asked.pop("fields", None)
        matching = [row for row in rows if all(self._passes(row, name, values) for name, values in asked.items())]
        if sort:
            matching.sort(key=lambda row: str(row.get(sort[0])))
        start = 0 if self.offset_ignored else offset
        page = matching[start : start + min(limit, self.page_cap)]
        if not page and self.empty_as_404:
            return web.json_response({"code": 60, "reason": "nothing found"}, status=404)
        total = self.total(len(matching), len(rows))
        headers = {} if total is None else {"X-Total-Count": str(total)}
        return _json(page, 200 if len(page) == len(matching) else 206, headers)

    def _passes(self, row: Row, name: str, values: list[str]) -> bool:
        if name in self.ignored:
            return True
        if name.endswith(self.from_suffix):
            found = _reach(row, name.removesuffix(self.from_suffix).split("."))
            return any(_moment(value) >= _moment(values[0]) for value in found)
        wanted = values
        if self.separator is not None:
            wanted = [part for value in values for part in value.split(self.separator)]
        elif len(values) == 1 and "," in values[0] and not self.literal:
            return True  # several values in one are not understood, so the filter has no effect
        return not set(wanted).isdisjoint(_reach(row, name.split(".")))

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [seen.path for seen in self.seen]


def _reach(value: object, path: list[str]) -> list[str]:
    if isinstance(value, list):
        return [found for element in value for found in _reach(element, path)]
    if not path:
        return [str(value)]
    return _reach(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _json(document: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # Amounts are written as text between bars, so that 12.30 goes out with both of its decimals.
    text = json.dumps(document).replace('"|', "").replace('|"', "")
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


@pytest.fixture
async def server() -> AsyncIterator[TmfServer]:
    """A server on loopback, empty until a test gives it rows."""
    tmf = TmfServer()
    async with RawTestServer(tmf.handle) as raw:
        tmf.url = str(raw.make_url("")).rstrip("/")
        yield tmf


Connect = Callable[..., AbstractAsyncContextManager[BackendClient]]


@pytest.fixture
def connect(server: TmfServer) -> Connect:
    """Makes a client of the server: `connect("crm", list_max_rows=…, apis={…}, auth=…)`; it tries everything once."""

    @asynccontextmanager
    async def client(name: str, *, list_max_rows: int = 1_000, **settings: Any) -> AsyncIterator[BackendClient]:
        backend = BackendSettings(**{"url": server.url, "retry": RetryPolicy(attempts_max=1), **settings})
        async with BackendClient(name, backend, list_max_rows=list_max_rows, clock=lambda: NOW) as made:
            yield made

    return client


@pytest.fixture
def logged() -> Iterator[list[Row]]:
    """The log's events as they come."""
    structlog.reset_defaults()
    with capture_logs() as events:
        yield events  # type: ignore[misc]
