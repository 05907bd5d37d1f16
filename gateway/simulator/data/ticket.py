"""Trouble tickets (TMF621): what companies have asked for and reported."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from gateway.simulator.data.company import Company, Resource, days_before, moment
from gateway.simulator.data.line import MobileLine

TROUBLE_TICKET = "/tmf-api/troubleTicket/v4"


class Subject(msgspec.Struct, frozen=True):
    """What a ticket is about, and what it concerns: a "line", a "bill" or nothing."""

    ticket_type: str
    name: str
    description: str
    concerns: str


SUBJECTS = (
    Subject(
        "administrative",
        "Importo non riconosciuto in fattura",
        "Nella fattura compare un'opzione che era già stata disattivata: si chiede lo storno.",
        "bill",
    ),
    Subject("imeiBlock", "Blocco IMEI per furto", "Telefono rubato: si allega la denuncia.", "line"),
    Subject("commercial", "Richiesta di un nuovo profilo", "Si chiede un'offerta per altre dieci linee.", ""),
    Subject("simReplacement", "SIM non letta dal telefono", "La SIM non si registra più in rete.", "line"),
)
OPEN_SUBJECT = Subject(
    "simReplacement", "Sostituzione SIM smarrita", "La SIM è andata persa: ne serve una nuova in sede.", "line"
)
CLOSED_STATES = ("closed", "resolved", "closed", "closed")


def tickets(company: Company, lines: tuple[MobileLine, ...], bills: list[Resource]) -> Iterator[Resource]:
    """The company's tickets, oldest first: some that are closed, and the open one where its plan has one."""
    closed_count = len(SUBJECTS) if company.plan.has_open_ticket else company.draw.randint(0, len(SUBJECTS))
    for number, subject in enumerate(SUBJECTS[:closed_count], start=1):
        yield _closed_ticket(company, number, subject, lines, bills)
    if company.plan.has_open_ticket and lines:
        opened_at = moment(days_before(company, 2))
        document = _ticket(company, closed_count + 1, OPEN_SUBJECT, lines[0].id)
        yield document | {"status": "acknowledged", "creationDate": opened_at, "lastUpdate": opened_at}


def _closed_ticket(
    company: Company, number: int, subject: Subject, lines: tuple[MobileLine, ...], bills: list[Resource]
) -> Resource:
    opened_at = days_before(company, 360 - 60 * number - company.draw.randint(0, 40), company.draw.randint(8, 18))
    closed_at = opened_at + timedelta(days=company.draw.randint(1, 9), minutes=company.draw.randint(0, 59))
    entity = None
    if subject.concerns == "line" and lines:
        entity = lines[0].id
    elif subject.concerns == "bill":
        entity = _bill_before(company, opened_at, bills)
    return _ticket(company, number, subject, entity) | {
        "status": CLOSED_STATES[number - 1],
        "creationDate": moment(opened_at),
        "lastUpdate": moment(closed_at),
        "resolutionDate": moment(closed_at),
    }


def _bill_before(company: Company, opened_at: datetime, bills: list[Resource]) -> str | None:
    account_id = company.contracts[0].account_id
    for bill in reversed(bills):
        if bill["billingAccount"]["id"] == account_id and datetime.fromisoformat(bill["billDate"]) < opened_at:
            return str(bill["id"])
    return None


def _ticket(company: Company, number: int, subject: Subject, entity: str | None) -> Resource:
    ticket_id = f"tkt-{company.key}-{number}"
    document: Resource = {
        "id": ticket_id,
        "href": f"{TROUBLE_TICKET}/troubleTicket/{ticket_id}",
        "ticketType": subject.ticket_type,
        "name": subject.name,
        "description": subject.description,
        "severity": "minor",
        "relatedParty": [company.contracts[0].customer_reference],
        "relatedEntity": [],
        "@type": "TroubleTicket",
    }
    if entity is not None:
        is_line = subject.concerns == "line"
        document["relatedEntity"] = [
            {
                "id": entity,
                "role": "impactedLine" if is_line else "disputedBill",
                "@referredType": "Product" if is_line else "CustomerBill",
            }
        ]
    return document
