"""One deadline for the whole request: what its body took is not there for the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

HALF = 0.3
"""Seconds, of the half second that the test's settings give to a request."""


class StoppedClock:
    """The event loop's time, which passes only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._now = loop.time()
        monkeypatch.setattr(loop, "time", lambda: self._now)

    async def passes(self, seconds: float) -> None:
        """Moves the time, and lets everything run that waited for it."""
        self._now += seconds
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("body_seconds", "key_seconds", "status"), [(0, 0, 200), (HALF, 0, 200), (0, HALF, 200), (HALF, HALF, 504)]
)
async def test_body_and_key_share_the_time(
    app: ASGIApp,
    issuer: Any,
    token: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    body_seconds: float,
    key_seconds: float,
    status: int,
) -> None:
    """A body and an issuer that each take a little more than half of the time are too slow together."""
    clock, key = StoppedClock(monkeypatch), issuer.key

    async def key_later(kid: str | None, algorithm: str) -> Any:
        await clock.passes(key_seconds)
        return await key(kid, algorithm)

    monkeypatch.setattr(issuer, "key", key_later)
    body = iter([b'{"query": "{ echo }"}'])

    async def receive() -> Message:
        for part in body:
            await clock.passes(body_seconds)
            return {"type": "http.request", "body": part}
        await asyncio.Event().wait()
        raise AssertionError

    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token()}".encode())]
    request = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await app(request, receive, send)
    assert answers[0]["status"] == status


def request(token: str, query: str = "{ echo }") -> tuple[dict[str, Any], bytes]:
    """A request as ASGI has it, and its body."""
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    return scope, b'{"query": "%s"}' % query.encode()


class Connection:
    """What an application sees of one: a body that is there, a client that stays until it leaves."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.gone = asyncio.Event()
        self.answers: list[Message] = []

    async def receive(self) -> Message:
        """The body, then that the client left."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Takes note."""
        self.answers.append(message)


async def test_what_need_not_wait_costs_nothing(
    app: ASGIApp, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is answered from what is there makes no task and no timer, and takes no turn of the loop."""
    loop = asyncio.get_running_loop()
    scope, body = request(token())
    first, connection = Connection(body), Connection(body)
    await app(dict(scope), first.receive, first.send)  # so that the token is known
    made: list[str] = []
    answering = app(dict(scope), connection.receive, connection.send).__await__()
    with monkeypatch.context() as patched:
        for name in ("create_task", "call_at", "call_later", "call_soon"):
            patched.setattr(loop, name, lambda *_, name=name, **__: made.append(name))
        with pytest.raises(StopIteration):
            next(answering)
    assert connection.answers[0]["status"] == 200
    assert made == []


async def test_work_runs_in_the_task_of_its_request(
    app: ASGIApp, token: Callable[..., str], work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits does so in the request's own task, watched by one other, which ends with it."""
    tasks: list[set[asyncio.Task[Any]]] = []

    async def run() -> str:
        mine = asyncio.current_task()
        await asyncio.sleep(0)
        tasks.append({task for task in asyncio.all_tasks() if task is not mine})
        return "done"

    monkeypatch.setattr(work, "run", run)
    before = asyncio.all_tasks()
    scope, body = request(token(), "{ slow }")
    connection = Connection(body)
    await app(scope, connection.receive, connection.send)
    assert connection.answers[1]["body"] == b'{"data":{"slow":"done"}}'
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert len(tasks[0] - before) <= 2  # graphql-core may make one of its own


async def test_a_cancellation_of_the_request_is_no_deadline(app: ASGIApp, token: Callable[..., str]) -> None:
    """A server that gives up its requests at its end: their clients are told so, in the graph's words."""
    scope, body = request(token(), "{ slow }")
    connection = Connection(body)
    answering: asyncio.Future[None] = asyncio.ensure_future(_awaited(app(scope, connection.receive, connection.send)))
    await asyncio.sleep(0.05)
    answering.cancel()
    await answering
    assert connection.answers[0]["status"] == 503
    assert b"GATEWAY_STOPPING" in connection.answers[1]["body"]


@pytest.mark.parametrize("reason", ["late", "left", "cancelled"])
async def test_an_answer_made_of_a_cancellation_is_none(
    app: ASGIApp, token: Callable[..., str], work: Any, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """Where something inside takes a cancellation for a value, it counts all the same."""
    started = asyncio.Event()

    async def run() -> str:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "cancelled"
        return "late"

    monkeypatch.setattr(work, "run", run)
    scope, body = request(token(), "{ slow }")
    connection = Connection(body)
    answering = asyncio.ensure_future(_awaited(app(scope, connection.receive, connection.send)))
    await started.wait()
    if reason == "left":
        connection.gone.set()
    elif reason == "cancelled":
        answering.cancel()
    await answering
    told = {"late": [504], "left": [], "cancelled": [503]}[reason]
    assert [message["status"] for message in connection.answers[:1]] == told


async def _awaited(answering: Awaitable[None]) -> None:
    await answering
