"""`/metrics` of several workers: one port, whichever worker answers tells of all of them."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.metrics import Fleet, fleet_of
from gateway.metrics.series import Sample
from tests.command import COMMAND, NOTHING_BEHIND, PATIENCE_SECONDS, wait_until
from tests.signals.scrape import Scrape, scraped

WORKERS = 3
CONFIGURATION = f"""
[server]
port = 0
workers = {WORKERS}
[metrics]
port = 0
{NOTHING_BEHIND}"""


class Serving:
    """`serve` with several workers, whose numbers can be read."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        assert process.stdout is not None
        self.process = process
        self.log = log
        self.url = process.stdout.readline().removeprefix("telco-gateway serves ").strip()
        wait_until(lambda: len(self.events("metrics_served")) == WORKERS)
        self.metrics_url = self.events("metrics_served")[0]["url"]

    def events(self, name: str) -> list[dict[str, Any]]:
        """What was logged under that name; the last line may be half there."""
        lines = self.log.read_text().splitlines(keepends=True)
        events = [json.loads(line) for line in lines if line.endswith("\n")]
        return [event for event in events if event["event"] == name]

    def workers(self) -> list[int]:
        """The ids of its workers."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listed.splitlines()]
        return [int(pid) for pid, parent, stat in rows if int(parent) == self.process.pid and stat[0] != "Z"]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A running one."""
    file, log, folder = tmp_path / "gateway.toml", tmp_path / "log", tmp_path / "tmp"
    file.write_text(CONFIGURATION)
    folder.mkdir()
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--config", str(file)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=os.environ | {"TMPDIR": str(folder)},
        )
    try:
        yield Serving(process, log)
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
        assert list(folder.iterdir()) == []
    finally:
        process.kill()
        process.communicate()


async def ask(url: str, times: int) -> None:
    """So many requests, each over a connection of its own, so that the system divides them among the workers."""
    for _ in range(times):
        async with aiohttp.ClientSession() as client, client.post(url, json={"query": "{ __typename }"}) as response:
            assert response.status == 200


async def read(url: str) -> Scrape:
    """Over a connection of its own, so that any worker may answer."""
    async with aiohttp.ClientSession() as client:
        return await scraped(client, url)


async def test_any_worker_tells_of_all(serving: Serving) -> None:
    """Their requests add up, scrape after scrape, each under its worker's number; the sockets are nobody else's."""
    await ask(serving.url, 30)
    for _ in range(6):
        metrics = await read(serving.metrics_url)
        assert {labels["worker"]: up for labels, up in metrics.samples["telco_gateway_worker_up"]} == {
            "0": 1,
            "1": 1,
            "2": 1,
        }
        assert sum(metrics.values("requests_total", outcome="ok")) == 30
        assert len(metrics.values("process_resident_bytes")) == WORKERS
    (folder,) = (serving.log.parent / "tmp").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700


async def test_a_worker_that_is_gone_is_said_to_be(serving: Serving) -> None:
    """It is missing until its successor is there, whose counters begin again under the same number."""
    await ask(serving.url, 30)
    victim = serving.workers()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: bool(serving.events("worker_ended")))
    metrics = await read(serving.metrics_url)
    ups = {labels["worker"]: up for labels, up in metrics.samples["telco_gateway_worker_up"]}
    assert sorted(ups.values()) == [0, 1, 1]
    (missing,) = [worker for worker, up in ups.items() if up == 0]
    assert metrics.values("requests_total", worker=missing) == []
    assert metrics.values("connections", worker=missing) == []
    wait_until(lambda: len(serving.events("metrics_served")) == WORKERS + 1)
    metrics = await read(serving.metrics_url)
    assert metrics.value("worker_up", worker=missing) == 1
    assert sum(metrics.values("requests_total", worker=missing)) == 0


async def test_a_worker_that_hangs_costs_a_second(serving: Serving) -> None:
    """It accepts and tells nothing: the others are told of all the same."""
    stopped = serving.workers()[0]
    os.kill(stopped, signal.SIGSTOP)
    try:
        for _ in range(2):
            async with asyncio.timeout(PATIENCE_SECONDS):
                metrics = await read(serving.metrics_url)
            assert sorted(metrics.values("worker_up")) == [0, 1, 1]
    finally:
        os.kill(stopped, signal.SIGCONT)


async def test_garbage_from_a_sibling_is_no_number() -> None:
    """What cannot be read counts as nothing told, and what is too old a socket is replaced."""
    with fleet_of(2) as place:
        other = place(1)
        assert other.folder is not None
        (other.folder / "1.sock").touch()
        async with other.joined(lambda: [Sample("telco_gateway_connections", (), 7)]):
            assert await place(0).all(list) == {"0": [], "1": [Sample("telco_gateway_connections", (), 7)]}

        async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\xc1nonsense")
            writer.close()

        async with await asyncio.start_unix_server(nonsense, other.folder / "1.sock"):
            assert await place(0).all(list) == {"0": [], "1": None}
    assert await Fleet().all(list) == {"0": []}
