"""A small graph behind the real HTTP layer, with keys of a test issuer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)
from starlette.types import ASGIApp

from gateway.admission import Admission
from gateway.config import IdentitySettings, LimitSettings, RedisSettings, ServerSettings
from gateway.domain.caller import CALLER
from gateway.domain.viewer import Scope, Viewer
from gateway.engine import Engine
from gateway.errors import BackendTimeout, Unauthenticated
from gateway.http import create_app
from gateway.http.answers import Answers
from gateway.http.authentication import Authenticator
from gateway.http.detached import Detached
from gateway.http.health import Health
from gateway.http.request_counts import RequestCounts
from gateway.serving import serving
from gateway.store.changes import Changes
from gateway.store.generations import Generations
from gateway.store.process_cache import ProcessCache
from gateway.store.redis_server import RedisServer
from tests.http.sessions import RevokedSessions

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())

IDENTITY = IdentitySettings(issuer="https://id.test", jwks_url="https://id.test/jwks")
LIMITS = LimitSettings(body_max_bytes=20_000, request_timeout_seconds=0.5)
SERVER = ServerSettings(cors_origins=("https://shop.test", "localhost"), graphiql=True)


class Work:
    """What slow fields, and the issuer when it is slow, were doing, for tests that count it."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.caught_up: list[tuple[str, int]] = []

    async def catch_up(self, company_id: str, number: int) -> None:
        """What clients said they have seen."""
        self.caught_up.append((company_id, number))

    async def run(self) -> str:
        """Takes longer than any test."""
        self.started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return "late"


class Issuer:
    """A test issuer with one key."""

    settings = IDENTITY
    now = NOW

    def __init__(self, work: Work) -> None:
        self._work = work

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """The key `k1`, or `slow` after a while; Unauthenticated for any other id."""
        if kid == "slow":
            await self._work.run()
        elif kid != "k1":
            raise Unauthenticated("The token is signed with an unknown key.")
        return jwt.PyJWK.from_json(jwt.algorithms.ECAlgorithm.to_jwk(PRIVATE_KEY.public_key()), algorithm)


class Policy:
    """`echo`, `slow`… are public; `secret` needs a scope."""

    def scopes(self, object_type_name: str, field_name: str) -> frozenset[Scope]:
        """What a field asks for."""
        return frozenset({Scope.INVOICE_READ} if field_name == "secret" else ())

    def is_audited(self, object_type_name: str, field_name: str) -> bool:
        return False

    def is_public(self, object_type_name: str, field_name: str) -> bool:
        """Whether a field needs no token."""
        return field_name not in ("secret", "private")


class RequestContext:
    """What this graph's resolvers use."""

    def __init__(self, viewer: Viewer, request_id: str) -> None:
        self.viewer = viewer
        self.request_id = request_id


def make_schema(work: Work) -> GraphQLSchema:
    """A graph with one field for each kind of outcome."""

    def fail(message: str) -> Callable[..., Any]:
        def resolve(*_: object) -> None:
            raise ValueError(message)

        return resolve

    def time_out(*_: object) -> None:
        raise BackendTimeout("crm", "crm did not answer within 2 s.")

    def caller(_: object, info: Any) -> str:
        current = CALLER.get()
        assert current is not None
        return f"{current.request_id} {'token' if current.token else 'no token'} {info.context.viewer.subject}"

    async def slow(*_: object) -> str:
        return await work.run()

    def field(resolve: Callable[..., Any], **arguments: GraphQLArgument) -> GraphQLField:
        return GraphQLField(GraphQLString, args=arguments, resolve=resolve)

    fields = {
        "echo": field(lambda _, info, text: text, text=GraphQLArgument(GraphQLNonNull(GraphQLString), "none")),
        "number": GraphQLField(GraphQLInt, resolve=lambda *_: "a secret value"),
        "broken": field(fail("password of the database")),
        "manyBroken": GraphQLField(
            GraphQLList(GraphQLObjectType("Row", {"broken": field(fail("row failed"))})), resolve=lambda *_: range(50)
        ),
        "late": field(time_out),
        "caller": field(caller),
        "secret": field(lambda *_: "42"),
        "private": field(lambda *_: "mine"),
        "slow": field(slow),
    }
    mutation = GraphQLObjectType("Mutation", {"change": field(lambda *_: "changed")})
    return GraphQLSchema(GraphQLObjectType("Query", fields), mutation)


def make_answers() -> Answers:
    """Answers that requests under way share, and that nothing keeps."""
    server = RedisServer(RedisSettings(cache_url="redis://127.0.0.1:9"))
    generations = Generations(server, Changes(server), lambda: NOW)
    return Answers(ProcessCache(0), generations, lambda: NOW, joins=True, keeps=False)


@pytest.fixture(scope="module")
def work() -> Work:
    """What the field `slow` and the issuer's key `slow` wait for."""
    return Work()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http_client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that lives as long as the server of the module."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture(scope="module")
def make_app(work: Work) -> Callable[[Authenticator], ASGIApp]:
    """Makes the gateway's HTTP layer around an authenticator."""

    def make(authenticator: Authenticator) -> ASGIApp:
        return create_app(
            admission=Admission(make_schema(work), LIMITS, introspection=True, policy=Policy()),
            engine=Engine(),
            catch_up=work.catch_up,
            answers=make_answers(),
            new_context=RequestContext,  # type: ignore[arg-type]  # this graph needs no loaders
            authenticator=authenticator,
            server=SERVER,
            limits=LIMITS,
            mutations=Detached(),
            counts=RequestCounts(),
            health=Health({"crm": lambda: "failing"}),
        )

    return make


@pytest.fixture(scope="module")
def app(make_app: Callable[[Authenticator], ASGIApp], issuer: Issuer) -> ASGIApp:
    """The gateway's HTTP layer."""
    return make_app(Authenticator(IDENTITY, issuer, lambda: NOW, RevokedSessions()))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(app: ASGIApp) -> AsyncIterator[str]:
    """The gateway's HTTP layer, listening."""
    async with serving(app, grace_seconds=0.1) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def issuer(work: Work) -> Issuer:
    """The issuer whose tokens `token` makes."""
    return Issuer(work)


@pytest.fixture(scope="module")
def token() -> Callable[..., str]:
    """Makes a token: an administrator's, unless claims say otherwise (None removes one)."""

    def make(key: ec.EllipticCurvePrivateKey = PRIVATE_KEY, kid: str = "k1", **claims: object) -> str:
        standard: dict[str, object] = {
            "iss": IDENTITY.issuer,
            "aud": IDENTITY.audience,
            "sub": "anna",
            "iat": NOW - timedelta(minutes=1),
            "exp": NOW + timedelta(minutes=10),
            "role": "USER_ADMIN",
            "company_id": "org-0001",
        }
        chosen = {name: value for name, value in (standard | claims).items() if value is not None}
        return jwt.encode(chosen, key, algorithm="ES256", headers={"kid": kid})

    return make
