"""`telco-gateway contracts` as a process: options, files, exit codes, and what it never shows."""

import asyncio
import os
import re
import signal
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import msgspec
import pytest

from gateway.config import load_settings
from gateway.simulator.backends import SimulatedBackends
from gateway.simulator.world import World
from tests.command import COMMAND, NOTHING_BEHIND, PATIENCE_SECONDS
from tests.contract_kit.conftest import NAMES, turn
from tests.contract_kit.odd_backend import Answer, OddBackend, Request, odd_backend, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPOSITORY = Path(__file__).parents[2]
WITHOUT = "import sys; sys.modules |= dict.fromkeys(['jsonschema_rs', 'yaml'])"  # importing None fails


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    output: str
    errors: str


async def run(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    command: list[str] | None = None,
    cwd: Path | None = None,
) -> Ended:
    """Runs `telco-gateway contracts …` in an environment that names no settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TELCO_GATEWAY_")}
    process = await asyncio.create_subprocess_exec(
        *(command or COMMAND),
        "contracts",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=inherited | {"NO_COLOR": "1", "COLUMNS": "200"} | dict(environment or {}),
        cwd=cwd,
    )
    output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode is not None
    return Ended(process.returncode, output.decode(), errors.decode())


def urls(backends: SimulatedBackends) -> list[str]:
    """The options that name all three."""
    return [part for name in NAMES for part in (f"--{name}", getattr(backends, name))]


async def test_all_holds(backends: SimulatedBackends) -> None:
    """Exit code 0, a report of 100 columns, and nothing on stderr."""
    ended = await run("verify", *urls(backends))
    assert (ended.code, ended.errors) == (0, "")
    assert ended.output.endswith(" s.\n")
    assert "\nEvery point holds. " in ended.output
    assert max(map(len, ended.output.splitlines())) <= 100


async def test_what_it_writes(backends: SimulatedBackends, tmp_path: Path) -> None:
    """Exit code 1, and the profile as a configuration, the result as JUnit and as Markdown."""
    turn(backends, page_cap=7)
    profile, junit, markdown = (tmp_path / name for name in ("profile.toml", "junit.xml", "result.md"))
    files = ["--profile", str(profile), "--junit", str(junit), "--markdown", str(markdown)]
    ended = await run("verify", *urls(backends), *files)
    assert (ended.code, ended.errors) == (1, "")

    configuration = tmp_path / "gateway.toml"
    configuration.write_text(NOTHING_BEHIND + profile.read_text("utf-8"), "utf-8")
    assert load_settings(configuration, {}).backends.crm.apis["party"] == {"limit_max": 7}

    suites = ElementTree.fromstring(junit.read_text("utf-8"))
    assert [suite.get("name") for suite in suites] == ["crm", "provisioning", "billing"]
    failures = [failure for suite in suites for case in suite for failure in case if failure.tag == "failure"]
    assert len(failures) == sum(int(suite.get("failures", "")) for suite in suites) == 8
    assert failures[0].get("message") == (
        "expected 100 rows, came 7 rows for limit=100, and there are more; "
        "set backends.crm.apis.customer.limit_max = 7, or fix the backend"
    )
    assert all(int(suite.get("tests", "")) == len(suite) for suite in suites)

    page = markdown.read_text("utf-8")
    assert "```toml\n[backends.billing.apis.customerBill]\nlimit_max = 7\n" in page
    assert page.count("| needs a setting |") == 8


async def test_the_profile_on_stdout(backends: SimulatedBackends) -> None:
    """With `--profile -` stdout is TOML alone, for a pipe; the report goes to stderr."""
    turn(backends, v5_parties=True)
    ended = await run("verify", "--crm", backends.crm, "--profile", "-")
    assert ended.output == '[backends.crm.apis.troubleTicket]\nversion = "v5"\n'
    assert "NEEDS A SETTING" in ended.errors


async def test_a_configuration(backends: SimulatedBackends, tmp_path: Path) -> None:
    """URLs and profiles come from the gateway's own file, of which no more than `[backends]` has to be there."""
    turn(backends, page_cap=7)
    file = tmp_path / "gateway.toml"
    apis = "".join(f"[backends.crm.apis.{api}]\nlimit_max = 7\n" for api in ("customer", "party", "troubleTicket"))
    file.write_text(f'[backends.crm]\nurl = "{backends.crm}"\n{apis}[identity]\nissuer = "file:/nowhere"\n', "utf-8")
    ended = await run("verify", "--config", str(file), "--details")
    assert (ended.code, ended.errors) == (0, "")
    assert "GET /customer ?limit: a page has as many rows as `limit` says (by" in ended.output
    elsewhere = await run("verify", "--config", str(file), "--billing", backends.billing)
    assert [line.split()[0] for line in elsewhere.output.splitlines() if "(contract" in line] == ["billing"]
    by_environment = await run("verify", environment={"TELCO_GATEWAY_BACKENDS__CRM__URL": backends.crm})
    assert by_environment.code == 1


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("knobs", [{}, {"ignored_filters": True}, {"wrong_shape": True}, {"canary_secrets": True}])
async def test_no_values_are_shown(
    backends: SimulatedBackends, world: World, tmp_path: Path, knobs: dict[str, Any]
) -> None:
    """Names, numbers, ids and texts of records are in none of the reports, whatever is wrong with the records."""
    turn(backends, **knobs)
    files = [tmp_path / name for name in ("profile", "junit", "markdown")]
    options = [part for file in files for part in (f"--{file.name}", str(file))]
    ended = await run("verify", *urls(backends), *options, "--details")
    shown = "".join([ended.output, ended.errors, *(file.read_text("utf-8") for file in files)])
    values = {text for table in world.tables.values() for row in table.values() for text in _texts(row)}
    telling = {text for text in values if re.search(r"\d{6}|.\s.|-\d", text)} - {"credit note"}
    assert len(telling) > 5_000
    assert [text for text in telling if text in shown] == []
    assert "CANARY" not in shown


