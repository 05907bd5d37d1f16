"""What TM Forum's APIs say of one company: enough for the reference queries, with the right owners and ids."""

from typing import Any

COMPANY_ID = "org-0001"
LINES = 50
LINES_WITH_OPTION = 30
LINES_IN_PACKAGES = 20
PREPAID_LINES = 20
PACKAGES = 2
INVOICES = 24
TICKETS = 10

Document = dict[str, Any]
"""A resource as TM Forum's APIs send it."""

PARTY = [{"id": "cus-0001-1", "role": "customer", "@referredType": "Customer"}]


def answers(jwks: Document) -> dict[str, Document | list[Document]]:
    """Name of the file -> what it holds."""
    return {
        "jwks": jwks,
        "organization": organization(),
        "customers": [
            {
                "id": "cus-0001-1",
                "engagedParty": {"id": COMPANY_ID},
                "account": [{"id": "acc-0001-1"}],
                "@type": "Customer",
            }
        ],
        "lines": [line(index) for index in range(LINES)],
        "options": [option(index) for index in range(LINES_WITH_OPTION)],
        "packages": [package(index) for index in range(PACKAGES)],
        "sims": [sim(index) for index in range(LINES)],
        "buckets": [bucket(index) for index in range(PREPAID_LINES)],
        "usage": {"id": "1", "usageConsumption": [usage(index) for index in range(PACKAGES)]},
        "bills": [bill(index) for index in range(INVOICES)],
        "tickets": [ticket(index) for index in range(TICKETS)],
    }


def organization() -> Document:
    """The company."""
    return {
        "id": COMPANY_ID,
        "name": "Officine Meccaniche Brambilla S.r.l.",
        "status": "validated",
        "organizationIdentification": [{"identificationType": "VAT", "identificationId": "01234500153"}],
        "@type": "Organization",
    }


def line_id(index: int) -> str:
    """The id of a mobile line."""
    return f"lin-0001-{index + 1:04}"


def line(index: int) -> Document:
    """A mobile line; the first ones are prepaid, have an option or share a package."""
    relationships = []
    if index < LINES_WITH_OPTION:
        relationships.append({"relationshipType": "bundles", "product": {"id": f"opt-{index + 1:04}-1"}})
    if index < LINES_IN_PACKAGES:
        package_id = f"gss-0001-{index % PACKAGES + 1}"
        relationships.append({"relationshipType": "bundledBy", "product": {"id": package_id}})
    payment_type = "prepaid" if index < PREPAID_LINES else "postpaid"
    return product(line_id(index), "MobileLine", "Azienda Smart 100") | {
        "productCharacteristic": [{"name": "paymentType", "value": payment_type}],
        "realizingResource": [
            {"id": f"sim-0001-{index + 1:04}", "@referredType": "PhysicalResource"},
            {"id": f"num-{index + 1:04}", "value": f"+39345{index:07}", "@referredType": "LogicalResource"},
        ],
        "productRelationship": relationships,
    }


def option(index: int) -> Document:
    """The option of a line."""
    return product(f"opt-{index + 1:04}-1", "LineOption", "Estero 20")


def package(index: int) -> Document:
    """A data package and the lines that share it."""
    members = range(index, LINES_IN_PACKAGES, PACKAGES)
    return product(f"gss-0001-{index + 1}", "GssPackage", "Giga Smart Share 100") | {
        "isBundle": True,
        "productCharacteristic": [{"name": "allowanceGb", "value": 100}],
        "productRelationship": [
            {"relationshipType": "bundles", "product": {"id": line_id(member)}} for member in members
        ],
    }


def product(id: str, kind: str, offering: str) -> Document:
    """What all kinds of product have."""
    return {
        "id": id,
        "name": offering,
        "status": "active",
        "startDate": "2024-03-01T00:00:00+01:00",
        "productOffering": {"id": f"off-{kind}", "name": offering},
        "productSpecification": {"id": f"spc-{kind}", "name": kind},
        "relatedParty": PARTY,
        "@type": "Product",
    }


def sim(index: int) -> Document:
    """The SIM of a line."""
    return {
        "id": f"sim-0001-{index + 1:04}",
        "category": "SIM",
        "serialNumber": f"893910{index:013}",
        "resourceStatus": "available",
        "startOperatingDate": "2024-03-01T00:00:00+01:00",
        "relatedParty": PARTY,
        "@type": "PhysicalResource",
    }


def bucket(index: int) -> Document:
    """The credit of a prepaid line."""
    return {
        "id": f"bkt-{index + 1:04}",
        "product": [{"id": line_id(index)}],
        "usageType": "monetary",
        "status": "active",
        "remainingValue": {"amount": 12.5, "units": "EUR"},
        "@type": "Bucket",
    }


def usage(index: int) -> Document:
    """What the lines of a package used."""
    members = range(index, LINES_IN_PACKAGES, PACKAGES)
    used = [{"counterType": "used", "level": "product", "value": {"amount": 3.2, "units": "GB"}}]
    return {
        "state": "done",
        "product": [{"id": f"gss-0001-{index + 1}"}],
        "bucketRefOrValue": [
            {
                "usageType": "data",
                "remainingValue": {"amount": 68.0, "units": "GB"},
                "product": [{"id": line_id(member), "consumptionSummary": used} for member in members],
            }
        ],
    }


def bill(index: int) -> Document:
    """A month's invoice, from January of last year on."""
    year, month = 2025 + index // 12, index % 12 + 1
    return {
        "id": f"bil-0001-{year}{month:02}",
        "billNo": f"7X{index:08}",
        "billDate": f"{year}-{month:02}-03T00:00:00+01:00",
        "category": "normal",
        "state": "settled",
        "taxExcludedAmount": {"unit": "EUR", "value": 100.0},
        "taxIncludedAmount": {"unit": "EUR", "value": 122.0},
        "remainingAmount": {"unit": "EUR", "value": 0},
        "billingAccount": {"id": "acc-0001-1"},
        "@type": "CustomerBill",
    }


def ticket(index: int) -> Document:
    """A closed ticket about an invoice."""
    return {
        "id": f"tkt-0001-{index + 1}",
        "ticketType": "administrative",
        "name": "Wrong amount",
        "status": "closed",
        "creationDate": f"2026-01-{index + 1:02}T09:00:00+01:00",
        "relatedParty": PARTY,
        "@type": "TroubleTicket",
    }
