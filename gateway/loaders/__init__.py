"""All loaders of one request, made when first used."""

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

from gateway.domain.company import CompanyAccounts
from gateway.domain.key import Source
from gateway.loaders.balance import BalanceBackend, BalanceLoaders
from gateway.loaders.company import CompanyBackend, CompanyLoaders
from gateway.loaders.gss_package import GssPackageBackend, GssPackageLoaders, GssUsageBackend
from gateway.loaders.invoice import InvoiceBackend, InvoiceLoaders
from gateway.loaders.line import LineBackend, LineLoaders
from gateway.loaders.line_option import LineOptionBackend, LineOptionLoaders
from gateway.loaders.sim import SimBackend, SimLoaders
from gateway.loaders.ticket import TicketBackend, TicketLoaders


class Billing(BalanceBackend, InvoiceBackend, GssUsageBackend, Protocol):
    """What loaders ask of billing."""


class Provisioning(LineBackend, LineOptionBackend, SimBackend, GssPackageBackend, Protocol):
    """What loaders ask of provisioning."""


class Crm(CompanyBackend, TicketBackend, Protocol):
    """What loaders ask of the CRM."""


class Loaders:
    """One set for each request: no key is asked twice in it, and nothing is remembered after it.

    `accounts` says which customers and accounts a company holds: more than one backend can tell. `new_fresh` makes
    loaders that nothing is kept behind; without it these are such themselves.
    """

    def __init__(
        self,
        billing: Billing,
        provisioning: Provisioning,
        crm: Crm,
        accounts: Source[str, CompanyAccounts],
        *,
        new_fresh: "Callable[[], Loaders] | None" = None,
    ) -> None:
        self._billing = billing
        self._provisioning = provisioning
        self._crm = crm
        self._accounts = accounts
        self._new_fresh = new_fresh

    def fresh(self) -> "Loaders":
        """New loaders that ask the backends themselves: for decisions, and for what is shown after a write."""
        if self._new_fresh is not None:
            return self._new_fresh()
        return Loaders(self._billing, self._provisioning, self._crm, self._accounts)

    @cached_property
    def company(self) -> CompanyLoaders:
        """Companies."""
        return CompanyLoaders(self._crm, self._accounts)

    @cached_property
    def line(self) -> LineLoaders:
        """Lines."""
        return LineLoaders(self._provisioning)

    @cached_property
    def line_option(self) -> LineOptionLoaders:
        """Line options."""
        return LineOptionLoaders(self._provisioning)

    @cached_property
    def balance(self) -> BalanceLoaders:
        """Balances."""
        return BalanceLoaders(self._billing)

    @cached_property
    def sim(self) -> SimLoaders:
        """SIMs."""
        return SimLoaders(self._provisioning)

    @cached_property
    def invoice(self) -> InvoiceLoaders:
        """Invoices."""
        return InvoiceLoaders(self._billing)

    @cached_property
    def gss_package(self) -> GssPackageLoaders:
        """Giga Smart Share packages."""
        return GssPackageLoaders(self._provisioning, self._billing)

    @cached_property
    def ticket(self) -> TicketLoaders:
        """Tickets."""
        return TicketLoaders(self._crm)
