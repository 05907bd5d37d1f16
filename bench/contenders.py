"""Who is measured: the gateway in its scenarios, its peers, and what no GraphQL server can beat."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.gateway_process import Scenario, gateway_process
from bench.server_process import ServerProcess, server_process
from bench.surroundings import Surroundings

PEERS = Path(__file__).parent / "peers"
NODE_BIN = PEERS / "node_modules" / ".bin"

SHARING_OFF = "telco-gateway, sharing off"
SHARING_ON = "telco-gateway, sharing on"
CACHE_WARM = "telco-gateway, cache warm"
REFERENCE = "telco-gateway on graphql-core's executor"
WORKERS = "telco-gateway, two workers on both cores"
APOLLO = "Apollo Server 5, DataLoader"
MERCURIUS = "Mercurius 16, loaders, graphql-jit"
YOGA = "GraphQL Yoga 5, DataLoader, graphql-jit"
STRAWBERRY = "Strawberry, caches, DataLoader"
BARE = "no GraphQL: ASGI, aiohttp, msgspec"
BARE_SHARING = "no GraphQL, joining identical calls"
CONSTANT = "ASGI, constant bytes"
NODE_PEERS = (APOLLO, MERCURIUS, YOGA)


class Contender(NamedTuple):
    """One server under test: the gateway in a scenario, or a command; `loads` are those it can answer, all if empty."""

    name: str
    scenario: Scenario | None = None
    command: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The name as files may have it."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name.lower())

    @property
    def keeps_answers(self) -> bool:
        """Whether it is measured with what it keeps, so that it has to be warm."""
        return self.scenario is not None and self.scenario.cache

    def answers(self, load: str) -> bool:
        """Whether it takes part in a load."""
        return not self.loads or load in self.loads

    def missing(self) -> str:
        """Why it cannot be measured; empty when it can."""
        if self.scenario is not None:
            unknown = self.scenario.unknown_settings()
            return f"this version has no setting {', '.join(unknown)}" if unknown else ""
        is_node = self.command[0] == "node"
        return "" if not is_node or shutil.which("node", path=str(NODE_BIN)) else "its packages are not installed"

    @contextmanager
    def running(self, surroundings: Surroundings, cores: set[int]) -> Iterator[ServerProcess]:
        """Started on these cores, ended on leaving."""
        if self.scenario is not None:
            with gateway_process(
                surroundings.directory,
                self.slug,
                self.scenario,
                surroundings.backend.url,
                surroundings.redis_url,
                cores,
            ) as process:
                yield process
            return
        program, *rest = self.command
        path = f"{NODE_BIN}{os.pathsep}{os.environ['PATH']}"
        program = shutil.which(program, path=path) or program
        environment = {"BACKEND": surroundings.backend.url, "PORT": "0", "NODE_ENV": "production"}
        log = surroundings.directory / f"{self.slug}.log"
        with server_process([program, *rest], log=log, environment=environment, cores=cores) as process:
            yield process


def _node(name: str, file: str, *, loads: tuple[str, ...] = ()) -> Contender:
    return Contender(name, command=("node", str(PEERS / file)), loads=loads)


def _python(name: str, module: str, *options: str, loads: tuple[str, ...] = ()) -> Contender:
    return Contender(name, command=(sys.executable, "-m", f"bench.peers.{module}", *options), loads=loads)


NOT_LONG = ("Q1", "Q1 of 200", "Q2", "Q3", "Q2 of 200", "Q3 of 200")
"""For those who have no target with 500 lines: a round takes long enough."""

OURS = (
    Contender(SHARING_ON, Scenario(sharing=True, cache=False)),
    Contender(SHARING_OFF, Scenario(sharing=False, cache=False)),
    Contender(CACHE_WARM, Scenario(sharing=True, cache=True), loads=NOT_LONG),
    Contender(REFERENCE, Scenario(sharing=False, cache=False, engine="reference"), loads=("Q1", "Q2")),
)
TWO_WORKERS = Contender(WORKERS, Scenario(sharing=True, cache=False, workers=2), loads=("Q2", "Q2 of 200"))
PEERS_OF_OURS = (
    _node(MERCURIUS, "mercurius.mjs"),
    _node(YOGA, "yoga.mjs"),
    _node(APOLLO, "apollo.mjs", loads=NOT_LONG),
    _python(STRAWBERRY, "strawberry_server", loads=("Q1", "Q2", "Q3", "Q2 of 200")),
)
BOUNDS = (
    _python(BARE, "bare"),
    _python(BARE_SHARING, "bare", "--shares", loads=NOT_LONG),
    _python(CONSTANT, "bare", "--constant", loads=("Q1",)),
)
EVERYBODY = (*OURS, TWO_WORKERS, *PEERS_OF_OURS, *BOUNDS)
