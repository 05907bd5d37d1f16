"""`telco-gateway serve`: the gateway in front of the backends that the configuration names."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.running import run

if TYPE_CHECKING:
    from gateway.config import Settings


def serve(
    config: Annotated[
        Path | None, typer.Option(help="TOML file; TELCO_GATEWAY_… in the environment wins over it.")
    ] = None,
) -> None:
    """The gateway on real backends. SIGTERM lets running requests end (server.drain_seconds), then exits 0."""
    from gateway import app
    from gateway.config import load_settings

    settings = load_settings(config)
    if settings.server.workers > 1:
        _serve_by_workers(settings)
    else:
        run(app.gateway(settings), _ready_line, log_level=settings.log_level)


def _serve_by_workers(settings: "Settings") -> None:
    from gateway import app
    from gateway.cli.workers import Workers
    from gateway.log import configure_logging
    from gateway.metrics import Fleet, fleet_of
    from gateway.serving import base_url, listening, listening_together

    server, metrics = settings.server, settings.metrics
    configure_logging(settings.log_level, stream=sys.stderr)
    listeners = listening_together(server.workers, server.host, server.port, "server.port")
    scraped = None
    if metrics.port is not None:
        scraped = listening(metrics.host, metrics.port, "metrics.port", "metrics.host")
    url = base_url(server.host, listeners[0])

    def say_ready() -> None:
        typer.echo(_ready_line(url))
        sys.stdout.flush()

    places = nullcontext(lambda _: Fleet()) if scraped is None else fleet_of(server.workers)
    with places as place:
        workers = Workers(
            lambda listener: app.gateway(
                settings, listener=listener, metrics_listener=scraped, fleet=place(listeners.index(listener))
            ),
            listeners,
            on_ready=say_ready,
            ending_seconds=app.seconds_to_end(settings),
        )
        code = workers.run()
    if code:
        raise typer.Exit(code)


def _ready_line(url: str) -> str:
    return f"telco-gateway serves {url}/graphql"
