"""A simulated company on its way into documents: what all its generators know of it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

import msgspec

from gateway.simulator.data.names import company_name
from gateway.simulator.data.places import CITIES, City
from gateway.simulator.scenarios import CompanyPlan

ROME = ZoneInfo("Europe/Rome")
MOBILE_PREFIXES = (320, 328, 333, 335, 338, 340, 345, 347, 348, 349, 366, 380, 388, 389, 391, 392)
# Coprime with ten million: consecutive serials give numbers that look unrelated, and no two the same.
NUMBER_STEP = 7_368_787
SUBSCRIBERS = 10_000_000
LONGEST_DOMAIN = 40

Resource = dict[str, Any]


class Serials:
    """The next free number of each numbering plan, over all companies of a world."""

    def __init__(self) -> None:
        self._mobile = count(1)
        self._fixed = count(1)
        self._sim = count(4_100_001)
        self._device = count(100_001)
        self._bill = count(12_345)

    def mobile_number(self) -> str:
        """An Italian mobile number in E.164."""
        serial = next(self._mobile)
        prefix = MOBILE_PREFIXES[serial % len(MOBILE_PREFIXES)]
        return f"+39{prefix}{serial * NUMBER_STEP % SUBSCRIBERS:07d}"

    def fixed_number(self, area_code: str) -> str:
        """An Italian fixed number in E.164; the area code keeps its zero."""
        return f"+39{area_code}{9_000_000 + next(self._fixed) * 7919 % 1_000_000}"

    def sim_account(self) -> int:
        """What tells one SIM of the operator from another."""
        return next(self._sim)

    def device_serial(self) -> int:
        """What tells one device of a model from another."""
        return next(self._device)

    def bill_number(self) -> str:
        """What is printed on an invoice."""
        return f"7X{next(self._bill):08d}"


class Contract(msgspec.Struct, frozen=True):
    """A billing account and the customer it belongs to."""

    customer_id: str
    account_id: str
    account_name: str

    @property
    def customer_reference(self) -> Resource:
        """How TMF documents name the customer in `relatedParty`."""
        return {"id": self.customer_id, "role": "customer", "@referredType": "Customer"}

    @property
    def account_reference(self) -> Resource:
        """How TMF documents name the billing account."""
        return {"id": self.account_id, "name": self.account_name}


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """One company of a world; `start` is when the world begins, all dates are before it unless something is planned.

    `draw` gives the company's own random numbers: what one company is made of moves no other.
    """

    number: int
    plan: CompanyPlan
    seed: int
    start: datetime
    line_count: int
    name: str
    city: City
    contracts: tuple[Contract, ...]
    draw: Random
    serials: Serials

    @property
    def key(self) -> str:
        """The part of ids that is the company's: 0001."""
        return f"{self.number:04d}"

    @property
    def id(self) -> str:
        """Its organization's id."""
        return f"org-{self.key}"

    @property
    def today(self) -> date:
        """The day in Europe/Rome on which the world begins."""
        return self.start.astimezone(ROME).date()

    @property
    def email_domain(self) -> str:
        """A domain that cannot exist (RFC 2606), made of the name's first letters."""
        letters = [letter for letter in normalize("NFKD", self.name).casefold() if "a" <= letter <= "z"]
        return f"{''.join(letters[:LONGEST_DOMAIN])}.example"

    def contract(self, index: int) -> Contract:
        """The contract of the index-th thing the company has: they take turns."""
        return self.contracts[index % len(self.contracts)]


def founded(number: int, plan: CompanyPlan, *, seed: int, start: datetime, lines: int, serials: Serials) -> Company:
    """The company with that number, from 1; `lines` is how many it has where its plan says nothing."""
    # Not for secrets: the same seed has to make the same company.
    draw = Random(f"{seed}/{number}")  # noqa: S311
    name = plan.name or company_name(number, draw)
    return Company(
        number=number,
        plan=plan,
        seed=seed,
        start=start,
        line_count=lines if plan.lines is None else plan.lines,
        name=name,
        city=draw.choice(CITIES),
        contracts=tuple(_contracts(number, name, plan.accounts)),
        draw=draw,
        serials=serials,
    )


def _contracts(number: int, name: str, accounts: tuple[int, ...]) -> Iterator[Contract]:
    account_numbers = count(1)
    for customer, account_count in enumerate(accounts, start=1):
        for _ in range(account_count):
            account = next(account_numbers)
            yield Contract(f"cus-{number:04d}-{customer}", f"acc-{number:04d}-{account}", f"{name} – conto {account}")


def midnight(day: date) -> str:
    """The beginning of a day in Europe/Rome, as documents write it."""
    return datetime.combine(day, time(), ROME).isoformat()


def moment(time_of_event: datetime) -> str:
    """A point in time to the second in Europe/Rome, as documents write it."""
    return time_of_event.astimezone(ROME).isoformat(timespec="seconds")


def days_before(company: Company, days: int, hour: int = 10) -> datetime:
    """An hour of the day in Europe/Rome so many days before the world begins; negative days are after it."""
    return datetime.combine(company.today - timedelta(days=days), time(hour), ROME)
