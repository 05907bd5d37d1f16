"""`telco-gateway token`: a token of the simulated identity provider, for the demo only."""

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated

import typer

from gateway.cli.options import Seed
from gateway.domain.viewer import Scope
from gateway.errors import ConfigurationError


class TokenRole(Enum):
    """The roles a demo token can have, as the command line spells them."""

    USER_ADMIN = "user_admin"
    TELCO_MANAGER = "telco_manager"
    OPERATOR = "operator"


def token(
    role: Annotated[TokenRole, typer.Option(help="Whose token.")] = TokenRole.USER_ADMIN,
    company: Annotated[str | None, typer.Option(help="The company's id; operators have none.")] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="A scope to narrow to; may be repeated.")] = None,
    hours: Annotated[int, typer.Option(min=1, help="How long it is valid.")] = 24,
    seed: Seed = 1,
) -> None:
    """A token that the demo with the same seed accepts."""
    if role is not TokenRole.OPERATOR and company is None:
        company = "org-0001"
    if role is TokenRole.OPERATOR and company is not None:
        raise ConfigurationError("--company: an operator sees every company; leave it out.")
    from gateway.simulator.identity import Identity

    identity = Identity(seed, clock=lambda: datetime.now(UTC))
    typer.echo(identity.token(role.name, company_id=company, scopes=scope, hours=hours))
