"""Options that several commands take."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from gateway.errors import ConfigurationError

ROME = ZoneInfo("Europe/Rome")

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Now = Annotated[
    str | None,
    typer.Option(help="Time to start the clock at, ISO 8601 (Europe/Rome without an offset); now when left out."),
]
Seed = Annotated[int, typer.Option(help="The same seed makes the same companies, lines and keys.")]
Companies = Annotated[int, typer.Option(min=1, help="How many companies the simulated backends have.")]
LinesPerCompany = Annotated[int, typer.Option(min=1, help="About how many lines each company has.")]
Dialect = Annotated[
    str, typer.Option(help="How the simulated backends speak TM Forum's APIs; docs/simulator.md lists the dialects.")
]
BackendPorts = Annotated[
    str, typer.Option(help="Ports of billing, provisioning and CRM, with commas between; 0 takes any free one.")
]
ReadyFile = Annotated[
    Path | None, typer.Option(help="JSON file written as soon as everything answers, and removed at the end.")
]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], typer.Option(help="From where on it is logged.")]


def parsed_time(text: str | None) -> datetime | None:
    """The aware time a `--now` means; ConfigurationError when it is none."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"--now: {text!r} is not a time such as 2026-11-24T09:00:00+01:00.") from None
    return time if time.tzinfo else time.replace(tzinfo=ROME)


def parsed_ports(text: str) -> tuple[int, int, int]:
    """The ports of billing, provisioning and CRM; ConfigurationError when these are not three ports."""
    try:
        billing, provisioning, crm = (int(port) for port in text.split(","))
    except ValueError:
        raise ConfigurationError(f"--backend-ports: {text!r} is not three numbers such as 9001,9002,9003.") from None
    if not all(0 <= port <= 65535 for port in (billing, provisioning, crm)):
        raise ConfigurationError(f"--backend-ports: {text!r} goes beyond 65535.")
    return billing, provisioning, crm
