"""Customers (TMF629): the roles under which a company holds its contracts."""

from collections.abc import Iterator

from gateway.simulator.data.company import Company, Resource

CUSTOMER_MANAGEMENT = "/tmf-api/customerManagement/v4"


def customers(company: Company) -> Iterator[Resource]:
    """The company's customers, each with its billing accounts."""
    for customer_id in dict.fromkeys(contract.customer_id for contract in company.contracts):
        yield {
            "id": customer_id,
            "href": f"{CUSTOMER_MANAGEMENT}/customer/{customer_id}",
            "name": company.name,
            "status": "active",
            "engagedParty": {"id": company.id, "name": company.name, "@referredType": "Organization"},
            "account": [
                {**contract.account_reference, "@referredType": "BillingAccount"}
                for contract in company.contracts
                if contract.customer_id == customer_id
            ],
            "@type": "Customer",
        }
