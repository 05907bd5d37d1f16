"""A company in memory: what the executor is measured on, without any I/O."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from bench.world import Company, World
from gateway.context import Context
from gateway.domain.company import CompanyAccounts, CompanyProfile, CompanyState
from gateway.domain.invoice import Invoice, InvoiceKind, InvoiceState
from gateway.domain.key import Key
from gateway.domain.line import LineState, MobileLine, PaymentType, TariffPlan
from gateway.domain.money import Money
from gateway.domain.sim import Sim, SimState
from gateway.domain.viewer import SCOPES_OF_ROLE, Role, Viewer
from gateway.loaders import Loaders

SINCE = datetime(2024, 3, 1, tzinfo=UTC)


class MemorySource:
    """Knows everything without being asked, as the cache in process does: executors are compared, not loaders."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def known(self, keys: Sequence[Key | str]) -> dict[Key | str, Any]:
        """A value for each key."""
        values = self._values
        return {key: values.get(key.id if isinstance(key, Key) else key) for key in keys}

    async def get_many(self, keys: Sequence[Key | str]) -> Sequence[Any]:
        """One value for each key."""
        return list(self.known(keys).values())


class MemoryBackend:
    """What all backends know of one company, as far as the benchmark's queries go; any other read finds nothing."""

    def __init__(self, world: World, company: Company) -> None:
        customer_id, account_id = f"cus-{company.key}", f"acc-{company.key}"
        self.accounts = MemorySource({company.id: CompanyAccounts(company.id, (customer_id,), (account_id,))})
        self.profile_by_company_id = MemorySource(
            {company.id: CompanyProfile(company.id, company.name, None, company.vat_number, CompanyState.ACTIVE)}
        )
        self.lines_by_customer_id = MemorySource(
            {customer_id: tuple(_line(company, index) for index in range(company.lines))}
        )
        self.sim_by_id = MemorySource({company.sim_id(index): _sim(company, index) for index in range(company.lines)})
        self.invoices_by_account_id = MemorySource(
            {account_id: tuple(_invoice(world, company, index) for index in range(company.invoices))}
        )

    def __getattr__(self, name: str) -> MemorySource:
        return MemorySource({})

    def context(self, viewer: Viewer) -> Context:
        """The context of a request, with loaders of its own."""
        backend = cast(Any, self)
        loaders = Loaders(backend, backend, backend, backend.accounts)
        return Context(viewer=viewer, loaders=loaders, clock=lambda: datetime.now(UTC), request_id="bench")


def administrator(company: Company) -> Viewer:
    """Whoever looks after the company."""
    return Viewer("bench", Role.USER_ADMIN, company.id, SCOPES_OF_ROLE[Role.USER_ADMIN])


def _line(company: Company, index: int) -> MobileLine:
    return MobileLine(
        company_id=company.id,
        id=company.line_id(index),
        customer_id=f"cus-{company.key}",
        number=company.msisdn(index),
        state=LineState.ACTIVE,
        plan=TariffPlan("Azienda Smart 100"),
        activated_at=SINCE,
        option_ids=(),
        payment_type=PaymentType.POSTPAID,
        sim_id=company.sim_id(index),
        gss_package_id=None,
    )


def _sim(company: Company, index: int) -> Sim:
    iccid = company.iccid(index)
    return Sim(company.id, company.sim_id(index), f"cus-{company.key}", iccid, SimState.ACTIVE, SINCE)


def _invoice(world: World, company: Company, index: int) -> Invoice:
    return Invoice(
        company_id=company.id,
        id=f"bil-{company.key}-{index:02}",
        account_id=f"acc-{company.key}",
        number=company.bill_number(index),
        kind=InvoiceKind.SERVICE,
        state=InvoiceState.PAID,
        issued_on=world.bill_day(index),
        due_on=None,
        period=None,
        net=None,
        total=Money(Decimal(company.bill_total(index)), "EUR"),
        outstanding=None,
    )
