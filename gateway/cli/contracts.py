"""`telco-gateway contracts`: whether a running backend keeps its contract, and what a change of a contract breaks."""

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from gateway.cli.result_files import check_writable, write_result
from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from gateway.config import Auth, BackendSettings
    from gateway.contract_kit.point import Verification

contracts = typer.Typer(
    help="The backends' contracts: verify a running system, compare two versions.", no_args_is_help=True
)

CREDENTIALS, SAMPLES, RESULTS = "Credentials, of the one backend that is named", "Samples", "Results"

Url = Annotated[str | None, typer.Option(metavar="URL", help="Where it is: scheme, host and port.")]
Source = Annotated[
    str | None, typer.Option(metavar="SOURCE", help="As env:NAME or file:PATH.", rich_help_panel=CREDENTIALS)
]
SampleId = Annotated[
    str | None,
    typer.Option(
        metavar="ID", help="One that exists, where a list without a filter is refused.", rich_help_panel=SAMPLES
    ),
]
SOURCES = "write env:NAME for a variable of the environment, or file:PATH; what stands in a command, everybody can read"


@contracts.command()
def verify(
    billing: Url = None,
    provisioning: Url = None,
    crm: Url = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file: URLs, credentials, TLS and profiles of its backends.")
    ] = None,
    api_key: Source = None,
    api_key_header: Annotated[
        str, typer.Option(help="The header of the API key.", rich_help_panel=CREDENTIALS)
    ] = "X-API-Key",
    bearer: Source = None,
    basic_user: Annotated[
        str | None, typer.Option(help="HTTP basic authentication.", rich_help_panel=CREDENTIALS)
    ] = None,
    basic_password: Source = None,
    token_url: Annotated[
        str | None, typer.Option(help="OAuth 2 client credentials: the token endpoint.", rich_help_panel=CREDENTIALS)
    ] = None,
    client_id: Annotated[
        str | None, typer.Option(help="OAuth 2 client credentials.", rich_help_panel=CREDENTIALS)
    ] = None,
    client_secret: Source = None,
    scope: Annotated[
        str, typer.Option(help="OAuth 2 client credentials: the scope to ask for.", rich_help_panel=CREDENTIALS)
    ] = "",
    company: SampleId = None,
    customer: SampleId = None,
    account: SampleId = None,
    product: SampleId = None,
    sim: SampleId = None,
    ticket: SampleId = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Also change the ticket of --ticket, and put it back, to find how PATCH works."),
    ] = False,
    calls: Annotated[int, typer.Option(min=1, max=10_000, help="How many calls may be made in all.")] = 500,
    timeout: Annotated[float | None, typer.Option(min=0.1, max=60, help="Seconds that a call may take.")] = None,
    profile: Annotated[
        Path | None, typer.Option(help="Write the profile there, as TOML; - is stdout.", rich_help_panel=RESULTS)
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write the result there, as JUnit XML.", rich_help_panel=RESULTS)
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the result there, as Markdown.", rich_help_panel=RESULTS)
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Show also every point that holds.", rich_help_panel=RESULTS)
    ] = False,
) -> None:
    """Whether backends keep their contracts, and by which settings the gateway understands them.

    Changes nothing unless --write is given. Exit code: 0 every point holds, 1 some do not, 2 not verified.
    """
    from gateway.contract_kit.verification import Wish, verified

    for option, path in (("--profile", profile), ("--junit", junit), ("--markdown", markdown)):
        check_writable(option, path)
    auth = _auth(
        api_key, api_key_header, bearer, basic_user, basic_password, token_url, client_id, client_secret, scope
    )
    urls = {"billing": billing, "provisioning": provisioning, "crm": crm}
    backends = _backends({name: url for name, url in urls.items() if url is not None}, config, auth, timeout)
    if write and ticket is None:
        raise ConfigurationError("--write: name a ticket that may be changed with --ticket.")
    named = {
        "company": company,
        "customer": customer,
        "account": account,
        "product": product,
        "sim": sim,
        "ticket": ticket,
    }
    samples = {kind: id for kind, id in named.items() if id is not None}
    wish = Wish(
        backends=backends, samples=samples, may_write=write, calls_max=calls, warn=partial(typer.echo, err=True)
    )
    _report(asyncio.run(verified(wish)), profile, junit, markdown, details)


def _report(
    verification: "Verification", profile: Path | None, junit: Path | None, markdown: Path | None, details: bool
) -> None:
    from gateway.contract_kit.report_junit import junit_report
    from gateway.contract_kit.report_markdown import markdown_report
    from gateway.contract_kit.report_text import profiles, text_report

    is_piped = profile == Path("-")
    typer.echo(text_report(verification, is_detailed=details), nl=False, err=is_piped)
    if is_piped:
        typer.echo(profiles(verification), nl=False)
    elif profile is not None:
        write_result("--profile", profile, profiles(verification))
    if junit is not None:
        write_result("--junit", junit, junit_report(verification))
    if markdown is not None:
        write_result("--markdown", markdown, markdown_report(verification))
    raise typer.Exit(verification.exit_code)


