"""What the static backend holds: rows as JSON, made once, found by id and by owner."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from bench.world import Company, Document, World, bill, customer, line, organization, sim

LIMIT_MAX = 1_000
LIMIT_DEFAULT = 100

Row = tuple[bytes, str]
"""A row as JSON, and what its range filter compares: the day of a bill, nothing of other rows."""


class BadQuery(Exception):
    """A filter that the table does not know: an honest backend does not answer as if it weren't there."""


class Page(NamedTuple):
    """Rows of a list from an offset on, and how many the list has."""

    body: bytes
    total: int


class Table:
    """Rows of one kind; filters are obeyed exactly.

    `owner_filter` is the filter that asks for an owner's rows, `kind` one that all rows pass for one word only, and
    `since` one that compares.
    """

    def __init__(
        self,
        owners: Mapping[str, Sequence[tuple[str, Row]]],
        *,
        owner_filter: str = "",
        kind: tuple[str, str] = ("", ""),
        since: str = "",
    ) -> None:
        self._by_owner = owners
        self._by_id = {id: row for rows in owners.values() for id, row in rows}
        self._owner_filter = owner_filter
        self._kind_filter, self._kind = kind
        self._since = since

    def one(self, id: str) -> bytes | None:
        """The row of an id."""
        row = self._by_id.get(id)
        return None if row is None else row[0]

    def page(self, query: str) -> Page:
        """The page that a query string asks for; BadQuery for one that can't be obeyed."""
        offset, limit, since = 0, LIMIT_DEFAULT, ""
        ids: list[str] | None = None
        owners: list[str] | None = None
        kinds: list[str] | None = None
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            value = unquote(value) if "%" in value else value
            if name == "id":
                ids = value.split(",")
            elif name == self._owner_filter:
                owners = value.split(",")
            elif name == self._kind_filter:
                kinds = value.split(",")
            elif name == self._since:
                since = value
            elif name == "offset":
                offset = int(value)
            elif name == "limit":
                limit = min(int(value), LIMIT_MAX)
            elif name != "fields":  # rows have no more than the gateway asks for
                raise BadQuery(name)
        rows = [] if kinds is not None and self._kind not in kinds else self._found(ids, owners)
        if since:
            rows = [row for row in rows if row[1] >= since]
        return Page(b"[%b]" % b",".join([row[0] for row in rows[offset : offset + limit]]), len(rows))

    def _found(self, ids: list[str] | None, owners: list[str] | None) -> list[Row]:
        if ids is not None:
            return [self._by_id[id] for id in ids if id in self._by_id]
        if owners is None:
            raise BadQuery("nothing asked for")
        return [row for owner in owners for _, row in self._by_owner.get(owner, ())]


def tables(world: World) -> dict[str, Table]:
    """Path -> its table."""
    companies = list(world.companies)
    return {
        "/tmf-api/party/v4/organization": Table(
            {company.id: [_entry(organization(company))] for company in companies},
        ),
        "/tmf-api/customerManagement/v4/customer": Table(
            {company.id: [_entry(customer(company))] for company in companies}, owner_filter="engagedParty.id"
        ),
        "/tmf-api/productInventory/v4/product": Table(
            {_customer(company): [_entry(line(company, n)) for n in range(company.lines)] for company in companies},
            owner_filter="relatedParty.id",
            kind=("productSpecification.name", "MobileLine"),
        ),
        "/tmf-api/resourceInventoryManagement/v4/resource": Table(
            {_customer(company): [_entry(sim(company, n)) for n in range(company.lines)] for company in companies},
        ),
        "/tmf-api/customerBillManagement/v4/customerBill": Table(
            {
                f"acc-{company.key}": [_entry(bill(world, company, n), "billDate") for n in range(company.invoices)]
                for company in companies
            },
            owner_filter="billingAccount.id",
            since="billDate.gte",
        ),
    }


def _customer(company: Company) -> str:
    return f"cus-{company.key}"


def _entry(document: Document, compared: str = "") -> tuple[str, Row]:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return document["id"], (text.encode(), document[compared] if compared else "")
