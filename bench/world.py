"""The companies of the benchmark: their rows as TM Forum's APIs send them, and what the graph must say of them."""

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

Document = dict[str, Any]
"""A JSON object."""

SMALL, LARGE = 200, 200
"""How many companies of 50 lines there are, and how many of 100 lines and 24 invoices; one more has 500 lines."""


class Company(NamedTuple):
    """One company: everything else follows from its number."""

    number: int
    lines: int
    invoices: int = 0

    @property
    def key(self) -> str:
        """Four digits that all its ids have."""
        return f"{self.number:04}"

    @property
    def id(self) -> str:
        """Its id as an organization."""
        return f"org-{self.key}"

    @property
    def name(self) -> str:
        """Its legal name."""
        return f"Officine Meccaniche {self.key} S.r.l."

    @property
    def vat_number(self) -> str:
        """11 digits."""
        return f"0123{self.number:07}"

    def line_id(self, index: int) -> str:
        """The id of its line of this number, from 0."""
        return f"lin-{self.key}-{index:03}"

    def sim_id(self, index: int) -> str:
        """The id of that line's SIM."""
        return f"sim-{self.key}-{index:03}"

    def msisdn(self, index: int) -> str:
        """That line's number, E.164."""
        return f"+39345{self.number * 1000 + index:07}"

    def iccid(self, index: int) -> str:
        """What is printed on that SIM: 19 digits."""
        return f"893910{self.number * 1000 + index:013}"

    def bill_number(self, index: int) -> str:
        """The number printed on its invoice of this number, from 0, the newest."""
        return f"7X{self.number * 100 + index:08}"

    def bill_total(self, index: int) -> str:
        """What that invoice comes to; its last digit is no zero, so that every language writes it alike."""
        return f"{100 + self.number + index}.{11 + index + index // 9}"


class World:
    """All companies; invoices are of the months up to `today`, so that all of them are of the last two years."""

    def __init__(self, today: date) -> None:
        self.today = today

    @cached_property
    def small(self) -> list[Company]:
        """50 lines each."""
        return [Company(number, 50) for number in range(1, SMALL + 1)]

    @cached_property
    def large(self) -> list[Company]:
        """100 lines and 24 invoices each."""
        return [Company(number, 100, 24) for number in range(SMALL + 1, SMALL + LARGE + 1)]

    @cached_property
    def largest(self) -> Company:
        """500 lines."""
        return Company(SMALL + LARGE + 1, 500)

    @property
    def companies(self) -> Iterable[Company]:
        """All of them."""
        return [*self.small, *self.large, self.largest]

    def bill_day(self, index: int) -> date:
        """When an invoice was issued: on the third of a month, `index` months ago."""
        year, month = divmod(self.today.year * 12 + self.today.month - 1 - index, 12)
        return date(year, month + 1, 3)


def organization(company: Company) -> Document:
    """TMF632."""
    return {
        "id": company.id,
        "name": company.name,
        "status": "validated",
        "organizationIdentification": [{"identificationType": "VAT", "identificationId": company.vat_number}],
        "@type": "Organization",
    }


def customer(company: Company) -> Document:
    """TMF629: the company's only customer."""
    return {
        "id": f"cus-{company.key}",
        "engagedParty": {"id": company.id},
        "account": [{"id": f"acc-{company.key}"}],
        "@type": "Customer",
    }


def _party(company: Company) -> list[Document]:
    return [{"id": f"cus-{company.key}", "role": "customer", "@referredType": "Customer"}]


def line(company: Company, index: int) -> Document:
    """TMF637: a mobile line, with what an inventory usually tells of one."""
    return {
        "id": company.line_id(index),
        "name": "Azienda Smart 100",
        "status": "active",
        "startDate": "2024-03-01T00:00:00+01:00",
        "productOffering": {"id": "off-smart-100", "name": "Azienda Smart 100"},
        "productSpecification": {"id": "spc-MobileLine", "name": "MobileLine"},
        "relatedParty": _party(company),
        "productCharacteristic": [{"name": "paymentType", "value": "postpaid"}],
        "realizingResource": [
            {"id": company.sim_id(index), "@referredType": "PhysicalResource"},
            {
                "id": f"num-{company.key}-{index:03}",
                "value": company.msisdn(index),
                "@referredType": "LogicalResource",
            },
        ],
        "@type": "Product",
    }


def sim(company: Company, index: int) -> Document:
    """TMF639: the SIM of a line."""
    return {
        "id": company.sim_id(index),
        "category": "SIM",
        "serialNumber": company.iccid(index),
        "resourceStatus": "available",
        "startOperatingDate": "2024-03-01T00:00:00+01:00",
        "relatedParty": _party(company),
        "@type": "PhysicalResource",
    }


def bill(world: World, company: Company, index: int) -> Document:
    """TMF678: an invoice."""
    return {
        "id": f"bil-{company.key}-{index:02}",
        "billNo": company.bill_number(index),
        "billDate": f"{world.bill_day(index)}T00:00:00+01:00",
        "category": "normal",
        "state": "settled",
        "taxIncludedAmount": {"unit": "EUR", "value": float(company.bill_total(index))},
        "remainingAmount": {"unit": "EUR", "value": 0},
        "billingAccount": {"id": f"acc-{company.key}"},
        "@type": "CustomerBill",
    }
