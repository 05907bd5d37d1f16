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
from gateway.http.endpoint import GraphQLEndpoint, NewContext
from gateway.http.graphiql import graphiql_routes
from gateway.http.health import health_routes
from gateway.http.other_paths import OtherPaths

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
) -> ASGIApp:
    """/graphql, /healthz, /readyz and, where the settings say so, GraphiQL at /."""
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
    )
    routes = [*health_routes(), *(graphiql_routes() if server.graphiql else [])]
    others = OtherPaths(Router(routes, redirect_slashes=False, default=_not_found), cors)

    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_of_graph = scope["type"] == "http" and scope["path"] == GRAPH_PATH
        return (graphql if is_of_graph else others)(scope, receive, send)

    return app


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Says where the graph is; websockets, which the gateway does not speak, are closed."""
    if scope["type"] == "http":
        await JSONResponse({"message": f"The graph is at {GRAPH_PATH}."}, 404)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1000})
