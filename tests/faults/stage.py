"""Simulated backends and a gateway in front of them, each a process of its own, as an operator runs them."""

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.command import COMMAND, PATIENCE_SECONDS, wait_until

SMALL = ["--companies", "14", "--lines-per-company", "8"]
VICTIM = "billing"
"""The backend that has the bad days; the others, and the token issuer, stay well."""


class Answer(NamedTuple):
    """What a client got: the answer's JSON, its status and how long it took."""

    body: dict[str, Any]
    status: int
    seconds: float
    headers: dict[str, str]

    @property
    def codes(self) -> set[str]:
        """The codes of its errors."""
        return {error["extensions"]["code"] for error in self.body.get("errors", ())}

    @property
    def company(self) -> Any:
        """The viewer's company."""
        return self.body["data"]["viewer"]["company"]


class Backends:
    """A running `telco-gateway simulate`, which can be killed and started again on the same ports."""

    def __init__(self, folder: Path, name: str) -> None:
        self._ready_file = folder / f"{name}.json"
        self._log = folder / f"{name}.log"
        self.ports = [free_port() for _ in range(3)]
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Returns when they answer."""
        ports = ",".join(map(str, self.ports))
        arguments = ["simulate", "--backend-ports", ports, "--ready-file", str(self._ready_file), *SMALL]
        with self._log.open("a") as log:
            self._process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=log, text=True)
        wait_until(self._ready_file.exists)
        self.ready = json.loads(self._ready_file.read_text())

    def kill(self) -> None:
        """As a machine that fails: nobody is told."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._ready_file.unlink(missing_ok=True)

    def url(self, backend: str) -> str:
        """Where one of them is."""
        url: str = self.ready["backends"][backend]
        return url

    def knobs(self, backend: str, **knobs: Any) -> None:
        """Sets all knobs of a backend: those left out are off."""
        http("PUT", f"{self.url(backend)}/control/knobs", knobs)

    def forget_calls(self, backend: str) -> None:
        """Begins to count its calls anew."""
        http("DELETE", f"{self.url(backend)}/control/calls")

    def calls(self, backend: str) -> int:
        """How many calls it got since."""
        return len(http("GET", f"{self.url(backend)}/control/calls"))


class Gateway:
    """A running `telco-gateway serve`."""

    def __init__(self, folder: Path, configuration: str, token: str) -> None:
        self.log = folder / "gateway.log"
        self._token = token
        file = folder / "gateway.toml"
        file.write_text(configuration)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--config", str(file)], stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.url = line.removeprefix("telco-gateway serves ").strip()
        assert self.url, self.log.read_text()

    def ask(self, query: str, token: str | None = None) -> Answer:
        """Posts a query as the company's user."""
        body = json.dumps({"query": query}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token or self._token}"}
        request = urllib.request.Request(self.url, body, headers)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
                text, status, told = response.read(), response.status, dict(response.headers)
        except urllib.error.HTTPError as error:
            text, status, told = error.read(), error.code, dict(error.headers)
        return Answer(json.loads(text), status, time.monotonic() - began, told)

    def events(self, name: str) -> list[dict[str, Any]]:
        """What was logged under that name."""
        lines = self.log.read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def resident_bytes(self) -> int:
        """The memory it has at the moment."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.communicate()


def configuration(well: Backends, victim_url: str, *, cache: bool = False, more: str = "", of_victim: str = "") -> str:
    """gateway.toml; without a Redis, which nothing here needs."""
    return f"""
[identity]
issuer = "urn:telco-simulator"
jwks_url = "{well.url("crm")}/oauth2/jwks"
[redis]
cache_url = "redis://127.0.0.1:1"
[cache]
enabled = {"true" if cache else "false"}
[server]
port = 0
drain_seconds = 1
{more}
[backends.provisioning]
url = "{well.url("provisioning")}"
[backends.crm]
url = "{well.url("crm")}"
[backends.billing]
url = "{victim_url}"
{of_victim}
"""


class Stage:
    """Backends that stay well, one that does not, and a gateway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.well = Backends(folder, "well")
        self.victim = Backends(folder, "victim")

    def knobs(self, **knobs: Any) -> None:
        """How the victim misbehaves; nothing for well."""
        self.victim.knobs(VICTIM, **knobs)

    @contextmanager
    def gateway(self, url: str | None = None, **settings: Any) -> Iterator[Gateway]:
        """A gateway with the victim for its billing backend, or whatever is at another address."""
        text = configuration(self.well, url or self.victim.url(VICTIM), **settings)
        gateway = Gateway(self.folder, text, self.well.ready["tokens"]["user_admin"])
        try:
            yield gateway
        finally:
            assert gateway.end() == 0

    def end(self) -> None:
        """Ends what was started."""
        self.well.kill()
        self.victim.kill()


def http(method: str, url: str, body: Any = None) -> Any:
    """A call of a simulator's control API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.loads(response.read() or b"null")


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
