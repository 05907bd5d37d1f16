"""SIM cards (TMF639 resources), with ICCID and secret codes."""

from gateway.simulator.data.check_digits import iccid
from gateway.simulator.data.company import Company, Contract, Resource, days_before, moment
from gateway.simulator.data.line import MobileLine

RESOURCE_INVENTORY = "/tmf-api/resourceInventoryManagement/v4"
# Issuer and network codes that no Italian operator has.
ISSUER = 97
NETWORK = "22297"
STATUS_OF_LINE = {
    "created": "reserved",
    "pendingActive": "standby",
    "active": "available",
    "suspended": "suspended",
    "pendingTerminate": "available",
    "terminated": "unknown",
}
IN_OPERATION = ("available", "suspended")


def sim(company: Company, line: MobileLine) -> Resource:
    """The SIM of a line that has one."""
    account = company.serials.sim_account()
    status = STATUS_OF_LINE[line.status]
    document = physical_resource(
        f"sim-{line.key}", "SIM", name="SIM", serial_number=iccid(ISSUER, account), contract=line.contract
    )
    document["resourceStatus"] = status
    if status in IN_OPERATION:
        document["startOperatingDate"] = moment(days_before(company, company.draw.randint(30, 190)))
    document["resourceCharacteristic"] = [
        {"name": "PIN1", "value": f"{company.draw.randrange(10**4):04d}"},
        {"name": "PUK1", "value": f"{company.draw.randrange(10**8):08d}"},
        {"name": "PIN2", "value": f"{company.draw.randrange(10**4):04d}"},
        {"name": "PUK2", "value": f"{company.draw.randrange(10**8):08d}"},
        {"name": "IMSI", "value": f"{NETWORK}{account:010d}"},
    ]
    return document


def physical_resource(
    resource_id: str, category: str, *, name: str, serial_number: str, contract: Contract
) -> Resource:
    """A thing one can hold, that belongs to the customer of a contract."""
    return {
        "id": resource_id,
        "href": f"{RESOURCE_INVENTORY}/resource/{resource_id}",
        "name": name,
        "category": category,
        "serialNumber": serial_number,
        "resourceStatus": "available",
        "relatedParty": [contract.customer_reference],
        "@type": "PhysicalResource",
    }
