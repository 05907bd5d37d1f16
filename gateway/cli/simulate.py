"""`telco-gateway simulate`: the simulated backends alone, for frontends' mocks and for a gateway started elsewhere."""

import sys
from typing import TYPE_CHECKING

import msgspec
import typer

from gateway.cli.options import (
    BackendPorts,
    Companies,
    Host,
    LinesPerCompany,
    LogLevel,
    Now,
    ReadyFile,
    Seed,
    checked_log_level,
    parsed_ports,
    parsed_time,
)
from gateway.cli.ready_file import ready_file as prepared
from gateway.cli.ready_file import write_ready_file
from gateway.cli.running import run

if TYPE_CHECKING:
    from gateway.demo import Simulation


def simulate(
    host: Host = "127.0.0.1",
    now: Now = None,
    backend_ports: BackendPorts = "0,0,0",
    ready_file: ReadyFile = None,
    seed: Seed = 1,
    companies: Companies = 20,
    lines_per_company: LinesPerCompany = 50,
    log_level: LogLevel = "warning",
) -> None:
    """The three simulated backends on free ports, without a gateway. Ctrl-C ends them."""
    level, clock_start, ports = checked_log_level(log_level), parsed_time(now), parsed_ports(backend_ports)

    def on_ready(ready: "Simulation") -> None:
        write_ready_file(ready_file, ready)
        for name, url in msgspec.structs.asdict(ready.backends).items():
            typer.echo(f"{name:<13}{url}")
        sys.stdout.flush()

    with prepared(ready_file):
        from gateway import demo as simulated
        from gateway.log import configure_logging

        configure_logging(level, stream=sys.stderr)
        options = simulated.SimulationOptions(
            host=host,
            now=clock_start,
            seed=seed,
            companies=companies,
            lines_per_company=lines_per_company,
            backend_ports=ports,
        )
        run(simulated.simulate(options), on_ready)
