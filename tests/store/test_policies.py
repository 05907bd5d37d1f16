"""Which answers are kept, for how long, and that none is forgotten in the table."""

from functools import cached_property
from typing import Any

import pytest

from gateway.adapters.billing import BillingBackend
from gateway.adapters.crm import CrmBackend
from gateway.adapters.provisioning import ProvisioningBackend
from gateway.config import CallerTokenAuth, NoAuth, SharingSettings
from gateway.domain.invoice import Invoice, InvoiceState
from gateway.store.cached import Cached
from gateway.store.policies import RULES
from gateway.store.shared import Shared
from gateway.store.store import ACCOUNTS_SOURCE, Store
from tests.resolvers.memory import INVOICES, LINES
from tests.store.conftest import Clock, settings

HOUR = 3600.0


def sources(*backends: type) -> set[str]:
    """The names of what backends can be asked."""
    return {name for kind in backends for name, value in vars(kind).items() if isinstance(value, cached_property)}


def test_every_source_has_a_rule() -> None:
    """A new source shows here until it is decided what may be done with its answers."""
    assert sources(BillingBackend, ProvisioningBackend, CrmBackend) - {ACCOUNTS_SOURCE} == set(RULES)


def test_what_is_never_kept() -> None:
    """Codes and usage, and what searches and numbers lead to; codes are not even shared, since each read is audited."""
    assert {name for name, rule in RULES.items() if rule.policy is None} == {
        "sim_codes_by_id",
        "gss_usage_by_package_id",
        "companies_by_search",
        "company_id_by_customer_id",
        "line_by_number",
    }
    assert {name for name, rule in RULES.items() if not rule.is_shared} == {"sim_codes_by_id"}


@pytest.mark.parametrize(
    ("source", "value", "seconds"),
    [
        ("profile_by_company_id", None, 600),
        ("sim_by_id", None, 300),
        ("line_by_id", LINES[0], 60),
        ("lines_by_customer_id", LINES, 60),
        ("gss_package_by_id", None, 60),
        ("option_by_id", None, 60),
        ("ticket_by_id", None, 15),
        ("balance_by_product_id", None, 15),
    ],
)
def test_how_long_an_answer_is_news(source: str, value: Any, seconds: float) -> None:
    """Seconds by kind; lists as their rows."""
    policy = RULES[source].policy
    assert policy is not None
    assert policy.fresh_for(value) == seconds


def test_a_paid_invoice_is_kept_for_longer_than_an_open_one() -> None:
    """And a list is as fresh as the row that needs it most."""
    issued = INVOICES[0]
    paid = Invoice(**{name: getattr(issued, name) for name in issued.__struct_fields__} | {"state": InvoiceState.PAID})
    one, many = RULES["invoice_by_id"].policy, RULES["invoices_by_account_id"].policy
    assert one is not None
    assert many is not None
    assert [one.fresh_for(invoice) for invoice in (paid, issued)] == [HOUR, 300]
    assert [many.fresh_for(invoices) for invoices in ((paid, paid), (paid, issued), ())] == [HOUR, 300, 300]


class Provisioning:
    """A backend whose sources are made when they are first used, as those of the adapters are."""

    @cached_property
    def sim_codes_by_id(self) -> Any:
        """Never kept, never shared."""
        return object()

    @cached_property
    def gss_usage_by_package_id(self) -> Any:
        """Never kept."""
        return object()

    @cached_property
    def sim_by_id(self) -> Any:
        """Shared and kept."""
        return object()


def layers(source: Any) -> list[type]:
    """The decorators of a source, from the outside."""
    kinds: list[type] = []
    while isinstance(source, Shared | Cached):
        kinds.append(type(source))
        source = source._source
    return kinds


@pytest.mark.parametrize(
    ("auth", "sharing", "expected"),
    [
        (NoAuth(), True, ([], [Shared], [Shared, Cached])),
        (NoAuth(), False, ([], [], [Cached])),
        (CallerTokenAuth(), True, ([], [Shared], [Shared])),
    ],
)
def test_how_sources_are_wrapped(auth: Any, sharing: bool, expected: Any) -> None:
    """Where a backend wants the caller's own token nothing is kept; the backend itself stays as it is."""
    store = Store(settings("redis://127.0.0.1:1/0", sharing=SharingSettings(enabled=sharing)), Clock())
    backend = Provisioning()
    kept = store.kept(backend, auth)
    assert (
        layers(kept.sim_codes_by_id),
        layers(kept.gss_usage_by_package_id),
        layers(kept.sim_by_id),
    ) == expected
    assert layers(backend.sim_by_id) == []
