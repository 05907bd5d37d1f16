"""`serve` with several workers, as processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import msgspec
import pytest

from gateway.app import seconds_to_end
from gateway.cli.workers import PATIENCE_SECONDS as WORKER_PATIENCE_SECONDS
from gateway.cli.workers import SIGNALS, Workers
from gateway.config import ServerSettings, load_settings
from gateway.serving import listening
from tests.command import COMMAND, NOTHING_BEHIND, PATIENCE_SECONDS, wait_until

WORKERS = 2

CONFIGURATION = f"""
[server]
port = {{port}}
workers = 2
drain_seconds = {{drain_seconds}}
[limits]
request_timeout_seconds = 30
{NOTHING_BEHIND}"""

MUTATING = """
import asyncio, os, pathlib
from gateway import app
from gateway.cli import main

class Mutating(app.Detached):
    def __init__(self):
        super().__init__()
        self.mutation = asyncio.get_running_loop().create_task(self.run(self.work()))

    async def work(self):
        while not pathlib.Path({go!r}).exists():
            await asyncio.sleep(0.05)
        with open({done!r}, "a") as done:
            done.write(f"{{os.getpid()}} ")

app.Detached = Mutating
main()
"""
"""`serve` as it is, in whose workers a mutation runs that ends when a file is there: the schema has none yet."""

ENVIRONMENT = {
    "TELCO_GATEWAY_IDENTITY__ISSUER": "urn:test",
    "TELCO_GATEWAY_IDENTITY__JWKS_URL": "http://127.0.0.1:1/jwks",
    **{f"TELCO_GATEWAY_BACKENDS__{name}__URL": "http://127.0.0.1:1" for name in ("BILLING", "PROVISIONING", "CRM")},
}


class Serving:
    """A running `serve`."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process = process
        self.log = log
        assert process.stdout is not None
        self.first_line = process.stdout.readline()
        self.url = self.first_line.removeprefix("telco-gateway serves ").removesuffix("/graphql\n")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def workers(self) -> list[int]:
        """The ids of its workers."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listed.splitlines()]
        return [
            int(pid) for pid, parent, state in rows if int(parent) == self.process.pid and not state.startswith("Z")
        ]

    def ask(self) -> str:
        """The answer to a small query, over a connection of its own."""
        body = json.dumps({"query": "{ __typename }"}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            answer: str = response.read().decode()
        return answer

    def half_a_request(self) -> socket.socket:
        """A connection over which a request is being made, whose body has yet to come."""
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS)
        connection.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n"
        )
        time.sleep(0.3)  # until a worker has it
        return connection

    def events(self) -> list[str]:
        """The names of what was logged; every line is whole."""
        return [json.loads(line)["event"] for line in self.log.read_text().splitlines()]


@contextmanager
def serving(
    folder: Path, port: int = 0, *, command: Sequence[str] = COMMAND, drain_seconds: int = 30
) -> Iterator[Serving]:
    """`serve` with two workers, which serve."""
    file, log = folder / "gateway.toml", folder / "log"
    file.write_text(CONFIGURATION.format(port=port, drain_seconds=drain_seconds))
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [*command, "serve", "--config", str(file)], stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        yield Serving(process, log)
    finally:
        with suppress(ProcessLookupError):
            process.kill()  # its workers notice
        process.communicate()


def is_running(pid: int) -> bool:
    """Whether there is such a process, dead ones that nobody waited for aside."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.startswith("Z")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_workers_share_the_port(tmp_path: Path, ending: signal.Signals) -> None:
    """Both serve when the one ready line is printed; a signal ends them, and every request had its line in one log."""
    with serving(tmp_path) as running:
        assert running.first_line.startswith("telco-gateway serves http://127.0.0.1:")
        assert len(running.workers()) == WORKERS
        for _ in range(20):
            assert running.ask() == '{"data":{"__typename":"Query"}}'
        running.process.send_signal(ending)
        rest, _ = running.process.communicate(timeout=PATIENCE_SECONDS)
        assert (running.process.returncode, rest) == (0, "")
        assert running.events().count("request") == 20
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port))


def test_a_signal_drains_all(tmp_path: Path) -> None:
    """Requests that are under way in any worker are answered after SIGTERM, before the exit with 0."""
    with serving(tmp_path) as running:
        connections = [running.half_a_request() for _ in range(6)]
        running.process.terminate()
        time.sleep(0.5)
        assert running.process.poll() is None
        for connection in connections:
            connection.sendall(b'{"query":"{ __typename }"}')
            with connection.makefile("rb") as answer:
                assert answer.read().endswith(b'{"data":{"__typename":"Query"}}')
            connection.close()
        assert running.process.wait(PATIENCE_SECONDS) == 0


