"""The ASGI application of the gateway: the graph, and everything else."""

from collections.abc import Awaitable

from starlette.responses import JSONResponse
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.admission import Admission
from gateway.config import LimitSettings, ServerSettings
from gateway.engine import Engine
from gateway.http.answers import Answers
from gateway.http.authentication import Authenticator
from gateway.http.consistency import CatchUp
from gateway.http.cors import Cors
from gateway.http.detached import Detached
from gateway.http.endpoint import GraphQLEndpoint, NewContext
from gateway.http.graphiql import graphiql_routes
from gateway.http.health import Health, health_routes
from gateway.http.other_paths import OtherPaths
from gateway.http.request_counts import RequestCounts
from gateway.serving import Again, SendWhole
from gateway.tracing import Tracer

GRAPH_PATH = "/graphql"


def create_app(
    *,
    admission: Admission,
    engine: Engine,
    new_context: NewContext,
    answers: Answers,
    catch_up: CatchUp,
    authenticator: Authenticator,
    server: ServerSettings,
    limits: LimitSettings,
    mutations: Detached,
    counts: RequestCounts,
    health: Health,
    tracer: Tracer | None = None,
) -> ASGIApp:
    """/graphql, /livez, /readyz and, where the settings say so, GraphiQL at /.

    Mutations run in `mutations`, for which whoever closes what they use has to wait.
    """
    cors = Cors(server.cors_origins)
    graphql = GraphQLEndpoint(
        admission=admission,
        engine=engine,
        new_context=new_context,
        answers=answers,
        catch_up=catch_up,
        authenticator=authenticator,
        cors=cors,
        limits=limits,
        mutations=mutations,
        counts=counts,
        slow_seconds=server.slow_operation_seconds,
        tracer=tracer,
    )
    routes = [*health_routes(health), *(graphiql_routes() if server.graphiql else [])]
    others = OtherPaths(Router(routes, redirect_slashes=False, default=_not_found), cors)
    return _App(graphql, others)


class _App:
    """The graph at its path, everything else elsewhere."""

    def __init__(self, graphql: GraphQLEndpoint, others: ASGIApp) -> None:
        self._graphql = graphql
        self._others = others

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        app = self._graphql if _is_of_graph(scope) else self._others
        return app(scope, receive, send)

    def answer_at_once(self, scope: Scope, body: bytes, send_whole: SendWhole) -> Again | None:
        """The graph's answers that are there already; see `gateway.serving`."""
        return self._graphql.answer_at_once(scope, body, send_whole) if _is_of_graph(scope) else None


def _is_of_graph(scope: Scope) -> bool:
    is_http: bool = scope["type"] == "http"
    return is_http and bool(scope["path"] == GRAPH_PATH)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Says where the graph is; websockets, which the gateway does not speak, are closed."""
    if scope["type"] == "http":
        await JSONResponse({"message": f"The graph is at {GRAPH_PATH}."}, 404)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1000})
