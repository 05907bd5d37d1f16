"""Billing: customer bills (TMF678), accounts (TMF666), prepaid balances (TMF654) and usage consumption (TMF677)."""

from functools import cached_property

from gateway.adapters._api import Api
from gateway.adapters._client import BackendClient
from gateway.adapters.billing.account import accounts_by_company_id
from gateway.adapters.billing.balance import balance_by_product_id
from gateway.adapters.billing.gss_usage import GssUsageByPackageId
from gateway.adapters.billing.invoice import invoice_by_id, invoices_by_account_id
from gateway.domain.balance import Balance
from gateway.domain.company import CompanyAccounts
from gateway.domain.gss_package import GssUsage
from gateway.domain.invoice import Invoice
from gateway.domain.key import Key, Source
from gateway.domain.time import Clock


class BillingBackend:
    """What billing knows, by what it is asked for."""

    def __init__(self, client: BackendClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    @cached_property
    def accounts_by_company_id(self) -> Source[str, CompanyAccounts]:
        """The accounts of a company; None where billing has none."""
        return accounts_by_company_id(Api(self._client, "account"))

    @cached_property
    def invoice_by_id(self) -> Source[Key, Invoice]:
        """One invoice."""
        return invoice_by_id(Api(self._client, "customerBill"))

    @cached_property
    def invoices_by_account_id(self) -> Source[Key, tuple[Invoice, ...]]:
        """An account's invoices of the last 24 months."""
        return invoices_by_account_id(Api(self._client, "customerBill"), self._clock)

    @cached_property
    def balance_by_product_id(self) -> Source[Key, Balance]:
        """What is left for a prepaid line or a package; None without a bucket."""
        return balance_by_product_id(Api(self._client, "prepayBalance"))

    @cached_property
    def gss_usage_by_package_id(self) -> Source[Key, GssUsage]:
        """What the lines of a package have used in this period."""
        return GssUsageByPackageId(Api(self._client, "usageConsumption"))
