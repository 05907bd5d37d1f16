"""Billing accounts (TMF666): what invoices are written for."""

from collections.abc import Iterator

from gateway.simulator.data.company import Company, Resource

ACCOUNT_MANAGEMENT = "/tmf-api/accountManagement/v4"


def billing_accounts(company: Company) -> Iterator[Resource]:
    """The company's billing accounts."""
    owner = {"id": company.id, "name": company.name, "role": "owner", "@referredType": "Organization"}
    for contract in company.contracts:
        yield {
            "id": contract.account_id,
            "href": f"{ACCOUNT_MANAGEMENT}/billingAccount/{contract.account_id}",
            "name": contract.account_name,
            "state": "active",
            "relatedParty": [owner, {**contract.customer_reference, "name": company.name}],
            "@type": "BillingAccount",
        }
