"""The simulated world: documents of all companies, the clock they live by, and what it would have sent."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from gateway.simulator import actions
from gateway.simulator.actions import Message
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.data.bucket import line_bucket_id
from gateway.simulator.data.company import ROME, Company, Resource, Serials, founded
from gateway.simulator.data.documents import RESOURCES, documents, lines_by_account
from gateway.simulator.data.gss_consumption import gss_consumption
from gateway.simulator.data.invoice import issued_at, months_issued, service_invoice
from gateway.simulator.scenarios import SCENARIOS, CompanyPlan

__all__ = ["Message", "Resource", "World"]

PLAIN = CompanyPlan()
# So many lines every named case needs to show what it is named for.
FEWEST_LINES_OF_SCENARIO = 6


class World:
    """All companies' documents by resource and id, made from a seed and the clock's start alone.

    The companies of the named scenarios come first and always exist, even if `companies` is less; `lines_per_company`
    is for those whose scenario says nothing else. Read through `rows` and `row`: they compute what depends on the time.
    `revision` grows with every change, so that whoever keeps an index knows when it is old.
    """

    def __init__(
        self, *, seed: int = 1, companies: int = 20, lines_per_company: int = 50, clock: SimulatedClock
    ) -> None:
        self.seed = seed
        self.clock = clock
        self.outbox: list[Message] = []
        self.scenarios = {scenario.name: f"org-{number:04d}" for number, scenario in enumerate(SCENARIOS, start=1)}
        self.tables: dict[str, dict[str, Resource]] = {}
        self.revision = 0
        self._company_count = max(companies, len(SCENARIOS))
        self._lines_per_company = lines_per_company
        self._build()

    def reset(self) -> None:
        """Back to the initial state, the clock too."""
        self.clock.reset()
        self.outbox.clear()
        self._build()

    def _build(self) -> None:
        self._serials = Serials()
        self._companies = {company.id: company for company in self._founded()}
        self.tables = {resource: {} for resource in RESOURCES}
        for company in self._companies.values():
            for resource, document in documents(company):
                self.tables[resource][document["id"]] = document
        self._invoiced_until = self.clock.start.astimezone(ROME).date()
        self.revision += 1

    def _founded(self) -> Iterator[Company]:
        lines = self._lines_per_company
        for number in range(1, self._company_count + 1):
            named = number <= len(SCENARIOS)
            yield founded(
                number,
                SCENARIOS[number - 1].plan if named else PLAIN,
                seed=self.seed,
                start=self.clock.start,
                lines=max(lines, FEWEST_LINES_OF_SCENARIO) if named else lines,
                serials=self._serials,
            )

    def rows(self, resource: str) -> Iterable[Resource]:
        """All documents of a resource, as they are now; KeyError for an unknown resource."""
        table = self.tables[resource]
        return (self._as_it_is_now(resource, document) for document in table.values())

    def row(self, resource: str, id: str) -> Resource | None:
        """One document as it is now; None when there is none, KeyError for an unknown resource."""
        document = self.tables[resource].get(id)
        return None if document is None else self._as_it_is_now(resource, document)

    def _as_it_is_now(self, resource: str, document: Resource) -> Resource:
        if resource != "bucket" or not document["isShared"]:
            return document
        consumption = self.usage_consumption(document["product"][0]["id"])
        if consumption is None:
            return document
        return {**document, "remainingValue": consumption["bucketRefOrValue"][0]["remainingValue"]}

    def usage_consumption(self, product_id: str) -> Resource | None:
        """What a data package's lines have used this month (TMF677 `usageConsumption`); None for other products."""
        package = self.tables["product"].get(product_id)
        if package is None or package["productSpecification"]["name"] != "GssPackage":
            return None
        level = self._company_of(package).plan.package_level
        return gss_consumption(self.seed, package, level, self.clock())

    def advance(self, seconds: float) -> None:
        """Moves the clock forward and lets happen what is due: expected orders complete, months are invoiced."""
        self.clock.advance(seconds)
        sent_before = len(self.outbox)
        self._complete_due_orders()
        self._issue_due_invoices()
        self.outbox[sent_before:] = sorted(self.outbox[sent_before:], key=lambda message: message.at)

    def step_order(self, order_id: str) -> Resource:
        """Moves an order on: acknowledged, inProgress, completed. Then its product is active. An SMS tells each time.

        KeyError for an unknown order, ValueError for one that is completed.
        """
        return self._step_order(order_id, self.clock())

    def _step_order(self, order_id: str, at: datetime) -> Resource:
        order = self._put("productOrder", actions.stepped_order(self.tables["productOrder"][order_id], at))
        if order["state"] == "completed":
            for item in order["productOrderItem"]:
                self._activate(item["product"]["id"], at)
        self.outbox.append(actions.order_message(order, self._contact(order, "mobile"), at))
        return order

    def _activate(self, product_id: str, at: datetime) -> None:
        product = self.tables["product"][product_id]
        if not actions.has_number(product):
            product = actions.numbered_product(product, self._serials.mobile_number())
        self._put("product", actions.activated_product(product, at))
        for resource in product["realizingResource"]:
            if resource["@referredType"] == "PhysicalResource":
                self._put("resource", actions.activated_sim(self.tables["resource"][resource["id"]], at))

    def step_ticket(self, ticket_id: str) -> Resource:
        """Moves a ticket on: acknowledged, inProgress, closed. A mail tells each time.

        KeyError for an unknown ticket, ValueError for one that is over.
        """
        at = self.clock()
        ticket = self._put("troubleTicket", actions.stepped_ticket(self.tables["troubleTicket"][ticket_id], at))
        self.outbox.append(actions.ticket_message(ticket, self._contact(ticket, "email"), at))
        return ticket

    def drop_credit(self, line_id: str, amount: Decimal) -> Resource:
        """Takes so many EUR from a prepaid line's credit, down to zero; an SMS warns the line when little is left.

        Returns its bucket. KeyError for an unknown product, ValueError for a line without credit or a wrong amount.
        """
        line = self.tables["product"][line_id]
        bucket = self.tables["bucket"].get(line_bucket_id(line_id))
        if bucket is None or bucket["isShared"]:
            raise ValueError(f"{line_id} is not a prepaid line: it has no credit.")
        bucket = self._put("bucket", actions.reduced_bucket(bucket, amount))
        if bucket["remainingValue"]["amount"] < actions.LOW_CREDIT:
            numbers = (resource["value"] for resource in line["realizingResource"] if "value" in resource)
            self.outbox.extend(actions.low_credit_message(bucket, number, self.clock()) for number in numbers)
        return bucket

    def _complete_due_orders(self) -> None:
        now = self.clock()
        for order_id, order in self.tables["productOrder"].items():
            expected = datetime.fromisoformat(order["expectedCompletionDate"]).astimezone(UTC)
            while expected <= now and self.tables["productOrder"][order_id]["state"] in actions.NEXT_ORDER_STATE:
                self._step_order(order_id, expected)

    def _issue_due_invoices(self) -> None:
        today = self.clock().astimezone(ROME).date()
        line_counts = lines_by_account(self.tables["product"].values())
        for company in self._companies.values():
            for month in months_issued(company, self._invoiced_until, today):
                for contract in company.contracts:
                    self._issue(service_invoice(company, contract, month, line_counts[contract.account_id], 0))
        self._invoiced_until = today

    def _issue(self, invoice: Resource) -> None:
        self._put("customerBill", invoice)
        self.outbox.append(actions.invoice_message(invoice, self._contact(invoice, "email"), issued_at(invoice)))

    def _put(self, resource: str, document: Resource) -> Resource:
        self.tables[resource][document["id"]] = document
        self.revision += 1
        return document

    def _company_of(self, document: Resource) -> Company:
        customer = self.tables["customer"][document["relatedParty"][0]["id"]]
        return self._companies[customer["engagedParty"]["id"]]

    def _contact(self, document: Resource, medium: str) -> str:
        organization = self.tables["organization"][self._company_of(document).id]
        characteristics = {media["mediumType"]: media["characteristic"] for media in organization["contactMedium"]}
        return str(next(iter(characteristics[medium].values())))
