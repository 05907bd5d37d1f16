"""Billing accounts (TMF666): which customers and accounts a company holds."""

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._by_owner import Listing
from gateway.adapters._source import ByOwner
from gateway.adapters._wire import Parties, customer_ids, party_ids
from gateway.domain.company import CompanyAccounts
from gateway.domain.key import Source


class BillingAccount(msgspec.Struct, frozen=True, rename="camel"):
    """A billing account as it comes."""

    id: str
    related_party: Parties = None


def accounts_by_company_id(api: Api) -> Source[str, CompanyAccounts]:
    """The accounts whose owner is the company, and the customers they belong to."""
    customer = api.profile.name("customer")

    def accounts(rows: list[BillingAccount], company_id: str) -> CompanyAccounts | None:
        if not rows:
            return None
        customers = dict.fromkeys(id for row in rows for id in customer_ids(row.related_party, customer))
        return CompanyAccounts(company_id, tuple(customers), tuple(row.id for row in rows))

    return ByOwner(
        api,
        Listing(
            path="/billingAccount",
            row=BillingAccount,
            owners_of=lambda row: party_ids(row.related_party),
            parameter=api.profile.owner_parameter,
            setting=api.setting("owner_parameter"),
        ),
        accounts,
    )
