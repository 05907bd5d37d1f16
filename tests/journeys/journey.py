"""A demo as its clients see it: over HTTP, through the whole gateway, into simulated backends and a real Valkey."""

import asyncio
import json
import logging
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from gateway.demo import Demo, DemoOptions, demo_of
from gateway.log import configure_logging, flush_logs
from gateway.simulator.world import World
from tests.contracts.contract import BACKENDS
from tests.contracts.traffic import request_errors

OF_AN_API = re.compile(r"/tmf-api/.*?/v4/|/flat/")
"""What comes before the name of a resource."""
OPERATIONS = Path(__file__).parents[2] / "contracts" / "operations"


class Answer(NamedTuple):
    """An HTTP answer with a JSON body."""

    status: int
    body: Any

    @property
    def data(self) -> Any:
        """The answer's data, which must have come without errors."""
        assert self.status == 200, self
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of the answer's errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]


class Journey:
    """A running demo, as a client sees it."""

    def __init__(self, demo: Demo, world: World) -> None:
        self.demo = demo
        self.world = world

    def query(self, document: str, token: str | None = "user_admin", **variables: Any) -> Answer:
        """Sends a document; `token` is the name of a demo token, or a token, or None for no token at all."""
        headers = {"Accept": "application/graphql-response+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {getattr(self.demo.tokens, token, token)}"
        return _http("POST", f"{self.demo.url}/graphql", {"query": document, "variables": variables}, headers)

    def operation(self, name: str, token: str = "user_admin", **variables: Any) -> Answer:
        """Sends one of the documents the contracts publish."""
        return self.query((OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8"), token, **variables)

    def backend(self, name: str, path: str, method: str = "GET", body: Any = None) -> Any:
        """The JSON a simulated backend answers, its control API included."""
        return _http(method, f"{getattr(self.demo.backends, name)}{path}", body, {}).body

    @contextmanager
    def knobs(self, name: str, **knobs: Any) -> Iterator[None]:
        """A backend whose APIs misbehave for a while; the identity provider beside the CRM stays well."""
        self.backend(name, "/control/knobs", "PUT", {"only": "/tmf-api", **knobs})
        try:
            yield
        finally:
            self.backend(name, "/control/knobs", "DELETE")

    @contextmanager
    def calls(self) -> Iterator[list[tuple[str, str]]]:
        """What the backends are asked meanwhile: (resource, ids or query), filled in at the end."""
        self.check_requests()
        for name in BACKENDS:
            self.backend(name, "/control/calls", "DELETE")
        recorded: list[tuple[str, str]] = []
        yield recorded
        for name in BACKENDS:
            for call in self.backend(name, "/control/calls"):
                api = OF_AN_API.match(call["path"])
                if api is not None:
                    resource, *one = call["path"][api.end() :].split("/")
                    recorded.append((resource, f"id={one[0]}" if one else call["query"]))

    def check_requests(self) -> None:
        """Every read that the gateway has made, as far as it is on record, is in the contracts (by v4's names)."""
        for name in BACKENDS:
            for call in self.backend(name, "/control/calls"):
                if call["path"].startswith("/tmf-api/") and call["method"] == "GET":
                    query = call["query"].replace("partyOrPartyRole.", "")
                    assert request_errors(name, call["method"], call["path"], query) == []


def _http(method: str, url: str, body: Any, headers: dict[str, str]) -> Answer:
    request = urllib.request.Request(url, method=method, headers=headers)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return Answer(response.status, _json(response.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _json(error.read()))


def _json(text: bytes) -> Any:
    return json.loads(text) if text else None


Start = Callable[[World, DemoOptions], AbstractAsyncContextManager[Demo]]


@contextmanager
def running(world: World, options: DemoOptions, start: Start = demo_of) -> Iterator[Journey]:
    """A demo in a thread of its own, because journeys are plain blocking clients."""
    ready: asyncio.Queue[Demo] = asyncio.Queue()
    started, loops = threading.Event(), []
    stop = asyncio.Event()
    failures: list[BaseException] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        async with start(world, options) as demo:
            ready.put_nowait(demo)
            started.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as failure:
            failures.append(failure)
        finally:
            started.set()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait()
    try:
        if failures:
            raise failures[0]
        journey = Journey(ready.get_nowait(), world)
        yield journey
        journey.check_requests()
    finally:
        if loops and not failures:
            loops[0].call_soon_threadsafe(stop.set)
        thread.join()


@contextmanager
def logged_to(path: Path) -> Iterator[Path]:
    """While inside, every log line of this process goes to the file, as JSON."""
    with path.open("w", encoding="utf-8", buffering=1) as stream:
        configure_logging("debug", stream=stream)
        yield path
        structlog.reset_defaults()
        logging.getLogger().handlers.clear()


def end_of(log_file: Path) -> int:
    """The size of the log once all that was done before is in it: the gateway of a journey logs in this process."""
    flush_logs()
    return log_file.stat().st_size
