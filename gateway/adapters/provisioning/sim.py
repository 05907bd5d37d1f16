"""SIM cards, as resources (TMF639); their codes are read by a method and a shape of their own."""

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById
from gateway.adapters._wire import Characteristic, Parties, Timestamp
from gateway.domain.key import Key, Source
from gateway.domain.sim import Sim, SimCodes, SimState

PATH = "/resource"

STATES = {
    "standby": SimState.STANDBY,
    "reserved": SimState.RESERVED,
    "available": SimState.ACTIVE,
    "suspended": SimState.SUSPENDED,
}


class SimResource(msgspec.Struct, frozen=True, rename="camel"):
    """A SIM as it comes, without characteristics: PIN and PUK cannot be held by it."""

    id: str
    category: str | None = None
    serial_number: str | None = None
    resource_status: str | None = None
    start_operating_date: Timestamp | None = None
    related_party: Parties = None


class SimCodesResource(msgspec.Struct, frozen=True, rename="camel"):
    """The codes of a SIM as they come: secret."""

    id: str
    related_party: Parties = None
    resource_characteristic: tuple[Characteristic, ...] | None = None

    def __repr__(self) -> str:
        return "SimCodesResource(<secret>)"


def sim_by_id(api: Api) -> Source[Key, Sim]:
    """One SIM under its id; None for another kind of resource."""
    return ById(api, PATH, SimResource, lambda row, key: sim(row, key.company_id, api.dialect))


def sim_codes_by_id(api: Api) -> Source[Key, SimCodes]:
    """The codes of one SIM; never to be kept."""
    return ById(api, PATH, SimCodesResource, lambda row, key: sim_codes(row, key.company_id, api.dialect))


def sim(row: SimResource, company_id: str, dialect: Dialect) -> Sim | None:
    """The SIM that a resource is; None for one without a customer or a serial number, and for other hardware."""
    customer_id = dialect.owner_id(row.related_party)
    is_sim = row.category is None or row.category.casefold() == dialect.name("SIM").casefold()
    if customer_id is None or row.serial_number is None or not is_sim:
        return None
    return Sim(
        company_id=company_id,
        id=row.id,
        customer_id=customer_id,
        iccid=row.serial_number,
        state=dialect.state(row.resource_status, STATES, SimState.UNKNOWN),
        activated_at=None if row.start_operating_date is None else row.start_operating_date.at,
    )


def sim_codes(row: SimCodesResource, company_id: str, dialect: Dialect) -> SimCodes | None:
    """The codes among a resource's characteristics; None for a resource without a customer."""
    customer_id = dialect.owner_id(row.related_party)
    if customer_id is None:
        return None
    codes = dialect.characteristics(row.resource_characteristic)
    return SimCodes(
        company_id=company_id,
        customer_id=customer_id,
        pin=codes.text("PIN1"),
        puk=codes.text("PUK1"),
        pin2=codes.text("PIN2"),
        puk2=codes.text("PUK2"),
    )
