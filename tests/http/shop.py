"""The HTTP layer on answers that are made, joined and kept under a test's hands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, GraphQLString
from msgspec.structs import replace

from gateway.admission import Admission
from gateway.config import LimitSettings, RedisSettings
from gateway.domain.freshness import FRESHNESS
from gateway.domain.viewer import OWN_COMPANY, Role, Viewer
from gateway.engine import Engine
from gateway.http import create_app
from gateway.http.answers import Answer, Answers, Question
from gateway.http.authentication import Authenticator
from gateway.http.detached import Detached
from gateway.http.errors import FormattedError
from gateway.http.graphql_request import RawRequest
from gateway.http.health import Health
from gateway.http.request_counts import RequestCounts
from gateway.serving import serving
from gateway.store.changes import Changes
from gateway.store.generations import Generations
from gateway.store.process_cache import ProcessCache
from gateway.store.redis_server import RedisServer
from tests.http.conftest import IDENTITY, NOW, SERVER, Issuer, Policy, RequestContext, Work, make_schema
from tests.http.sessions import RevokedSessions
from tests.store.conftest import Clock, until

FRESH_SECONDS = 60.0
PATIENT = LimitSettings(request_timeout_seconds=20)
VIEWER = Viewer("anna", Role.USER_ADMIN, "org-0001", OWN_COMPANY)
OPERATOR = Viewer("otto", Role.OPERATOR, None, OWN_COMPANY)
TEXT = b'{"query": "{ viewer { company { name } } }"}'


def question(
    viewer: Viewer = VIEWER, *, is_get: bool = False, text: bytes = TEXT, token: bytes | None = None
) -> Question:
    """Anna's, as she asks it once more: equal to all others that differ in nothing, and no object is the same."""
    return Question(replace(viewer), RawRequest(is_get, bytes(bytearray(text))), token)


class Desk:
    """Answers as the endpoint has them; what is made is numbered, and held back where a test says so."""

    def __init__(
        self, *, joins: bool = True, keeps: bool = True, by_caller: bool = False, max_bytes: int = 1_000_000
    ) -> None:
        self.clock = Clock()
        server = RedisServer(RedisSettings(cache_url="redis://127.0.0.1:9"))
        self.generations = Generations(server, Changes(server), self.clock)
        self.process = ProcessCache(max_bytes)
        self.answers = Answers(
            self.process, self.generations, self.clock, joins=joins, keeps=keeps, by_caller=by_caller
        )
        self.made = self.given_up = 0
        self.held: dict[int, asyncio.Event] = {}
        self.failing: set[int] = set()
        self.errors: list[FormattedError] = []
        self.fresh_seconds = FRESH_SECONDS
        self.padding = b""

    def hold(self, *numbers: int) -> None:
        """The answers of these numbers wait to be let go."""
        self.held |= {number: asyncio.Event() for number in numbers}

    def let_go(self, *numbers: int) -> None:
        """They are ready now."""
        for number in numbers:
            self.held[number].set()

    async def ask(self, asked: Question | None = None) -> Answer:
        """The answer to a question: the kept one, the one that is being made, or one that is made for it."""
        asked = asked or question()
        async with asyncio.timeout(5):
            found = self.answers.kept(asked) or await self.answers.under_way(asked)
            return found or await self.answers.made(asked, self._make)

    async def begin(self, asked: Question | None = None) -> asyncio.Task[Answer]:
        """Asks, and comes back when the question waits for something."""
        task = asyncio.create_task(self.ask(asked))
        await asyncio.sleep(0)
        return task

    async def numbers(self, times: int) -> list[bytes]:
        """The numbers of the answers to the question that is asked so many times, one after the other."""
        return [(await self.ask()).data for _ in range(times)]

    def write(self, company_id: str = "org-0001") -> None:
        """A company is written to, on another replica."""
        held = self.generations.of(company_id)
        self.generations.learned(company_id, 1)
        self.generations.learned(company_id, 2)
        assert held.number == 2

    async def _make(self) -> Answer:
        self.made += 1
        number = self.made
        freshness = FRESHNESS.get()
        if freshness is not None:
            freshness.note(self.clock().timestamp() + self.fresh_seconds)
        if number in self.held:
            try:
                await self.held[number].wait()
            except asyncio.CancelledError:
                self.given_up += 1
                raise
        if number in self.failing:
            raise ZeroDivisionError(number)
        return Answer(b"%d" % number + self.padding, self.errors, "Name", "query", f"request-{number}")


