"""Asks simulated backends over HTTP, as a test reads it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

decode = msgspec.json.Decoder(float_hook=Decimal).decode

CUSTOMER_BILL = "/tmf-api/customerBillManagement/v4/customerBill"
BUCKET = "/tmf-api/prepayBalanceManagement/v4/bucket"
USAGE = "/tmf-api/usageConsumption/v4/queryUsageConsumption"
PRODUCT = "/tmf-api/productInventory/v4/product"
RESOURCE = "/tmf-api/resourceInventoryManagement/v4/resource"
PRODUCT_ORDER = "/tmf-api/productOrderingManagement/v4/productOrder"
CUSTOMER = "/tmf-api/customerManagement/v4/customer"
ORGANIZATION = "/tmf-api/party/v4/organization"
TROUBLE_TICKET = "/tmf-api/troubleTicket/v4/troubleTicket"


class Answer(msgspec.Struct, frozen=True):
    """What a backend answered; amounts in `json` are decimals."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which says that it is JSON."""
        assert self.headers["Content-Type"] == "application/json"
        return decode(self.body)

    @property
    def ids(self) -> list[str]:
        """The ids of a list's rows."""
        return [row["id"] for row in self.json]


async def asked(
    client: aiohttp.ClientSession,
    url: str,
    *parameters: tuple[str, str],
    method: str = "GET",
    json: Any = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request's answer; the URL's path is sent as it is written."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    body = msgspec.json.encode(json) if json is not None else None
    async with client.request(
        method, URL(f"{url}{query}", encoded=True), data=form or body, headers=headers
    ) as response:
        return Answer(response.status, response.headers, await response.read())
