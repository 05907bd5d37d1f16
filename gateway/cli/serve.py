"""`telco-gateway serve`: the gateway in front of the backends that the configuration names."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.running import run


def serve(
    config: Annotated[
        Path | None, typer.Option(help="TOML file; TELCO_GATEWAY_… in the environment wins over it.")
    ] = None,
) -> None:
    """The gateway on real backends. SIGTERM lets running requests end (server.drain_seconds), then exits 0."""
    from gateway import app
    from gateway.config import load_settings
    from gateway.log import configure_logging

    settings = load_settings(config)
    configure_logging(settings.log_level, stream=sys.stderr)

    def on_ready(url: str) -> None:
        typer.echo(f"telco-gateway serves {url}/graphql")
        sys.stdout.flush()

    run(app.gateway(settings), on_ready)
