"""How things move on in the simulated world: orders, tickets, credit, and the messages that tell of it."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

from gateway.simulator.data.company import Resource, moment

NEXT_ORDER_STATE = {"acknowledged": "inProgress", "inProgress": "completed"}
NEXT_TICKET_STATE = {"acknowledged": "inProgress", "inProgress": "closed"}
CENTS = Decimal("0.01")
# Below so much credit, in EUR, the holder of a prepaid line gets an SMS.
LOW_CREDIT = Decimal("5.00")


class Message(msgspec.Struct, frozen=True):
    """A mail or an SMS that would have been sent; `to` is an address or a number in E.164, `at` is UTC."""

    channel: Literal["email", "sms"]
    to: str
    subject: str
    text: str
    at: datetime


def stepped_order(order: Resource, at: datetime) -> Resource:
    """The order in its next state; ValueError when it has none."""
    state = _next_state(order, order["state"], NEXT_ORDER_STATE)
    items = [{**item, "state": state} for item in order["productOrderItem"]]
    done = {"completionDate": moment(at)} if state == "completed" else {}
    return {**order, "state": state, "productOrderItem": items, **done}


def stepped_ticket(ticket: Resource, at: datetime) -> Resource:
    """The ticket in its next state; ValueError when it has none."""
    state = _next_state(ticket, ticket["status"], NEXT_TICKET_STATE)
    done = {"resolutionDate": moment(at)} if state == "closed" else {}
    return {**ticket, "status": state, "lastUpdate": moment(at), **done}


def _next_state(document: Resource, state: str, next_states: dict[str, str]) -> str:
    if state not in next_states:
        raise ValueError(f"{document['id']} is {state}: no state follows.")
    return next_states[state]


def has_number(product: Resource) -> bool:
    """Whether a line has its number already."""
    return any(resource["@referredType"] == "LogicalResource" for resource in product["realizingResource"])


def numbered_product(product: Resource, number: str) -> Resource:
    """The line with the number it gets."""
    resource = {"id": f"num-{product['id'].split('-', 1)[1]}", "value": number, "@referredType": "LogicalResource"}
    return {**product, "realizingResource": [*product["realizingResource"], resource]}


def activated_product(product: Resource, at: datetime) -> Resource:
    """The product in use from now on."""
    return {**product, "status": "active", "startDate": moment(at)}


def activated_sim(sim: Resource, at: datetime) -> Resource:
    """The SIM in operation from now on."""
    return {**sim, "resourceStatus": "available", "startOperatingDate": moment(at)}


def reduced_bucket(bucket: Resource, amount: Decimal) -> Resource:
    """The bucket with so much less credit, never below zero; ValueError for less than a cent, or no credit left."""
    if not amount.is_finite() or amount < CENTS:
        raise ValueError(f"An amount of at least 0.01 EUR can be spent, not {amount}.")
    credit = bucket["remainingValue"]["amount"]
    if not credit:
        raise ValueError(f"{bucket['id']} is empty.")
    left = max(credit - amount, Decimal(0)).quantize(CENTS, ROUND_HALF_UP)
    return {**bucket, "remainingValue": {**bucket["remainingValue"], "amount": left}}


def order_message(order: Resource, to: str, at: datetime) -> Message:
    """The SMS that an order has moved on."""
    news = "è stata completata: la linea è attiva." if order["state"] == "completed" else "è in lavorazione."
    return Message("sms", to, "Attivazione", f"L'attivazione {order['id']} {news}", at)


def ticket_message(ticket: Resource, to: str, at: datetime) -> Message:
    """The mail that a ticket has moved on."""
    news = "chiusa" if ticket["status"] == "closed" else "presa in carico"
    text = f"La segnalazione {ticket['id']}, «{ticket['name']}», è stata {news}."
    return Message("email", to, f"Segnalazione {news}", text, at)


def invoice_message(invoice: Resource, to: str, at: datetime) -> Message:
    """The mail that an invoice has been issued."""
    total = italian_amount(invoice["taxIncludedAmount"]["value"])
    text = f"È disponibile la fattura {invoice['billNo']} di {total} €."
    return Message("email", to, f"Fattura {invoice['billNo']}", text, at)


def low_credit_message(bucket: Resource, to: str, at: datetime) -> Message:
    """The SMS that a line's credit is running out."""
    credit = italian_amount(bucket["remainingValue"]["amount"])
    return Message("sms", to, "Credito residuo", f"Il credito residuo è di {credit} €. Ricarica per continuare.", at)


def italian_amount(amount: Decimal) -> str:
    """As people write it in Italy: 1.234,50."""
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
