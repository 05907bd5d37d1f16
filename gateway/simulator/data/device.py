"""Devices: products, each with the hardware (a TMF639 resource) that realizes it."""

from collections.abc import Iterator

from gateway.simulator.data.check_digits import imei
from gateway.simulator.data.company import Company, Resource, days_before
from gateway.simulator.data.line import MobileLine
from gateway.simulator.data.offers import DEVICE_MODELS, DeviceModel, Offer
from gateway.simulator.data.product import product, related_product
from gateway.simulator.data.sim import physical_resource

LINES_PER_DEVICE = 6
INSTALMENT_PLANS = ("24 rate mensili", "30 rate mensili", "nessuna")
MAINTENANCE = (("Assistenza Completa", 3), ("Assistenza Base", 1), ("nessuna", 0))


def devices(company: Company, lines: tuple[MobileLine, ...]) -> Iterator[tuple[Resource, Resource]]:
    """Product and hardware of the device of every sixth active line."""
    active = [line for line in lines if line.status == "active"]
    for number, line in enumerate(active[::LINES_PER_DEVICE], start=1):
        model = company.draw.choice(DEVICE_MODELS)
        number_of_device = imei(model.type_allocation, company.serials.device_serial())
        key = f"{company.key}-{number}"
        hardware = physical_resource(
            f"hw-{key}", "Device", name=model.name, serial_number=number_of_device, contract=line.contract
        )
        hardware["resourceCharacteristic"] = [{"name": "IMEI", "value": number_of_device}]
        yield _device(company, key, line, model, number_of_device), hardware


def _device(company: Company, key: str, line: MobileLine, model: DeviceModel, number: str) -> Resource:
    delivered_at = days_before(company, company.draw.randint(30, 390))
    maintenance, interventions = company.draw.choice(MAINTENANCE)
    document = product(
        f"dev-{key}",
        "Device",
        name=model.name,
        offer=Offer(f"off-dev-{model.type_allocation}", model.name, model.price),
        status="active",
        contract=line.contract,
        ordered_at=delivered_at,
        started_at=delivered_at,
    )
    document["productSerialNumber"] = number
    document["productCharacteristic"] = [
        {"name": "model", "value": model.name},
        {"name": "imei", "value": number},
        {"name": "instalmentPlan", "value": company.draw.choice(INSTALMENT_PLANS)},
        {"name": "maintenance", "value": maintenance},
        {"name": "interventionsLeft", "value": interventions},
    ]
    document["realizingResource"] = [{"id": f"hw-{key}", "@referredType": "PhysicalResource"}]
    document["productRelationship"] = [related_product("reliesOn", line.id)]
    return document