def guarded(header: str, value: str) -> OddBackend:
    """A CRM that answers to one credential."""

    def ask(request: Request) -> Request | Answer:
        if request.path == "/token":
            is_right = request.headers["Authorization"] == "Basic a2l0OnMzY3JldA=="  # kit:s3cret
            return Answer(200, {"access_token": "t0ken"}) if is_right else refused("who are you", 401)
        return request if request.headers.get(header) == value else refused("who are you", 401)

    return OddBackend("", ask)


@pytest.mark.parametrize(
    ("options", "header", "value"),
    [
        (["--api-key", "env:KIT_SECRET"], "X-API-Key", "s3cret"),
        (["--api-key", "file:{file}", "--api-key-header", "X-Key"], "X-Key", "s3cret"),
        (["--bearer", "env:KIT_SECRET"], "Authorization", "Bearer s3cret"),
        (["--basic-user", "kit", "--basic-password", "file:{file}"], "Authorization", "Basic a2l0OnMzY3JldA=="),
        (
            ["--token-url", "{url}/token", "--client-id", "kit", "--client-secret", "env:KIT_SECRET"],
            "Authorization",
            "Bearer t0ken",
        ),
    ],
)
async def test_credentials(
    backends: SimulatedBackends, tmp_path: Path, options: list[str], header: str, value: str
) -> None:
    """Each way of showing who one is works, and the secret is nowhere in what is shown."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    backend = guarded(header, value)
    backend.behind = backends.crm
    async with odd_backend(backend) as url:
        arguments = [option.format(file=secret, url=url) for option in options]
        ended = await run("verify", "--crm", url, *arguments, environment={"KIT_SECRET": "s3cret"})
        refused_ = await run("verify", "--crm", url)
    assert ended.code == 0, ended
    assert not re.search("s3cret|t0ken|a2l0", ended.output + ended.errors)
    assert refused_.code == 2
    assert "NOT VERIFIED: none of its APIs can be read: 401" in refused_.output


@pytest.mark.parametrize("key", ["Bearer s3cret", "file:{file}"])
async def test_a_fixed_bearer_token_in_the_configuration(backends: SimulatedBackends, tmp_path: Path, key: str) -> None:
    """What `--bearer` sends is, in the gateway's settings, an API key in Authorization that says Bearer itself."""
    secret, file = tmp_path / "secret", tmp_path / "gateway.toml"
    secret.write_text("Bearer s3cret\n")
    backend = guarded("Authorization", "Bearer s3cret")
    backend.behind = backends.crm
    async with odd_backend(backend) as url:
        auth = f'{{ type = "api_key", header = "Authorization", key = "{key.format(file=secret)}" }}'
        file.write_text(f'[backends.crm]\nurl = "{url}"\nauth = {auth}\n')
        ended = await run("verify", "--config", str(file))
    assert (ended.code, ended.errors) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--billing, --provisioning, --crm: name the URL of one at least, or a --config that has it."),
        (["--crm", "crm.example"], "backends.crm.url: is not an http or https address"),
        (["--crm", "http://127.0.0.1:1", "--api-key", "s3cret"], "--api-key: write env:NAME for a variable"),
        (
            ["--crm", "http://127.0.0.1:1", "--bearer", "env:NOT_SET"],
            "--bearer: the environment has no variable NOT_SET.",
        ),
        (["--crm", "http://127.0.0.1:1", "--bearer", "file:/dev/null"], "--bearer: file:/dev/null is empty."),
        (["--crm", "http://127.0.0.1:1", "--bearer", "file:/nowhere"], "--bearer: the file /nowhere cannot be read."),
        (["--crm", "http://127.0.0.1:1", "--basic-user", "kit"], "--basic-user, --basic-password: go together"),
        (
            ["--crm", "http://127.0.0.1:1", "--client-id", "kit"],
            "--token-url, --client-id, --client-secret: go together",
        ),
        (
            ["--crm", "http://127.0.0.1:1", "--billing", "http://127.0.0.1:1", "--bearer", "env:HOME"],
            "--billing, --provisioning, --crm: name one, which the credentials are for; or use --config.",
        ),
        (["--crm", "http://127.0.0.1:1", "--write"], "--write: name a ticket that may be changed with --ticket."),
        (["--crm", "http://127.0.0.1:1", "--junit", "/nowhere/x"], "--junit: the folder /nowhere does not exist."),
        (["--crm", "http://127.0.0.1:1", "--junit", "/"], "--junit: / is a folder; name a file."),
        (["--crm", "http://127.0.0.1:1", "--profile", "/tmp"], "--profile: /tmp is a folder; name a file."),
        (["--crm", "http://127.0.0.1:1", "--markdown", "."], "--markdown: . is a folder; name a file."),
        (
            ["--crm", "http://127.0.0.1:1", "--markdown", "/proc/version"],
            "--markdown: /proc/version cannot be written",
        ),
        (["--config", "/nowhere.toml"], "/nowhere.toml: cannot be read"),
    ],
)
async def test_bad_options(arguments: list[str], message: str) -> None:
    """What cannot be done is one line that names the option, and exit code 2; a secret in it is not repeated."""
    ended = await run("verify", *arguments)
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors.startswith(f"telco-gateway: {message}")
    assert ended.errors.count("\n") == 1
    assert "s3cret" not in ended.errors


