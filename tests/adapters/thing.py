"""The smallest record there is, and how it is read."""

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._client import BackendClient

API = "troubleTicket"
"""An API that every CRM has."""


class Thing(msgspec.Struct, frozen=True):
    """A record of which only the id is read."""

    id: str


async def get(client: BackendClient, api: str = API) -> Thing | None:
    """Reads one thing of an API."""
    return await Api(client, api).get("/thing", "t-1", Thing)
