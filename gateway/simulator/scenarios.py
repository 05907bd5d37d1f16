"""The named cases every world has: one company for each, found by its name in `World.scenarios`."""

from decimal import Decimal

import msgspec


class CompanyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a company is made of; a world decides what is left None.

    `accounts` counts the billing accounts of each customer of the company; `line_states` are the TMF637 states of its
    mobile lines, in order; `package_level` is the part of its data package that is always used.
    """

    name: str | None = None
    lines: int | None = None
    accounts: tuple[int, ...] = (1,)
    line_states: tuple[str, ...] = ()
    has_pec: bool = True
    has_overdue_invoice: bool | None = None
    has_device_invoices: bool | None = None
    has_credit_note: bool = False
    has_open_ticket: bool = False
    is_order_started: bool = False
    package_level: Decimal | None = None


class Scenario(msgspec.Struct, frozen=True):
    """One named case: what is special about its company, in a sentence, and what that company is made of."""

    name: str
    description: str
    plan: CompanyPlan


ALL_LINE_STATES = (
    "active",
    "created",
    "pendingActive",
    "suspended",
    "pendingTerminate",
    "terminated",
    "cancelled",
    "aborted",
    # The official enumeration of TMF637 really has this value, with its trailing space.
    "aborted ",
)

SCENARIOS = (
    Scenario(
        "ordinary",
        "A company with a bit of everything: the one that demonstrations show.",
        CompanyPlan(
            name="Officine Meccaniche Brambilla S.r.l.",
            has_overdue_invoice=True,
            has_device_invoices=True,
            has_credit_note=True,
            has_open_ticket=True,
        ),
    ),
    Scenario(
        "other_company",
        "Not the first company: it has everything too, so that a test can show that nobody sees it.",
        CompanyPlan(name="Panificio Esposito & Figli S.n.c.", has_open_ticket=True),
    ),
    Scenario("no_lines", "A customer without a single line.", CompanyPlan(lines=0)),
    Scenario("one_line", "A company with a single line, a mobile one.", CompanyPlan(lines=1)),
    Scenario("two_thousand_lines", "A company with 2,000 lines.", CompanyPlan(lines=2_000)),
    Scenario("no_pec", "A company whose organization has no PEC address.", CompanyPlan(has_pec=False)),
    Scenario(
        "overdue_invoice", "A company that has not paid an invoice in time.", CompanyPlan(has_overdue_invoice=True)
    ),
    Scenario("device_invoice", "A company that also gets invoices for devices.", CompanyPlan(has_device_invoices=True)),
    Scenario(
        "package_at_99_percent",
        "A company with one data package of which 99 % is used, on every day of the month.",
        CompanyPlan(lines=12, package_level=Decimal("0.99")),
    ),
    Scenario("open_ticket", "A company with one open ticket, about a line.", CompanyPlan(has_open_ticket=True)),
    Scenario(
        "order_in_progress",
        "A company with a fixed line whose activation has begun.",
        CompanyPlan(is_order_started=True),
    ),
    Scenario(
        "two_customers_three_accounts",
        "A company that is two customers, the first with two billing accounts.",
        CompanyPlan(accounts=(2, 1)),
    ),
    Scenario(
        "long_accented_names",
        "A company whose name is long and full of accents and apostrophes.",
        CompanyPlan(
            name="Società Cooperativa Agricola «L'Università dei Sapori dell'Alto Adige – Südtiroler Spezialitäten» "
            "di Niccolò D'Alò, José Peña-Ibáñez & Żółkiewska à.r.l. in liquidazione già Più Qualità"
        ),
    ),
    Scenario(
        "all_line_states",
        "A company with a mobile line in each TMF637 state.",
        CompanyPlan(lines=len(ALL_LINE_STATES), line_states=ALL_LINE_STATES),
    ),
)
