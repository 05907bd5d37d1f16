"""`telco-gateway serve`: the gateway in front of the backends that the configuration names."""

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

    settings = load_settings(config)
    run(app.gateway(settings), lambda url: f"telco-gateway serves {url}/graphql", log_level=settings.log_level)
