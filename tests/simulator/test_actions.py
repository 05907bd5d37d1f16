"""How orders, tickets and credit move on, and what the world sends meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from gateway.simulator.world import Resource, World
from tests.simulator.still_clock import StillClock

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = 86_400


@pytest.fixture(scope="module")
def shared_world() -> World:
    """One world for the whole file: making it takes longer than resetting what a test changed."""
    return World(companies=1, lines_per_company=10, clock=StillClock(START))


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """A world as it began."""
    yield shared_world
    shared_world.reset()


def row(world: World, resource: str, document_id: str) -> Resource:
    """A document that exists."""
    document = world.row(resource, document_id)
    assert document is not None
    return document


def test_order_is_worked_on_and_completed(world: World) -> None:
    """An order goes from acknowledged to inProgress to completed: its line is active, and each step is told."""
    assert row(world, "product", "fix-0001-2")["status"] == "pendingActive"
    assert "startDate" not in row(world, "product", "fix-0001-2")
    assert world.step_order("ord-0001-1")["state"] == "inProgress"
    assert row(world, "product", "fix-0001-2")["status"] == "pendingActive"
    order = world.step_order("ord-0001-1")
    assert order["state"] == order["productOrderItem"][0]["state"] == "completed"
    assert order["completionDate"] == "2026-11-24T10:00:00+01:00"
    assert row(world, "productOrder", "ord-0001-1") == order
    line = row(world, "product", "fix-0001-2")
    assert (line["status"], line["startDate"]) == ("active", "2026-11-24T10:00:00+01:00")
    assert [(message.channel, message.text) for message in world.outbox] == [
        ("sms", "L'attivazione ord-0001-1 è in lavorazione."),
        ("sms", "L'attivazione ord-0001-1 è stata completata: la linea è attiva."),
    ]
    mobile = row(world, "organization", "org-0001")["contactMedium"][2]["characteristic"]["phoneNumber"]
    assert {message.to for message in world.outbox} == {mobile}


def test_completed_order_stays(world: World) -> None:
    """A completed order cannot move; nothing is sent or changed by trying."""
    world.step_order("ord-0001-1")
    world.step_order("ord-0001-1")
    revision = world.revision
    with pytest.raises(ValueError, match=r"^ord-0001-1 is completed: no state follows\.$"):
        world.step_order("ord-0001-1")
    assert world.revision == revision
    assert len(world.outbox) == 2


def test_activation_gives_a_mobile_line_number_and_sim(world: World) -> None:
    """A line that was only created gets its number when its order completes, and its SIM starts to operate."""
    created = row(world, "product", "lin-0014-0002")
    assert created["status"] == "created"
    assert [resource["id"] for resource in created["realizingResource"]] == ["sim-0014-0002"]
    assert row(world, "resource", "sim-0014-0002")["resourceStatus"] == "reserved"
    world.step_order("ord-0014-1")
    world.step_order("ord-0014-1")
    sim_reference, number = row(world, "product", "lin-0014-0002")["realizingResource"]
    assert sim_reference["id"] == "sim-0014-0002"
    assert (number["id"], number["@referredType"]) == ("num-0014-0002", "LogicalResource")
    assert number["value"].startswith("+393")
    sim = row(world, "resource", "sim-0014-0002")
    assert (sim["resourceStatus"], sim["startOperatingDate"]) == ("available", "2026-11-24T10:00:00+01:00")


def test_ticket_is_worked_on_and_closed(world: World) -> None:
    """A ticket goes from acknowledged to inProgress to closed, with dates; a mail tells each step."""
    world.advance(3_600)
    ticket = world.step_ticket("tkt-0001-5")
    assert (ticket["status"], ticket["lastUpdate"]) == ("inProgress", "2026-11-24T11:00:00+01:00")
    assert "resolutionDate" not in ticket
    world.advance(60)
    ticket = world.step_ticket("tkt-0001-5")
    assert ticket["status"] == "closed"
    assert ticket["lastUpdate"] == ticket["resolutionDate"] == "2026-11-24T11:01:00+01:00"
    assert row(world, "troubleTicket", "tkt-0001-5") == ticket
    assert [(message.channel, message.subject) for message in world.outbox] == [
        ("email", "Segnalazione presa in carico"),
        ("email", "Segnalazione chiusa"),
    ]
    assert world.outbox[0].to == "amministrazione@officinemeccanichebrambillasrl.example"
    with pytest.raises(ValueError, match=r"^tkt-0001-5 is closed: no state follows\.$"):
        world.step_ticket("tkt-0001-5")


def test_credit_drops_to_the_cent(world: World) -> None:
    """Credit that is spent is gone from the line's bucket; while enough is left nobody is warned."""
    before = row(world, "bucket", "bkt-0001-0002")["remainingValue"]
    bucket = world.drop_credit("lin-0001-0002", Decimal("0.37"))
    assert bucket["remainingValue"] == {"amount": before["amount"] - Decimal("0.37"), "units": "EUR"}
    assert row(world, "bucket", "bkt-0001-0002") == bucket
    assert before["amount"] > 10
    assert world.outbox == []


