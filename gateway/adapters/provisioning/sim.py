"""SIM cards, as resources (TMF639); their codes are read by a method and a shape of their own."""

from datetime import datetime

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById, Reader
from gateway.adapters._wire import Characteristic, Parties, moment
from gateway.domain.key import Key, Source
from gateway.domain.sim import Sim, SimCodes, SimState

PATH = "/resource"

STATES = {
    "standby": SimState.STANDBY,
    "reserved": SimState.RESERVED,
    "available": SimState.ACTIVE,
    "suspended": SimState.SUSPENDED,
}


class SimResource(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A SIM as it comes, without characteristics: PIN and PUK cannot be held by it."""

    id: str
    category: str | None = None
    serial_number: str | None = None
    resource_status: str | None = None
    start_operating_date: datetime | None = None
    related_party: Parties = None


class SimCodesResource(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The codes of a SIM as they come: secret."""

    id: str
    related_party: Parties = None
    resource_characteristic: tuple[Characteristic, ...] | None = None

    def __repr__(self) -> str:
        return "SimCodesResource(<secret>)"


def sim_by_id(api: Api) -> Source[Key, Sim]:
    """One SIM under its id; None for another kind of resource."""
    return ById(api, PATH, SimResource, sim_reader(api.dialect))


def sim_codes_by_id(api: Api) -> Source[Key, SimCodes]:
    """The codes of one SIM; never to be kept."""
    return ById(api, PATH, SimCodesResource, sim_codes_reader(api.dialect))


def sim_reader(dialect: Dialect) -> Reader[SimResource, Sim]:
    """Makes SIMs of resources; of one without a customer or a serial number, and of other hardware, None."""
    category, states = dialect.name("SIM").casefold(), dialect.states(STATES, SimState.UNKNOWN)

    def read(row: SimResource, company_id: str) -> Sim | None:
        customer_id = dialect.owner_id(row.related_party)
        is_sim = row.category is None or row.category.casefold() == category
        if customer_id is None or row.serial_number is None or not is_sim:
            return None
        return Sim(
            company_id=company_id,
            id=row.id,
            customer_id=customer_id,
            iccid=row.serial_number,
            state=states[row.resource_status],
            activated_at=None if row.start_operating_date is None else moment(row.start_operating_date),
        )

    return read


def sim_codes_reader(dialect: Dialect) -> Reader[SimCodesResource, SimCodes]:
    """Makes codes of a resource's characteristics; of a resource without a customer, None."""

    def read(row: SimCodesResource, company_id: str) -> SimCodes | None:
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

    return read
