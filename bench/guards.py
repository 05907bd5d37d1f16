"""`python -m bench.guards`: what leaving backends alone costs: Q2 with and without guards, in turns, in this process.

Processor time, of the gateway's application without its server, which both have alike; sharing and cache are off, so
that every request makes its three calls.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import uvloop
from starlette.types import ASGIApp, Message, Scope

from bench.cores import pin, split_cores
from bench.gateway_process import Scenario, settings
from bench.load import CONNECTIONS, Load, loads
from bench.surroundings import Surroundings, surroundings
from gateway.adapters._guard import Guard
from gateway.app import composed
from gateway.cli.garbage import collect_rarely
from gateway.config import load_settings
from gateway.log import configure_logging
from gateway.serving import LEAVING, WHOLE_REPLY

ROUNDS, REQUESTS = 40, 640
TARGET_PERCENT = 5.0


def main() -> int:
    """Says what it costs, beside what it may."""
    pin(split_cores().server)
    with surroundings() as around, Path(os.devnull).open("w") as nowhere:
        configure_logging("info", stream=nowhere)
        percent = uvloop.run(cost_percent(around))
    print(
        f"Leaving backends alone costs {percent:.1f} % of Q2's processor time; at most {TARGET_PERCENT:g} % is allowed."
    )
    return 0


async def cost_percent(around: Surroundings) -> float:
    """The median of the rounds' differences, in percent of the time without guards."""
    file = around.directory / "guards.toml"
    file.write_text(settings(Scenario(sharing=False, cache=False), around.backend.url, around.redis_url))
    load = loads(around.world)["Q2"]
    async with composed(load_settings(file, {})) as (app, _):
        await _seconds(app, around, load)
        collect_rarely()
        ratios = []
        for _ in range(ROUNDS):
            with _unguarded():
                without = await _seconds(app, around, load)
            ratios.append(await _seconds(app, around, load) / without)
    return (median(ratios) - 1) * 100


@contextmanager
def _unguarded() -> Iterator[None]:
    """Calls go out as they come."""

    async def run(_guard: Guard, _call: object, exchange: Any, _until: float) -> Any:
        return await exchange(1, asyncio.get_running_loop().time() + 2.0)

    guarded = Guard.run
    Guard.run = run  # type: ignore[method-assign,assignment] # of any type
    try:
        yield
    finally:
        Guard.run = guarded  # type: ignore[method-assign]


async def _seconds(app: ASGIApp, around: Surroundings, load: Load) -> float:
    """Processor time of so many requests, as many at once as the other benchmarks have connections."""
    body, token = load.query.body(load.companies[0]), around.issuer.token(load.companies[0])
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]

    async def client() -> None:
        for _ in range(REQUESTS // CONNECTIONS):
            await asyncio.create_task(_asked(app, headers, body))

    began = time.process_time()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return time.process_time() - began


async def _asked(app: ASGIApp, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    answers: list[tuple[int, bytes]] = []

    def whole(status: int, _headers: object, answer: bytes) -> bool:
        answers.append((status, answer))
        return True

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        raise RuntimeError(f"an answer that is not whole: {message}")

    scope: Scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers, "query_string": b""}
    scope["extensions"] = {WHOLE_REPLY: whole, LEAVING: lambda _call: None}
    await app(scope, receive, send)
    ((status, answer),) = answers
    if status != 200 or b'"errors"' in answer:
        raise RuntimeError(f"a wrong answer: {status} {answer[:200]!r}")


if __name__ == "__main__":
    sys.exit(main())