def test_credit_does_not_go_below_zero(world: World) -> None:
    """More than there is empties the bucket, warns the line by SMS, and then there is nothing left to spend."""
    bucket = world.drop_credit("lin-0001-0002", Decimal(1_000))
    assert str(bucket["remainingValue"]["amount"]) == "0.00"
    number = row(world, "product", "lin-0001-0002")["realizingResource"][1]["value"]
    assert [(message.channel, message.to, message.text) for message in world.outbox] == [
        ("sms", number, "Il credito residuo è di 0,00 €. Ricarica per continuare.")
    ]
    with pytest.raises(ValueError, match=r"^bkt-0001-0002 is empty\.$"):
        world.drop_credit("lin-0001-0002", Decimal(1))


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity"])
def test_amounts_that_cannot_be_spent(world: World, amount: str) -> None:
    """Nothing, less than a cent and what is no amount are refused."""
    with pytest.raises(ValueError, match="An amount of at least"):
        world.drop_credit("lin-0001-0002", Decimal(amount))


@pytest.mark.parametrize("product_id", ["lin-0001-0001", "fix-0001-1", "gss-0001-1", "opt-0001-0001-1"])
def test_only_prepaid_lines_have_credit(world: World, product_id: str) -> None:
    """A postpaid line and any other product are refused by name."""
    with pytest.raises(ValueError, match=rf"^{product_id} is not a prepaid line: it has no credit\.$"):
        world.drop_credit(product_id, Decimal(1))


def test_revision_grows_with_every_change(world: World) -> None:
    """Whoever keeps an index sees by the revision that documents changed; reading and waiting change none."""
    revisions = [world.revision]
    world.step_ticket("tkt-0001-5")
    revisions.append(world.revision)
    world.drop_credit("lin-0001-0002", Decimal(1))
    revisions.append(world.revision)
    world.reset()
    revisions.append(world.revision)
    assert revisions == sorted(set(revisions))
    world.advance(1)
    assert list(world.rows("bucket"))
    assert world.revision == revisions[-1]


def test_unknown_ids(world: World) -> None:
    """Unknown orders, tickets and lines are KeyErrors."""
    with pytest.raises(KeyError):
        world.step_order("ord-9999-1")
    with pytest.raises(KeyError):
        world.step_ticket("tkt-9999-1")
    with pytest.raises(KeyError):
        world.drop_credit("lin-9999-0001", Decimal(1))


def test_order_completes_on_its_date(world: World) -> None:
    """When the expected date has passed an order is completed on that date, by itself, and not a second before."""
    assert row(world, "productOrder", "ord-0001-1")["expectedCompletionDate"] == "2026-12-14T10:00:00+01:00"
    world.advance(20 * DAY - 60)
    assert row(world, "productOrder", "ord-0001-1")["state"] == "acknowledged"
    world.advance(120)
    order = row(world, "productOrder", "ord-0001-1")
    assert (order["state"], order["completionDate"]) == ("completed", "2026-12-14T10:00:00+01:00")
    assert row(world, "product", "fix-0001-2")["startDate"] == "2026-12-14T10:00:00+01:00"


def test_month_is_invoiced_when_its_day_comes(world: World) -> None:
    """Each account gets the next month's invoice once, with a mail, on the company's day of the month."""
    world.advance(7 * DAY)
    assert world.row("customerBill", "bil-0001-1-202612-s") is None
    world.advance(DAY)
    bill = row(world, "customerBill", "bil-0001-1-202612-s")
    assert bill["billDate"] == "2026-12-02T00:00:00+01:00"
    assert bill["state"] in ("sent", "partiallyPaid")
    mails = [message for message in world.outbox if bill["billNo"] in message.text]
    assert [(mail.channel, mail.at) for mail in mails] == [("email", datetime(2026, 12, 2, 7, tzinfo=UTC))]
    world.advance(DAY)
    assert row(world, "customerBill", "bil-0001-1-202612-s") == bill


def test_outbox_is_in_order_of_time(world: World) -> None:
    """What happens in a long advance is told in the order in which it happened."""
    world.advance(90 * DAY)
    times = [message.at for message in world.outbox]
    assert len(times) > 40
    assert times == sorted(times)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 4e9])
def test_time_moves_forward_only(world: World, seconds: float) -> None:
    """A clock cannot go back, nor further than its world reaches."""
    with pytest.raises(ValueError, match="The clock moves forward"):
        world.advance(seconds)


def test_reset_undoes_everything(world: World) -> None:
    """After a reset the clock, the documents and the outbox are what they were."""
    fresh = World(companies=1, lines_per_company=10, clock=StillClock(START))
    revision = world.revision
    world.advance(100 * DAY)
    world.drop_credit("lin-0001-0002", Decimal(1))
    world.step_ticket("tkt-0001-5")
    assert world.tables != fresh.tables
    world.reset()
    assert world.tables == fresh.tables
    assert world.outbox == []
    assert world.revision > revision
    assert world.clock().date() == START.date()