def test_a_drain_closes_the_port(tmp_path: Path) -> None:
    """While workers drain, whoever comes is refused: no worker holds another's listener open without accepting."""
    with serving(tmp_path) as running:
        connections = [running.half_a_request() for _ in range(6)]
        running.process.terminate()
        time.sleep(1)
        with (
            pytest.raises(ConnectionRefusedError),
            socket.create_connection(("127.0.0.1", running.port), PATIENCE_SECONDS),
        ):
            pass
        assert running.process.poll() is None
        for connection in connections:
            connection.close()
        assert running.process.wait(PATIENCE_SECONDS) == 0


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    """Who asks twice does not wait for the drain: 130, and no worker is left."""
    with serving(tmp_path) as running, running.half_a_request():
        workers = running.workers()
        running.process.terminate()
        time.sleep(0.3)
        assert running.process.poll() is None
        running.process.terminate()
        assert running.process.wait(10) == 130
        assert not any(map(is_running, workers))


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    """The others answer meanwhile, connections that had not been accepted wait, and the log says what happened."""
    with serving(tmp_path) as running:
        before = running.workers()
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: before[0] not in running.workers())
        for _ in range(10):
            assert running.ask() == '{"data":{"__typename":"Query"}}'
        after = running.workers()
        assert len(after) == WORKERS
        assert before[1] in after
        running.process.terminate()
        assert running.process.wait(PATIENCE_SECONDS) == 0
        assert running.events().count("worker_ended") == 1


def test_an_error_leaves_no_wakeup_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent that fails gives up what signals were to wake."""

    def flush_logs() -> None:
        raise OSError("no space left")

    monkeypatch.setattr("gateway.cli.workers.flush_logs", flush_logs)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    with listening("127.0.0.1", 0, "server.port") as listener:
        workers = Workers(lambda _: nullcontext(), [listener], on_ready=lambda: None, ending_seconds=0)
        try:
            with pytest.raises(OSError, match=r"^no space left$"):
                workers.run()
            assert signal.set_wakeup_fd(-1) == -1
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def test_a_worker_may_take_as_long_as_its_mutations(tmp_path: Path) -> None:
    """What was begun is brought to its end though no request is left, long after the time to drain is over."""
    done = tmp_path / "done"
    script = MUTATING.format(done=str(done), go=str(tmp_path / "go"))
    with serving(tmp_path, command=[sys.executable, "-c", script], drain_seconds=0) as running:
        workers = set(running.workers())
        running.process.terminate()
        time.sleep(WORKER_PATIENCE_SECONDS + 1)
        (tmp_path / "go").touch()
        assert running.process.wait(PATIENCE_SECONDS) == 0
        assert set(map(int, done.read_text().split())) == workers


def test_the_time_to_end_has_all_that_is_waited_for() -> None:
    """The delay, the drain, mutations and spans."""
    server = ServerSettings(drain_delay_seconds=7, drain_seconds=11)
    settings = msgspec.structs.replace(load_settings(None, ENVIRONMENT), server=server)
    assert settings.limits.mutation_timeout_seconds == 15
    assert seconds_to_end(settings) == 7 + 11 + 15 + 2


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    """A parent that is killed takes its workers along."""
    with serving(tmp_path) as running:
        workers = running.workers()
        running.process.kill()
        wait_until(lambda: not any(map(is_running, workers)))


def test_a_signal_to_all_of_them_is_one(tmp_path: Path) -> None:
    """A supervisor that signals parent and workers alike, as a terminal does, gets the same drain."""
    with serving(tmp_path) as running:
        connection = running.half_a_request()
        for pid in [*running.workers(), running.process.pid]:
            os.kill(pid, signal.SIGTERM)
        time.sleep(0.3)
        connection.sendall(b'{"query":"{ __typename }"}')
        with connection.makefile("rb") as answer:
            assert answer.read().endswith(b'{"data":{"__typename":"Query"}}')
        connection.close()
        assert running.process.wait(PATIENCE_SECONDS) == 0


def test_a_taken_port(tmp_path: Path) -> None:
    """A port where somebody listens, be it another gateway with workers, is one line and exit code 2."""
    with serving(tmp_path) as running:
        file = tmp_path / "other.toml"
        file.write_text(CONFIGURATION.format(port=running.port, drain_seconds=30))
        result = subprocess.run(
            [*COMMAND, "serve", "--config", str(file)], capture_output=True, text=True, timeout=60, check=False
        )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"telco-gateway: server.port: 127.0.0.1:{running.port} cannot be had")
    assert result.stderr.count("\n") == 1


def test_a_worker_that_cannot_start(tmp_path: Path) -> None:
    """What stops one worker stops the start, with its reason and exit code 2; nobody is left behind."""
    file = tmp_path / "gateway.toml"
    missing = tmp_path / "missing.pem"
    file.write_text(CONFIGURATION.format(port=0, drain_seconds=30) + f'[identity.tls]\nca_file = "{missing}"\n')
    result = subprocess.run(
        [*COMMAND, "serve", "--config", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("telco-gateway: identity.tls.ca_file")
    assert result.stderr.count("\n") == 1
