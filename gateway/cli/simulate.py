"""`telco-gateway simulate`: the simulated backends alone, for frontends' mocks and for a gateway started elsewhere."""

from typing import TYPE_CHECKING

import msgspec

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
    from gateway.demo import Simulation


def simulate(
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
    """The three simulated backends on free ports, without a gateway. Ctrl-C ends them."""
    from gateway import demo as simulated

    options = simulated.SimulationOptions(
        host=host,
        now=parsed_time(now),
        seed=seed,
        companies=companies,
        lines_per_company=lines_per_company,
        backend_ports=parsed_ports(backend_ports),
        dialect=dialect,
    )
    run(simulated.simulate(options), _backends, log_level=log_level, ready_path=ready_file)


def _backends(ready: "Simulation") -> str:
    return "\n".join(f"{name:<13}{url}" for name, url in msgspec.structs.asdict(ready.backends).items())
