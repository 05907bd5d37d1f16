"""The command line: demo, serve, simulate, schema, token. Each command imports what it runs, so that help is quick."""

import sys

import typer

from gateway.cli import demo, schema, serve, simulate, token
from gateway.errors import ConfigurationError

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
    """The entry point; a setting that stops the start is one line on stderr and exit code 2."""
    try:
        cli()
    except ConfigurationError as error:
        sys.exit(_stopped(error))


def _stopped(error: ConfigurationError) -> int:
    typer.echo(f"telco-gateway: {error.message}", err=True)
    return 2
