"""Backends in memory, for what can only be seen without a network: batches, one against many."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from gateway.context import Context
from gateway.domain.balance import Balance
from gateway.domain.company import Company, CompanyAccounts, CompanyPage, CompanyProfile, CompanyState
from gateway.domain.data_volume import DataVolume
from gateway.domain.gss_package import GssMember, GssPackage, GssPackageState, GssUsage
from gateway.domain.invoice import Invoice, InvoiceKind, InvoiceState
from gateway.domain.key import Key
from gateway.domain.line import CustomerLine, FixedLine, Line, LineState, MobileLine, PaymentType, TariffPlan
from gateway.domain.line_option import LineOption
from gateway.domain.money import Money
from gateway.domain.sim import Sim, SimCodes, SimState
from gateway.domain.ticket import Ticket, TicketKind, TicketState
from gateway.domain.viewer import SCOPES_OF_ROLE, Role, Viewer
from gateway.errors import BackendTimeout, GatewayError
from gateway.loaders import Loaders

K = TypeVar("K")
V = TypeVar("V")

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATE = BackendTimeout("billing", "late")


class MemorySource(Generic[K, V]):
    """Answers from a table, by the backend's own id; keeps every batch it was asked for."""

    def __init__(self, values: Mapping[Any, V | GatewayError]) -> None:
        self._values = values
        self.batches: list[list[K]] = []

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """One answer for each key."""
        self.batches.append(list(keys))
        return [self._values.get(key.id if isinstance(key, Key) else key) for key in keys]


def line(company: str, name: str, **changes: Any) -> MobileLine:
    """A mobile line of a company, with SIM, option and package of like names."""
    values: dict[str, Any] = {
        "company_id": company,
        "id": f"lin-{name}",
        "customer_id": f"cus-{company}",
        "number": f"+39345000{name}",
        "state": LineState.ACTIVE,
        "plan": TariffPlan("Plan"),
        "activated_at": AT,
        "option_ids": (f"opt-{name}",),
        "payment_type": PaymentType.PREPAID,
        "sim_id": f"sim-{name}",
        "gss_package_id": f"gss-{company}",
    }
    return MobileLine(**values | changes)


LINES: tuple[Line, ...] = (
    line("a", "1"),
    line("a", "2", payment_type=PaymentType.POSTPAID, sim_id=None, option_ids=()),
    line("b", "3"),
    line(
        "a", "4", sim_id="sim-3", option_ids=("opt-3", "opt-1"), gss_package_id="gss-b"
    ),  # refers to the other company
    line("b", "5", gss_package_id=None, option_ids=("opt-late",)),
    FixedLine(
        company_id="a",
        id="fix-1",
        customer_id="cus-a",
        number=None,
        state=LineState.PENDING,
        plan=None,
        activated_at=None,
        option_ids=(),
        address="Via Dante 7",
    ),
)
SIMS = tuple(
    Sim(company, f"sim-{name}", f"cus-{company}", f"8939{name}", SimState.ACTIVE, AT)
    for company, name in ("a1", "b3", "b5")
)
INVOICES = tuple(
    Invoice(
        company_id=company,
        id=f"bil-{company}{number}",
        account_id=f"acc-{company}",
        number=number,
        kind=InvoiceKind.SERVICE,
        state=InvoiceState.ISSUED,
        issued_on=date(2026, 1, int(number)),
        due_on=date(2026, 2, 1),
        period=None,
        net=None,
        total=Money(Decimal(1), "EUR"),
        outstanding=Money(Decimal(number), "EUR"),
    )
    for company in "ab"
    for number in "12"
)
PACKAGES = tuple(
    GssPackage(
        company_id=company,
        id=f"gss-{company}",
        customer_id=f"cus-{company}",
        name="Package",
        state=GssPackageState.ACTIVE,
        activated_at=AT,
        allowance=DataVolume(10),
        extra=None,
        contact_phone=None,
        line_ids=lines,
    )
    for company, lines in (("a", ("lin-1", "lin-2", "lin-3")), ("b", ("lin-3", "lin-5", "lin-gone", "fix-1")))
)
TICKETS = tuple(
    Ticket(
        company_id=company,
        id=f"tkt-{company}{line_id}",
        customer_id=f"cus-{company}",
        kind=TicketKind.COMMERCIAL,
        state=TicketState.CLOSED,
        subject=None,
        description=None,
        opened_at=AT,
        updated_at=None,
        closed_at=None,
        line_id=line_id,
        invoice_id=invoice_id,
    )
    for company, line_id, invoice_id in (
        ("a", "lin-1", "bil-a1"),
        ("a", "lin-3", "bil-b1"),
        ("b", None, None),
        ("b", "lin-late", "bil-gone"),
    )
)
COMPANIES = (Company("a"), Company("b"), Company("late"), Company("nobody"))
VIEWERS = (
    Viewer("one", Role.OPERATOR, None, SCOPES_OF_ROLE[Role.OPERATOR]),
    Viewer("two", Role.USER_ADMIN, "a", SCOPES_OF_ROLE[Role.USER_ADMIN]),
)

