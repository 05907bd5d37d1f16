"""The ASGI application of the gateway: routes and the middleware around them."""

from starlette.responses import JSONResponse
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.admission import Admission
from gateway.config import LimitSettings, ServerSettings
from gateway.engine import Engine
from gateway.http.authentication import Authenticator
from gateway.http.cors import CorsMiddleware
from gateway.http.endpoint import GraphQLEndpoint, NewContext
from gateway.http.graphiql import graphiql_routes
from gateway.http.health import health_routes
from gateway.http.request_record import RequestRecordMiddleware


def create_app(
    *,
    admission: Admission,
    engine: Engine,
    new_context: NewContext,
    authenticator: Authenticator,
    server: ServerSettings,
    limits: LimitSettings,
) -> ASGIApp:
    """/graphql, /healthz, /readyz and, where the settings say so, GraphiQL at /."""
    graphql = GraphQLEndpoint(
        admission=admission, engine=engine, new_context=new_context, authenticator=authenticator, limits=limits
    )
    routes = [Route("/graphql", graphql), *health_routes(), *(graphiql_routes() if server.graphiql else [])]
    router = Router(routes, redirect_slashes=False, default=_not_found)
    return RequestRecordMiddleware(CorsMiddleware(router, origins=server.cors_origins))


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Says where the graph is; websockets, which the gateway does not speak, are closed."""
    if scope["type"] == "http":
        await JSONResponse({"message": "The graph is at /graphql."}, 404)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1000})
