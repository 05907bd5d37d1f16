"""Billing accounts (TMF666): which customers and accounts a company holds."""

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._by_owner import Listing
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ByOwner
from gateway.adapters._wire import Parties, customer_ids, party_ids
from gateway.domain.company import CompanyAccounts
from gateway.domain.key import Source

PATH = "/billingAccount"


class BillingAccount(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A billing account as it comes."""

    id: str
    related_party: Parties = None


def accounts_by_company_id(api: Api) -> Source[str, CompanyAccounts]:
    """The accounts whose owner is the company, and the customers they belong to.

    None where it owns none, and where they name no customer: its lines would then look like none at all.
    """
    customer = api.dialect.name("customer")

    def accounts(rows: list[BillingAccount], company_id: str) -> CompanyAccounts | None:
        own = [row for row in rows if _is_owned(row, company_id, api.dialect)]
        api.log_dropped(PATH, len(rows) - len(own), "owner_role")
        if not own:
            return None
        customers = dict.fromkeys(id for row in own for id in customer_ids(row.related_party, customer))
        if not customers:
            return None
        return CompanyAccounts(company_id, tuple(customers), tuple(row.id for row in own))

    return ByOwner(
        api,
        Listing(
            path=PATH,
            row=BillingAccount,
            owners_of=lambda row: party_ids(row.related_party),
            parameter=api.profile.owner_parameter,
            setting=api.setting("owner_parameter"),
        ),
        accounts,
    )


def _is_owned(row: BillingAccount, company_id: str, dialect: Dialect) -> bool:
    """Whether the company is there as the owner, and not as one who pays; without any roles, as an organization."""
    parties = row.related_party or ()
    mentions = [party for party in parties if party.party_id == company_id]
    if any(party.role is not None for party in parties):
        return any(dialect.is_owner(party) for party in mentions)
    return any(party.party_type in ("Organization", None) for party in mentions)
