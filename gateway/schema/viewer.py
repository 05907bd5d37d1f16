"""Who is asking."""

from gateway.domain import viewer as records
from gateway.domain.viewer import Scope
from gateway.fields import attribute, edge, enum_type, object_type
from gateway.resolvers import viewer as resolve
from gateway.schema.lazy import LazyCompany

Role = records.Role
enum_type(
    Role,
    {
        Role.USER_ADMIN: "A company's User Admin: reads everything of the company.",
        Role.TELCO_MANAGER: "A company's Telco Manager: reads everything of the company.",
        Role.OPERATOR: "The operator's own people and machines: reads every company, never PIN and PUK.",
        Role.UNKNOWN: "A role this graph has no word for; it may read nothing.",
    },
)


@object_type(records.Viewer)
class Viewer:
    """Whoever the token speaks for."""

    role: Role = attribute("What the viewer is.")
    scopes: list[str] = edge(resolve.scopes, "What the viewer may do; `@requiresScopes` says where each is needed.")
    company: LazyCompany | None = edge(
        resolve.company, "The viewer's company; null for an operator, who sees every company.", scope=Scope.COMPANY_READ
    )
