"""What all products (TMF637) of the inventory have in common."""

from datetime import datetime

from gateway.simulator.data.company import Contract, Resource, moment
from gateway.simulator.data.offers import Offer

PRODUCT_INVENTORY = "/tmf-api/productInventory/v4"
SPECIFICATION_IDS = {
    "MobileLine": "spec-mobile-line",
    "FixedLine": "spec-fixed-line",
    "LineOption": "spec-line-option",
    "GssPackage": "spec-gss-package",
    "Device": "spec-device",
}
# States of products that never came to be: they have no start.
NEVER_STARTED = ("created", "pendingActive", "cancelled", "aborted", "aborted ")


def product(
    product_id: str,
    specification: str,
    *,
    name: str,
    offer: Offer,
    status: str,
    contract: Contract,
    ordered_at: datetime,
    started_at: datetime,
    ended_at: datetime | None = None,
) -> Resource:
    """A product of one of the five specifications; `started_at` counts only where the state says that it started."""
    document: Resource = {
        "id": product_id,
        "href": f"{PRODUCT_INVENTORY}/product/{product_id}",
        "name": name,
        "status": status,
        "orderDate": moment(ordered_at),
        "isBundle": False,
        "productOffering": {"id": offer.id, "name": offer.name},
        "productSpecification": {"id": SPECIFICATION_IDS[specification], "name": specification},
        "relatedParty": [contract.customer_reference],
        "billingAccount": contract.account_reference,
        "@type": "Product",
    }
    if status not in NEVER_STARTED:
        document["startDate"] = moment(started_at)
    if ended_at is not None:
        document["terminationDate"] = moment(ended_at)
    return document


def related_product(relationship: str, product_id: str) -> Resource:
    """An element of `productRelationship`."""
    return {"relationshipType": relationship, "product": {"id": product_id}}
