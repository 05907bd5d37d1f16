"""Who asks: the role a token gives, and what each role may do."""

from enum import Enum, StrEnum

import msgspec


class Role(Enum):
    """Who somebody is to the gateway; UNKNOWN may read nothing but who it is."""

    USER_ADMIN = "USER_ADMIN"
    TELCO_MANAGER = "TELCO_MANAGER"
    OPERATOR = "OPERATOR"
    UNKNOWN = "UNKNOWN"


class Scope(StrEnum):
    """What a field may ask of its viewer; the values are what tokens and `@requiresScopes` say."""

    COMPANY_READ = "company:read"
    LINE_READ = "line:read"
    SIM_CODES_READ = "sim-codes:read"
    INVOICE_READ = "invoice:read"
    PACKAGE_READ = "package:read"
    TICKET_READ = "ticket:read"
    FLEET_READ = "fleet:read"
    PII_READ = "pii:read"


OWN_COMPANY = frozenset(
    {
        Scope.COMPANY_READ,
        Scope.LINE_READ,
        Scope.SIM_CODES_READ,
        Scope.INVOICE_READ,
        Scope.PACKAGE_READ,
        Scope.TICKET_READ,
        Scope.PII_READ,
    }
)

SCOPES_OF_ROLE: dict[Role, frozenset[Scope]] = {
    Role.USER_ADMIN: OWN_COMPANY,
    Role.TELCO_MANAGER: OWN_COMPANY,
    Role.OPERATOR: OWN_COMPANY - {Scope.SIM_CODES_READ, Scope.PII_READ} | {Scope.FLEET_READ},
    Role.UNKNOWN: frozenset(),
}


class Viewer(msgspec.Struct, frozen=True, cache_hash=True):
    """Who a token speaks for; `company_id` is None for an operator, who sees every company."""

    subject: str
    role: Role
    company_id: str | None
    scopes: frozenset[Scope]

    @property
    def is_anonymous(self) -> bool:
        """Whether there was no token at all."""
        return self == ANONYMOUS

    def may(self, scope: Scope) -> bool:
        """Whether the viewer has the scope."""
        return scope in self.scopes

    def may_see(self, company_id: str) -> bool:
        """Whether the company's data may be shown to this viewer."""
        return self.role is Role.OPERATOR or (self.company_id is not None and self.company_id == company_id)


ANONYMOUS = Viewer(subject="", role=Role.UNKNOWN, company_id=None, scopes=frozenset())