def _backends(
    urls: Mapping[str, str], config: Path | None, auth: "Auth | None", timeout: float | None
) -> "dict[str, BackendSettings]":
    """The backends that were named by their URLs, else all that the configuration has."""
    from gateway.config import ENVIRONMENT_PREFIX, CallerTokenAuth, load_backends

    if auth is not None and len(urls) != 1:
        raise ConfigurationError(
            "--billing, --provisioning, --crm: name one, which the credentials are for; or use --config."
        )
    named = {f"{ENVIRONMENT_PREFIX}BACKENDS__{name.upper()}__URL": url for name, url in urls.items()}
    loaded = load_backends(config, {**os.environ, **named})
    chosen = {name: backend for name, backend in loaded.items() if name in urls or not urls}
    if not chosen:
        raise ConfigurationError(
            "--billing, --provisioning, --crm: name the URL of one at least, or a --config that has it."
        )
    for name, backend in chosen.items():
        backend = backend if auth is None else msgspec.structs.replace(backend, auth=auth)
        if isinstance(backend.auth, CallerTokenAuth):
            raise ConfigurationError(
                f"backends.{name}.auth: is a caller's token; give one with --bearer and the backend's URL."
            )
        if timeout is not None:
            backend = msgspec.structs.replace(backend, timeout_seconds=timeout, connect_timeout_seconds=timeout)
        chosen[name] = backend
    return chosen


def _auth(
    api_key: str | None,
    api_key_header: str,
    bearer: str | None,
    basic_user: str | None,
    basic_password: str | None,
    token_url: str | None,
    client_id: str | None,
    client_secret: str | None,
    scope: str,
) -> "Auth | None":
    """The credentials that the options name; None where they name none."""
    from gateway.config import ApiKeyAuth, BasicAuth, ClientCredentialsAuth

    ways: list[Auth] = []
    if api_key is not None:
        ways.append(ApiKeyAuth(_secret("--api-key", api_key), api_key_header))
    if bearer is not None:
        ways.append(ApiKeyAuth(f"Bearer {_secret('--bearer', bearer)}", "Authorization"))
    if basic_user is not None or basic_password is not None:
        if basic_user is None or basic_password is None:
            raise ConfigurationError("--basic-user, --basic-password: go together; give both.")
        ways.append(BasicAuth(basic_user, _secret("--basic-password", basic_password)))
    if token_url is not None or client_id is not None or client_secret is not None:
        if token_url is None or client_id is None or client_secret is None:
            raise ConfigurationError("--token-url, --client-id, --client-secret: go together; give all three.")
        secret = _secret("--client-secret", client_secret)
        ways.append(ClientCredentialsAuth(token_url, client_id, secret, scope))
    if len(ways) > 1:
        raise ConfigurationError(
            "--api-key, --bearer, --basic-user, --token-url: are ways of which a backend takes one."
        )
    return ways[0] if ways else None


def _secret(option: str, source: str) -> str:
    """What a source holds; ConfigurationError for a secret that is empty, or written out."""
    secret = _read_secret(option, source)
    if not secret.strip():
        raise ConfigurationError(f"{option}: {source} is empty.")
    return secret


def _read_secret(option: str, source: str) -> str:
    kind, _, name = source.partition(":")
    if kind == "env" and name:
        if name not in os.environ:
            raise ConfigurationError(f"{option}: the environment has no variable {name}.")
        return os.environ[name]
    if kind == "file" and name:
        try:
            return Path(name).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"{option}: the file {name} cannot be read.") from None
    raise ConfigurationError(f"{option}: {SOURCES}.")


@contracts.command()
def diff(
    old: Annotated[Path, typer.Argument(help="OpenAPI, YAML or JSON.")],
    new: Annotated[Path, typer.Argument(help="The same, later.")],
) -> None:
    """What a backend that keeps OLD lacks for NEW, and what the version number has to do.

    Breaking is seen from the backend: an answer of it would be refused (an attribute has to be there, a type, word or
    bound is stricter, a 2xx is none any more), or what the gateway sends is none that it knows (a value that was not
    allowed, a body without what was always in it). What is new or no longer asked breaks nobody.

    Exit code: 0 nothing breaks, 1 something does, 2 not compared: unreadable, or not two versions of one contract.
    """
    from gateway.contract_kit.change import Effect, changes, check_comparable
    from gateway.contract_kit.contract import read_contract
    from gateway.contract_kit.report_changes import changes_report
    from gateway.contract_kit.version_rule import version_verdict

    before, after = read_contract(old), read_contract(new)
    check_comparable(before, after)
    found = changes(before, after)
    typer.echo(changes_report(found, version_verdict(before, after, found)), nl=False)
    raise typer.Exit(int(any(change.effect is Effect.BREAKING for change in found)))
