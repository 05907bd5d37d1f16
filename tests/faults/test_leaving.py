"""Clients that leave: what only they waited for is given up, what others wait for goes on."""

import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.command import wait_until
from tests.faults.stage import Gateway, Stage

SCREEN = "{ viewer { company { name invoices { nodes { number } } } } }"
OTHER = SCREEN.replace("{ viewer", "query Other { viewer")
"""The same calls, and not the same question: it shares calls, and no answer."""


class Holding:
    """A billing backend that holds every request until it is let, and notices who leaves."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_open = threading.Event()
        self.asked = self.left = self.answered = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while b"\r\n\r\n" not in connection.recv(65_536):
                pass
            self.asked += 1
            connection.settimeout(0.05)
            while not self.is_open.is_set():
                try:
                    if not connection.recv(1):
                        self.left += 1
                        return
                except TimeoutError:
                    continue
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
            self.answered += 1

    def close(self) -> None:
        """No more connections."""
        self.is_open.set()
        self._listener.close()


@pytest.fixture
def holding() -> Iterator[Holding]:
    """One for each test."""
    backend = Holding()
    yield backend
    backend.close()


def asking(gateway: Gateway, stage: Stage, query: str) -> socket.socket:
    """A client whose request is out."""
    parts = urlsplit(gateway.url)
    body = json.dumps({"query": query})
    token = stage.well.ready["tokens"]["user_admin"]
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    client = socket.create_connection((parts.hostname, parts.port), 20)
    client.sendall((head + body).encode())
    return client


def answer(client: socket.socket) -> bytes:
    """All that comes."""
    with client:
        return b"".join(iter(lambda: client.recv(65_536), b""))


LONG = "timeout_seconds = 60"
LIMITS = "[limits]\nrequest_timeout_seconds = 60"


@pytest.mark.parametrize("sharing", ["true", "false"])
def test_a_call_that_nobody_waits_for_is_given_up(stage: Stage, holding: Holding, sharing: str) -> None:
    """Long before its time is over: the backend sees the connection close."""
    more = f"{LIMITS}\n[sharing]\nenabled = {sharing}"
    with stage.gateway(holding.url, of_victim=LONG, more=more) as gateway:
        client = asking(gateway, stage, SCREEN)
        wait_until(lambda: holding.asked == 1)
        client.close()
        wait_until(lambda: holding.left == 1)
        wait_until(lambda: [event["status"] for event in gateway.events("request")] == [499])


def test_a_call_that_others_wait_for_goes_on(stage: Stage, holding: Holding) -> None:
    """Whoever asked first may leave: the call is everybody's, and the others get its answer."""
    with stage.gateway(holding.url, of_victim=LONG, more=LIMITS) as gateway:
        first = asking(gateway, stage, SCREEN)
        wait_until(lambda: holding.asked == 1)
        second = asking(gateway, stage, OTHER)
        wait_until(lambda: gateway.ask("{ __typename }").status == 200)  # which came after the second
        first.close()
        wait_until(lambda: [event["status"] for event in gateway.events("request")].count(499) == 1)
        assert (holding.asked, holding.left) == (1, 0)
        holding.is_open.set()
        assert b'"invoices":{"nodes":[]}' in answer(second)
        assert (holding.asked, holding.answered) == (1, 1)
