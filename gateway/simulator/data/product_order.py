"""Product orders (TMF622): the activation of each line that is not active yet."""

from gateway.simulator.data.company import Company, Resource, days_before, moment

PRODUCT_ORDERING = "/tmf-api/productOrderingManagement/v4"
ORDERED_DAYS_AGO, REQUESTED_IN_DAYS, EXPECTED_IN_DAYS = 12, 15, 20
IN_ACTIVATION = ("created", "pendingActive")


def product_order(company: Company, line: Resource, number: int) -> Resource:
    """The order that will activate the line of this product document."""
    order_id = f"ord-{company.key}-{number}"
    state = "inProgress" if company.plan.is_order_started else "acknowledged"
    return {
        "id": order_id,
        "href": f"{PRODUCT_ORDERING}/productOrder/{order_id}",
        "description": f"Attivazione {line['name']}",
        "state": state,
        "orderDate": moment(days_before(company, ORDERED_DAYS_AGO)),
        "requestedCompletionDate": moment(days_before(company, -REQUESTED_IN_DAYS)),
        "expectedCompletionDate": moment(days_before(company, -EXPECTED_IN_DAYS)),
        "relatedParty": line["relatedParty"],
        "billingAccount": line["billingAccount"],
        "productOrderItem": [{"id": "1", "action": "add", "state": state, "product": {"id": line["id"]}}],
        "@type": "ProductOrder",
    }
