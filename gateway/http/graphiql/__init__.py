"""GraphiQL, the query editor in the browser: its files travel with the gateway, so it needs no other site."""

import gzip
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent

CONTENT_TYPES = {
    "page.html": "text/html; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "default.graphql": "text/plain; charset=utf-8",
    "react.production.min.js": "text/javascript; charset=utf-8",
    "react-dom.production.min.js": "text/javascript; charset=utf-8",
    "graphiql.min.js": "text/javascript; charset=utf-8",
    "graphiql.min.css": "text/css; charset=utf-8",
}
"""The only files that are served, and as what."""

HEADERS = {
    # Styles may be inline because the editor sets them from its own script; scripts may not.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}


def graphiql_routes() -> list[Route]:
    """/ and the files it asks for under /graphiql/."""
    methods = ["GET", "HEAD"]
    return [Route("/", _page, methods=methods), Route("/graphiql/{name}", _file, methods=methods)]


async def _page(request: Request) -> Response:
    return _response("page.html", request)


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    return _response(name, request) if name in CONTENT_TYPES else Response(status_code=404)


def _response(name: str, request: Request) -> Response:
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = HEADERS | {"Content-Type": CONTENT_TYPES[name], "Cache-Control": "no-cache"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(_content(name, zipped), headers=headers)


@cache
def _content(name: str, zipped: bool) -> bytes:
    content = (FOLDER / name).read_bytes()
    return gzip.compress(content, mtime=0) if zipped else content
