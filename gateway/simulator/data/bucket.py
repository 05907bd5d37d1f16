"""Buckets (TMF654): the credit of prepaid lines and the data of packages."""

from decimal import Decimal

from gateway.simulator.data.company import Company, Contract, Resource
from gateway.simulator.data.gss_package import GssPackage
from gateway.simulator.data.line import WITHOUT_SIM, MobileLine

PREPAY_BALANCE = "/tmf-api/prepayBalanceManagement/v4"


def has_credit(line: MobileLine) -> bool:
    """Whether a line is prepaid and was not given up before it began: one in activation has its first credit."""
    return line.is_prepaid and line.status not in WITHOUT_SIM


def line_bucket_id(line_id: str) -> str:
    """The id of a prepaid line's bucket."""
    return f"bkt-{line_id.removeprefix('lin-')}"


def package_bucket_id(package_id: str) -> str:
    """The id of a package's bucket."""
    return f"bkt-{package_id}"


def line_bucket(company: Company, line: MobileLine) -> Resource:
    """The monetary bucket of a prepaid line."""
    credit = Decimal(company.draw.randint(150, 4_500)) / 100
    return _bucket(line_bucket_id(line.id), line.id, line.contract, credit.quantize(Decimal("0.01")), "EUR")


def package_bucket(package: GssPackage) -> Resource:
    """The data bucket that a package's lines share; how much is left depends on when one asks."""
    return _bucket(package_bucket_id(package.id), package.id, package.contract, Decimal("0.00"), "GB")


def _bucket(bucket_id: str, product_id: str, contract: Contract, amount: Decimal, units: str) -> Resource:
    is_money = units == "EUR"
    return {
        "id": bucket_id,
        "href": f"{PREPAY_BALANCE}/bucket/{bucket_id}",
        "name": "Credito residuo" if is_money else "Dati condivisi",
        "isShared": not is_money,
        "usageType": "monetary" if is_money else "data",
        "status": "active",
        "remainingValue": {"amount": amount, "units": units},
        "product": [{"id": product_id, "name": "Linea mobile" if is_money else "Giga Smart Share"}],
        "relatedParty": [contract.customer_reference],
        "@type": "Bucket",
    }
