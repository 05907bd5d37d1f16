"""How a SIM's fields get their values."""

from collections.abc import Sequence

import structlog

from gateway.context import Context
from gateway.domain.key import Key
from gateway.domain.line import Line
from gateway.domain.sim import Sim, SimCodes
from gateway.errors import GatewayError
from gateway.resolvers.ownership import load_owned

audit_log = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger(0))
"""Written whatever the log level is."""


async def line(sims: Sequence[Sim], context: Context) -> Sequence[Line | GatewayError | None]:
    """The line each SIM serves."""
    keys = [Key(sim.company_id, sim.id) for sim in sims]
    return await load_owned(keys, context.loaders.line.by_sim_id, context)


async def codes(sims: Sequence[Sim], context: Context) -> Sequence[SimCodes | GatewayError | None]:
    """PIN and PUK; every read leaves an audit line that says who read whose, never what."""
    for sim in sims:
        audit_log.info(
            "sim_codes_read",
            audit=True,
            subject=context.viewer.subject,
            role=context.viewer.role.value,
            company_id=sim.company_id,
            sim_id=sim.id,
            request_id=context.request_id,
        )
    keys = [Key(sim.company_id, sim.id) for sim in sims]
    return await load_owned(keys, context.loaders.sim.codes_by_id, context)
