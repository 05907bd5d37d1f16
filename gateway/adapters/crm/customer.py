"""Customers (TMF629): which of them a company is, and the accounts they hold."""

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._by_owner import Listing
from gateway.adapters._source import ById, ByOwner
from gateway.adapters._wire import Ref
from gateway.domain.company import CompanyAccounts
from gateway.domain.key import Source

PATH = "/customer"


class Customer(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A customer as it comes."""

    id: str
    engaged_party: Ref | None = None
    account: tuple[Ref, ...] | None = None


def accounts_by_company_id(api: Api) -> Source[str, CompanyAccounts]:
    """The customers that a company is, and their accounts; None where it is none."""

    def accounts(rows: list[Customer], company_id: str) -> CompanyAccounts | None:
        if not rows:
            return None
        account_ids = dict.fromkeys(account.id for row in rows for account in row.account or ())
        return CompanyAccounts(company_id, tuple(row.id for row in rows), tuple(account_ids))

    listing = Listing(
        path=PATH,
        row=Customer,
        owners_of=lambda row: [] if row.engaged_party is None else [row.engaged_party.id],
        parameter=api.profile.owner_parameter,
        setting=api.setting("owner_parameter"),
    )
    return ByOwner(api, listing, accounts)


def company_id_by_customer_id(api: Api) -> Source[str, str]:
    """The company behind a customer; None for a customer that is no company."""
    return ById(api, PATH, Customer, lambda row, _id: None if row.engaged_party is None else row.engaged_party.id)