PARENTS: dict[str, Sequence[Any]] = {
    "Viewer": VIEWERS,
    "Company": COMPANIES,
    "MobileLine": [line for line in LINES if isinstance(line, MobileLine)],
    "FixedLine": [line for line in LINES if isinstance(line, FixedLine)] * 2,
    "Sim": SIMS,
    "Invoice": INVOICES,
    "GssPackage": PACKAGES,
    "GssPackageMember": [
        GssMember(package.company_id, package.id, id) for package in PACKAGES for id in package.line_ids
    ],
    "Ticket": TICKETS,
}
"""Parents of each type that has edges: of both companies, some of whose references are foreign, unknown or failing."""


def _by_id(records: Sequence[Any]) -> dict[str, Any]:
    return {record.id: record for record in records}


def _of(records: Sequence[Any]) -> dict[str, Any]:
    return {f"cus-{company}": tuple(r for r in records if r.company_id == company) for company in "ab"}


class MemoryBackend:
    """All three backends; the company `late` fails everywhere."""

    def __init__(self) -> None:
        accounts = {company: CompanyAccounts(company, (f"cus-{company}",), (f"acc-{company}",)) for company in "ab"}
        self.accounts = MemorySource[str, CompanyAccounts](accounts | {"late": LATE})
        self.company_id_by_customer_id = MemorySource[str, str]({"cus-a": "a", "cus-b": "b"})
        self.profile_by_company_id = MemorySource[str, CompanyProfile](
            {"a": CompanyProfile("a", "A", None, "1", CompanyState.ACTIVE), "late": LATE}
        )
        self.companies_by_search = MemorySource[Any, CompanyPage]({})
        self.ticket_by_id = MemorySource[Key, Ticket](_by_id(TICKETS))
        self.tickets_by_customer_id = MemorySource[Key, tuple[Ticket, ...]](_of(TICKETS))
        self.invoice_by_id = MemorySource[Key, Invoice](_by_id(INVOICES))
        self.invoices_by_account_id = MemorySource[Key, tuple[Invoice, ...]](
            {f"acc-{company}": tuple(i for i in INVOICES if i.company_id == company) for company in "ab"}
        )
        self.balance_by_product_id = MemorySource[Key, Balance](
            {"lin-1": Balance("lin-1", Money(Decimal(5), "EUR")), "lin-3": LATE}
        )
        self.gss_usage_by_package_id = MemorySource[Key, GssUsage](
            {"gss-a": GssUsage({"lin-1": DataVolume(3)}, DataVolume(7)), "gss-b": LATE}
        )
        self.line_by_id = MemorySource[Key, Line](_by_id(LINES) | {"lin-late": LATE})
        self.lines_by_customer_id = MemorySource[Key, tuple[Line, ...]](_of(LINES))
        self.line_by_sim_id = MemorySource[Key, Line]({"sim-1": LINES[0], "sim-3": LINES[2]})
        self.line_by_number = MemorySource[str, CustomerLine]({"+393450001": CustomerLine("cus-a", "lin-1")})
        self.option_by_id = MemorySource[Key, LineOption](
            {f"opt-{n}": LineOption(c, f"opt-{n}", f"cus-{c}", n, LineState.ACTIVE, AT) for c, n in ("a1", "b3")}
            | {"opt-late": LATE}
        )
        self.sim_by_id = MemorySource[Key, Sim](_by_id(SIMS))
        self.sim_codes_by_id = MemorySource[Key, SimCodes]({"sim-1": SimCodes("a", "cus-a", "1", "2", None, None)})
        self.gss_package_by_id = MemorySource[Key, GssPackage](_by_id(PACKAGES))
        self.gss_packages_by_customer_id = MemorySource[Key, tuple[GssPackage, ...]](_of(PACKAGES))

    def batches(self) -> dict[str, int]:
        """How many batches each source was asked for, where it was asked at all."""
        sources = {name: value for name, value in vars(self).items() if isinstance(value, MemorySource)}
        return {name: len(source.batches) for name, source in sources.items() if source.batches}


def context_on(backend: MemoryBackend, viewer: Viewer = VIEWERS[0]) -> Context:
    """A request's context on backends in memory; an operator's unless said otherwise."""
    return Context(
        viewer=viewer,
        loaders=Loaders(backend, backend, backend, backend.accounts),
        clock=lambda: datetime(2026, 11, 24, 12, tzinfo=UTC),
        request_id="r1",
    )