class Counter(Work):
    """What fields and mutations wait for, counted, until a test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.running = 0
        self.cancelled_count = 0
        self.gate = asyncio.Event()

    async def run(self) -> str:
        """As long as it takes."""
        self.running += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled_count += 1
            raise
        return f"run {self.running}"


class Watched(Answers):
    """Answers that count who comes in."""

    arrived = 0

    async def under_way(self, question: Question) -> Answer | None:
        """From here to where it waits, a question gives nobody else a turn."""
        self.arrived += 1
        return await super().under_way(question)


class Reply(NamedTuple):
    """What a client gets."""

    status: int
    request_id: str
    body: Any


class Shop:
    """The HTTP layer, listening, on answers that are kept too; `news` is a field that is news for a minute."""

    def __init__(
        self, work: Counter, url: str, desk: Desk, answers: Watched, sessions: RevokedSessions, mutations: Detached
    ) -> None:
        self.work = work
        self.url = url
        self.desk = desk
        self.answers = answers
        self.sessions = sessions
        self.mutations = mutations
        self.client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def ask(self, query: str, request_id: str, token: str | None = None, **headers: str) -> Reply:
        """Posts a query."""
        sent = {"X-Request-ID": request_id, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        async with self.client.post(f"{self.url}/graphql", json={"query": query}, headers=sent) as response:
            return Reply(response.status, response.headers["X-Request-ID"], await response.json(content_type=None))

    async def begin(self, query: str, request_id: str, token: str | None = None) -> asyncio.Task[Reply]:
        """Posts a query, and comes back when the gateway has it."""
        arrived = self.answers.arrived
        task = asyncio.create_task(self.ask(query, request_id, token))
        await until(lambda: self.answers.arrived > arrived, 5)
        return task


@asynccontextmanager
async def open_shop(limits: LimitSettings = PATIENT) -> AsyncIterator[Shop]:
    work, desk, sessions, mutations = Counter(), Desk(), RevokedSessions(), Detached()

    def news(*_: object) -> str:
        freshness = FRESHNESS.get()
        if freshness is not None:
            freshness.note(desk.clock().timestamp() + FRESH_SECONDS)
        return "new"

    async def change(*_: object) -> str:
        return await work.run()

    async def catch_up(company_id: str, number: int) -> None:
        desk.write()

    query = make_schema(work).query_type
    assert query is not None
    query.fields["news"] = GraphQLField(GraphQLString, resolve=news)
    changes = {"change": GraphQLField(GraphQLString, resolve=change)}
    schema = GraphQLSchema(query, GraphQLObjectType("Mutation", changes))
    answers = Watched(desk.process, desk.generations, desk.clock, joins=True, keeps=True)
    app = create_app(
        admission=Admission(schema, limits, introspection=True, policy=Policy()),
        engine=Engine(),
        catch_up=catch_up,
        answers=answers,
        new_context=RequestContext,  # type: ignore[arg-type]  # this graph needs no loaders
        authenticator=Authenticator(IDENTITY, Issuer(work), desk.clock, sessions),
        server=SERVER,
        limits=limits,
        mutations=mutations,
        counts=RequestCounts(),
        health=Health({}),
    )
    desk.clock.now = NOW
    async with serving(app, grace_seconds=0.1) as url:
        shop = Shop(work, url, desk, answers, sessions, mutations)
        async with shop.client:
            yield shop
