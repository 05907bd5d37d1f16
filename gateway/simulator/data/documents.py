"""All documents of a company, by the name of their resource."""

from collections import Counter
from collections.abc import Iterable, Iterator

from gateway.simulator.data.billing_account import billing_accounts
from gateway.simulator.data.bucket import has_credit, line_bucket, package_bucket
from gateway.simulator.data.company import Company, Resource
from gateway.simulator.data.customer import customers
from gateway.simulator.data.device import devices
from gateway.simulator.data.gss_package import gss_package, gss_packages
from gateway.simulator.data.invoice import invoices
from gateway.simulator.data.line import MobileLine, fixed_lines, mobile_line, mobile_lines
from gateway.simulator.data.line_option import line_options, option_count
from gateway.simulator.data.organization import organization
from gateway.simulator.data.product_order import IN_ACTIVATION, product_order
from gateway.simulator.data.sim import sim
from gateway.simulator.data.ticket import tickets

RESOURCES = (
    "organization",
    "customer",
    "billingAccount",
    "customerBill",
    "bucket",
    "product",
    "resource",
    "productOrder",
    "troubleTicket",
)
LINE_SPECIFICATIONS = ("MobileLine", "FixedLine")

Named = tuple[str, Resource]


def documents(company: Company) -> Iterator[Named]:
    """Every document of the company, each with the name of its resource."""
    lines = mobile_lines(company)
    inventory = list(_inventory(company, lines))
    products = [document for resource, document in inventory if resource == "product"]
    yield "organization", organization(company)
    for customer in customers(company):
        yield "customer", customer
    for account in billing_accounts(company):
        yield "billingAccount", account
    yield from inventory
    yield from _orders(company, products)
    bills = list(invoices(company, lines_by_account(products)))
    for bill in bills:
        yield "customerBill", bill
    for ticket in tickets(company, lines, bills):
        yield "troubleTicket", ticket


def _inventory(company: Company, lines: tuple[MobileLine, ...]) -> Iterator[Named]:
    packages = gss_packages(company, lines)
    package_of_line = {line_id: package.id for package in packages for line_id in package.line_ids}
    for index, line in enumerate(lines):
        yield from _mobile_line(company, line, index, package_of_line.get(line.id))
    for fixed_line in fixed_lines(company):
        yield "product", fixed_line
    for index, package in enumerate(packages):
        yield "product", gss_package(company, package, index)
        yield "bucket", package_bucket(package)
    for device, hardware in devices(company, lines):
        yield "product", device
        yield "resource", hardware


def _mobile_line(company: Company, line: MobileLine, index: int, package_id: str | None) -> Iterator[Named]:
    options = list(line_options(company, line, option_count(line, index)))
    yield "product", mobile_line(company, line, [option["id"] for option in options], package_id)
    for option in options:
        yield "product", option
    if line.sim_id is not None:
        yield "resource", sim(company, line)
    if has_credit(line):
        yield "bucket", line_bucket(company, line)


def _orders(company: Company, products: list[Resource]) -> Iterator[Named]:
    waiting = [product for product in products if product["status"] in IN_ACTIVATION]
    for number, line in enumerate(waiting, start=1):
        yield "productOrder", product_order(company, line, number)


def lines_by_account(products: Iterable[Resource]) -> Counter[str]:
    """How many lines each billing account pays for."""
    return Counter(
        product["billingAccount"]["id"]
        for product in products
        if product["productSpecification"]["name"] in LINE_SPECIFICATIONS
    )
