"""`telco-gateway demo`: simulated backends, an embedded Valkey and the gateway in front of them, in one process."""

import sys
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from gateway.cli.options import (
    BackendPorts,
    Companies,
    Dialect,
    Host,
    LinesPerCompany,
    LogLevel,
    Now,
    ReadyFile,
    Seed,
    parsed_ports,
    parsed_time,
)
from gateway.cli.running import run

if TYPE_CHECKING:
    from gateway.demo import Demo

QUERY = "{ viewer { company { name lines(first: 3) { totalCount nodes { number } } } } }"


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the gateway; 0 takes any free one.")] = 8000,
    host: Host = "127.0.0.1",
    now: Now = None,
    backend_ports: BackendPorts = "0,0,0",
    ready_file: ReadyFile = None,
    seed: Seed = 1,
    companies: Companies = 20,
    lines_per_company: LinesPerCompany = 50,
    dialect: Dialect = "plain",
    log_level: LogLevel = "warning",
) -> None:
    """Everything on this machine, made up but real: backends, Valkey, gateway. Ctrl-C ends it."""
    from gateway import demo as simulated

    options = simulated.DemoOptions(
        host=host,
        port=port,
        now=parsed_time(now),
        seed=seed,
        companies=companies,
        lines_per_company=lines_per_company,
        backend_ports=parsed_ports(backend_ports),
        dialect=dialect,
    )
    run(simulated.demo(options), _welcome, log_level=log_level, ready_path=ready_file)


def _welcome(ready: "Demo") -> str:
    """One line for a script; on a terminal what to do next."""
    if not sys.stdout.isatty():
        return f"telco-gateway demo is ready at {ready.url}"
    token = ready.tokens.user_admin
    body = msgspec.json.encode({"query": QUERY}).decode()
    return f"""
telco-gateway demo

  graph         {ready.url}/graphql
  editor        {ready.url}/
  billing       {ready.backends.billing}
  provisioning  {ready.backends.provisioning}
  crm           {ready.backends.crm}
  company       {ready.company_id}  ($id of contracts/operations/company_overview.graphql)

A token of a company's administrator, valid for 24 hours:

  {token}

Paste {{"Authorization": "Bearer <token>"}} into the editor's Headers tab, or ask from here:

  curl {ready.url}/graphql -H 'Content-Type: application/json' \\
    -H 'Authorization: Bearer {token}' \\
    -d '{body}'

Other roles: telco-gateway token --help. Ctrl-C ends the demo.
"""
