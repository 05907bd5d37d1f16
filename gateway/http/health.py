"""What an orchestrator asks: is the process alive, and may requests be sent to it."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

METHODS = ["GET", "HEAD"]


def health_routes() -> list[Route]:
    """/healthz and /readyz.

    Both answer 200 as long as the process serves. No backend is asked: with one of them down the gateway still answers
    what the others give, and replicas must not all leave the balancer because of it. A gateway that drains has closed
    its port, so it need not say that it is not ready.
    """
    return [Route("/healthz", _alive, methods=METHODS), Route("/readyz", _ready, methods=METHODS)]


async def _alive(request: Request) -> JSONResponse:
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ready"})