async def test_a_caller_token_is_asked_for(tmp_path: Path) -> None:
    """A backend that wants the caller's own token is verified with one that is given."""
    file = tmp_path / "gateway.toml"
    file.write_text('[backends.crm]\nurl = "http://127.0.0.1:1"\nauth = { type = "caller_token" }\n')
    ended = await run("verify", "--config", str(file))
    assert ended.errors.startswith("telco-gateway: backends.crm.auth: is a caller's token; give one with --bearer")


async def test_a_backend_that_is_down() -> None:
    """Exit code 2, with the URL and the reason in the report."""
    ended = await run("verify", "--crm", "http://127.0.0.1:1")
    assert (ended.code, ended.errors) == (2, "")
    assert "NOT VERIFIED: The crm backend cannot be reached: it takes no connection." in ended.output


async def test_without_the_packages() -> None:
    """An installation without the extra says in one line how to get it."""
    command = [*COMMAND[:2], f"{WITHOUT}; {COMMAND[2]}"]
    ended = await run("verify", "--crm", "http://127.0.0.1:1", command=command)
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors == (
        "telco-gateway: this needs the packages of the extra 'contracts': pip install 'telco-gateway[contracts]'\n"
    )


def unpack(folder: Path, target: Path) -> None:
    """The only wheel of a folder."""
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)


