"""The three simulated backends: separate HTTP servers over one world."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.serving import serving
from gateway.simulator.backend import APIS, application, backend_routes
from gateway.simulator.control import Control
from gateway.simulator.faults import Faults
from gateway.simulator.identity import Identity
from gateway.simulator.identity_routes import identity_routes
from gateway.simulator.knobs import ALL_WELL, Knobs
from gateway.simulator.world import World

GRACE_SECONDS = 0.5
PORT_SETTING, HOST_SETTING = "--backend-ports", "--host"


class SimulatedBackends:
    """The running backends: base URLs without a trailing slash, the identity provider, each backend's faults."""

    def __init__(self, urls: dict[str, str], identity: Identity, faults: dict[str, Faults]) -> None:
        self.billing = urls["billing"]
        self.provisioning = urls["provisioning"]
        self.crm = urls["crm"]
        self.identity = identity
        self.faults = faults


@asynccontextmanager
async def simulated_backends(
    world: World,
    *,
    host: str = "127.0.0.1",
    ports: tuple[int, int, int] = (0, 0, 0),
    knobs: Knobs = ALL_WELL,
) -> AsyncIterator[SimulatedBackends]:
    """Serves billing, provisioning and CRM (which is also the identity provider) on three ports; 0 is any free one.

    All begin with `knobs`, and go back to them when they are reset. ConfigurationError names a port that cannot be
    had; then none is served.
    """
    identity = Identity(world.seed, clock=world.clock)
    stopping = asyncio.Event()
    faults = {name: _backend(name, world, identity, stopping, knobs) for name in APIS}
    async with AsyncExitStack() as stack:
        urls = {
            name: await stack.enter_async_context(
                serving(
                    app,
                    host=host,
                    port=port,
                    grace_seconds=GRACE_SECONDS,
                    port_setting=PORT_SETTING,
                    host_setting=HOST_SETTING,
                )
            )
            for (name, app), port in zip(faults.items(), ports, strict=True)
        }
        stack.callback(stopping.set)  # called before the servers are left: what hangs lets go
        yield SimulatedBackends(urls, identity, faults)


def _backend(name: str, world: World, identity: Identity, stopping: asyncio.Event, knobs: Knobs) -> Faults:
    routes = [*backend_routes(name, world), *Control(world, lambda: faults).routes()]
    if name == "crm":
        routes += identity_routes(identity)
    faults = Faults(application(routes), seed=world.seed, stopping=stopping, knobs=knobs)
    return faults
