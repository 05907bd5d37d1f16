"""What an orchestrator asks: is the process alive, may requests be sent to it, and how are its dependencies."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.domain.dependency import DependencyState

METHODS = ["GET", "HEAD"]


class Health:
    """What is known of each dependency, by its name, and whether this process still takes requests.

    Nobody is asked: probes come often, from every node, and a backend that struggles must not answer them too.
    """

    def __init__(self, dependencies: Mapping[str, Callable[[], DependencyState]]) -> None:
        self._dependencies = dependencies
        self.is_draining = False

    def drain(self) -> None:
        """From now on no new requests are wanted."""
        self.is_draining = True

    def states(self) -> dict[str, DependencyState]:
        """The state of each dependency."""
        return {name: state() for name, state in self._dependencies.items()}


def health_routes(health: Health) -> list[Route]:
    """/livez, 200 as long as the process serves, and /readyz, 503 from the moment it drains.

    A dependency that fails is told and changes no status: the gateway still answers what the others give, and replicas
    that share a backend must not all leave the balancer because of it.
    """

    async def alive(request: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def ready(request: Request) -> JSONResponse:
        status = "draining" if health.is_draining else "ready"
        return JSONResponse(
            {"status": status, "dependencies": health.states()},
            503 if health.is_draining else 200,
            {"Cache-Control": "no-store"},
        )

    return [Route("/livez", alive, methods=METHODS), Route("/readyz", ready, methods=METHODS)]