async def test_from_the_wheel_alone(backends: SimulatedBackends, tmp_path: Path) -> None:
    """The wheel carries the contracts: without the repository it verifies as well."""
    build = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)), cwd=REPOSITORY
    )
    assert await build.wait() == 0
    unpack(tmp_path, tmp_path / "installed")
    for name in NAMES:
        packed = tmp_path / "installed" / "gateway" / "contract_kit" / "contracts" / f"{name}.yaml"
        assert packed.read_bytes() == (REPOSITORY / "contracts" / f"{name}.yaml").read_bytes()
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r}); {COMMAND[2]}"
    ended = await run("verify", *urls(backends), command=[sys.executable, "-c", code], cwd=tmp_path)
    assert (ended.code, ended.errors) == (0, "")


async def test_diff(tmp_path: Path) -> None:
    """Exit code 1 where a change breaks those that kept the contract, 0 where it does not."""
    old = REPOSITORY / "contracts" / "crm.yaml"
    new = tmp_path / "crm.yaml"
    new.write_text(
        old.read_text("utf-8").replace("required: [id, engagedParty]", "required: [id, engagedParty, account]")
    )
    ended = await run("diff", str(old), str(new))
    assert ended.code == 1
    assert "GET /tmf-api/customerManagement/v4/customer/{id} 200 `account`\n      it has to be there\n" in ended.output
    assert (await run("diff", str(old), str(old))).code == 0
    unreadable = await run("diff", str(old), str(tmp_path / "none.yaml"))
    assert (unreadable.code, unreadable.errors.count("\n")) == (2, 1)


async def test_diff_of_two_systems() -> None:
    """Contracts of two backends, with no operation in common, are no change of one: exit code 2, not 0."""
    crm, billing = (str(REPOSITORY / "contracts" / f"{name}.yaml") for name in ("crm", "billing"))
    ended = await run("diff", crm, billing)
    assert (ended.code, ended.output, ended.errors.count("\n")) == (2, "", 1)
    assert f"{crm}, {billing}: are not two versions of one contract" in ended.errors


LEFT = (
    "The ticket of --ticket may not be as it was ({}): take [contracts verify] away from the end of its `description`"
)


@pytest.mark.parametrize(
    ("then", "descriptions", "left"),
    [
        ("works", 2, None),
        ("refuses", 1, LEFT.format("400, a JSON object")),
        ("is cut short", 1, LEFT.format("it was cut short")),
    ],
)
async def test_ctrl_c_in_the_middle_of_a_write(
    backends: SimulatedBackends, then: str, descriptions: int, left: str | None
) -> None:
    """The ticket is put back before the end; where it cannot be, or a second Ctrl-C comes, stderr says it."""
    written: list[str] = []
    running: list[asyncio.subprocess.Process] = []

    def tell(request: Request, answer: Answer) -> Answer:
        if request.method == "GET":
            text = {"description": written[-1]} if written and request.path.endswith("tkt-0001-1") else {}
            return answer._replace(document={**answer.document, **text}) if text else answer
        if not written or then == "is cut short":
            running[0].send_signal(signal.SIGINT)
        if written and then != "works":
            return refused("no", 400 if then == "refuses" else 503)
        written.append(msgspec.json.decode(request.body)["description"])
        return Answer(200, {"id": "tkt-0001-1"})

    async with odd_backend(OddBackend(backends.crm, tell=tell)) as url:
        command = [*COMMAND, "contracts", "verify", "--crm", url, "--write", "--ticket", "tkt-0001-1"]
        pipe = asyncio.subprocess.PIPE
        running.append(await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe))
        _, errors = await asyncio.wait_for(running[0].communicate(), PATIENCE_SECONDS)
    assert running[0].returncode not in (0, None)
    assert len(written) == descriptions
    assert [text.endswith(" [contracts verify]") for text in written] == [True, False][:descriptions]
    assert errors.decode().count("may not be as it was") == (left is not None)
    assert (left or "") in errors.decode()
