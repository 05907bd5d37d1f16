"""A business customer: the legal person, and the customer and billing accounts it holds."""

from enum import Enum

import msgspec


class Company(msgspec.Struct, frozen=True, gc=False):
    """The legal person. It begins as its id, so that lines and invoices answer while the CRM is down."""

    id: str

    @property
    def company_id(self) -> str:
        """A company belongs to itself."""
        return self.id


class CompanyState(Enum):
    """Where the company stands with the operator."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    UNKNOWN = "UNKNOWN"


class CompanyProfile(msgspec.Struct, frozen=True, gc=False):
    """What the CRM knows of a company; `vat_number` is the Italian P.IVA, 11 digits."""

    company_id: str
    name: str
    trading_name: str | None
    vat_number: str | None
    state: CompanyState


class CompanyAccounts(msgspec.Struct, frozen=True, gc=False):
    """The ids under which backends know a company: customers in CRM and provisioning, accounts in billing."""

    company_id: str
    customer_ids: tuple[str, ...]
    account_ids: tuple[str, ...]


class CompanySearch(msgspec.Struct, frozen=True, gc=False):
    """A page of the companies an operator looks for; `vat_number` and `name` match exactly, None matches all."""

    vat_number: str | None
    name: str | None
    offset: int
    limit: int


class CompanyPage(msgspec.Struct, frozen=True, gc=False):
    """One page of a search, by name; `has_more` says whether another page follows."""

    profiles: tuple[CompanyProfile, ...]
    has_more: bool


class CompanyFilter(msgspec.Struct, frozen=True, gc=False):
    """Which companies an operator looks for; each condition that is given matches exactly."""

    vat_number: str | None = None
    name: str | None = None
