"""SIGTERM under load: whatever was asked is answered, and nobody waits for what is not coming."""

import asyncio
import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command import COMMAND, NOTHING_BEHIND, PATIENCE_SECONDS

CLIENTS = 12
QUERY = b'{"query":"{ __typename }"}'
ANSWER = b'{"data":{"__typename":"Query"}}'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(QUERY)

CONFIGURATION = """
[server]
port = 0
workers = {workers}
drain_seconds = 20
drain_delay_seconds = {delay}
"""


@contextmanager
def serving(folder: Path, workers: int, delay: float = 0) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """`serve`, and its port."""
    file = folder / "gateway.toml"
    file.write_text(CONFIGURATION.format(workers=workers, delay=delay) + NOTHING_BEHIND)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--config", str(file)], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        yield process, int(process.stdout.readline().removesuffix("/graphql\n").rpartition(":")[2])
    finally:
        process.kill()
        process.communicate()


class Client:
    """Asks again and again, on one connection as long as that is kept, until the port is closed."""

    def __init__(self, port: int, *, pause_seconds: float, body_seconds: float = 0.0) -> None:
        self._port = port
        self._pause_seconds = pause_seconds
        self._body_seconds = body_seconds
        self.seen: Counter[str] = Counter()

    async def run(self) -> None:
        """An answer that does not come is an error: only a connection may be refused."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except ConnectionRefusedError:
                return
            try:
                await self._ask_while_kept(reader, writer)
            finally:
                writer.close()

    async def _ask_while_kept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_kept = True
        while is_kept:
            writer.write(HEAD)
            await asyncio.sleep(self._body_seconds)
            writer.write(QUERY)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 200 ")
            assert await reader.readexactly(len(ANSWER)) == ANSWER
            is_kept = b"connection: close" not in head
            self.seen["kept" if is_kept else "last"] += 1
            await asyncio.sleep(self._pause_seconds)
        assert await reader.read() == b""


async def answer(port: int, path: str) -> tuple[int, bytes, bytes]:
    """Status, headers and body of a GET over a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), head.lower(), await reader.readexactly(length)
    finally:
        writer.close()


@pytest.mark.parametrize("workers", [1, 2])
async def test_no_request_is_dropped(tmp_path: Path, workers: int) -> None:
    """Busy, pausing and slowly sending clients, on connections of all ages, get every answer."""
    with serving(tmp_path, workers) as (process, port):
        clients = [
            *(Client(port, pause_seconds=0) for _ in range(CLIENTS)),
            *(Client(port, pause_seconds=0.2) for _ in range(CLIENTS)),
            *(Client(port, pause_seconds=0.01, body_seconds=0.3) for _ in range(CLIENTS)),
        ]
        running = [asyncio.create_task(client.run()) for client in clients]
        await asyncio.sleep(1)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*running)
        assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
    assert all(client.seen["kept"] and client.seen["last"] for client in clients)


async def test_who_connects_meanwhile_is_let_in_or_refused(tmp_path: Path) -> None:
    """Clients that open a connection for each request lose none: one that the system let in is served."""
    with serving(tmp_path, 1) as (process, port):
        answered = 0

        async def visit() -> None:
            nonlocal answered
            while True:
                try:
                    status, _, _ = await answer(port, "/livez")
                except ConnectionRefusedError:
                    return
                assert status == 200
                answered += 1

        visitors = [asyncio.create_task(visit()) for _ in range(4 * CLIENTS)]
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*visitors)
        assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
    assert answered > CLIENTS


@pytest.mark.parametrize("workers", [1, 2])
async def test_readyz_says_so_before_the_port_closes(tmp_path: Path, workers: int) -> None:
    """During `server.drain_delay_seconds` new connections are served, each for one request, and /readyz is 503."""
    with serving(tmp_path, workers, delay=2) as (process, port):
        status, head, body = await answer(port, "/readyz")
        assert status == 200
        assert b"connection: close" not in head
        assert json.loads(body)["dependencies"].keys() == {"billing", "provisioning", "crm", "identity", "redis"}
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        while status == 200:
            status, head, body = await answer(port, "/readyz")
        assert (status, json.loads(body)["status"]) == (503, "draining")
        assert b"connection: close" in head
        assert (await answer(port, "/livez"))[0] == 200
        assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
        assert time.monotonic() - began >= 2


async def test_an_idle_connection_holds_nobody_up(tmp_path: Path) -> None:
    """It is closed a moment after the port, long before `server.drain_seconds` are over."""
    with serving(tmp_path, 1) as (process, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            assert await reader.read() == b""
            assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
        writer.close()


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_second_signal_does_not_wait_for_the_delay(tmp_path: Path, workers: int) -> None:
    """Who asks twice means it: the exit code is 130, and nobody listens any more."""
    with serving(tmp_path, workers, delay=600) as (process, port):
        process.send_signal(signal.SIGTERM)
        while (await answer(port, "/readyz"))[0] == 200:
            pass
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 130
        with pytest.raises(ConnectionRefusedError):
            await answer(port, "/livez")
