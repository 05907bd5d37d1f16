"""The shapes that TM Forum's APIs share, v4 and v5, and how their words become ours."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec

from gateway.domain.data_volume import BYTES_PER_UNIT, DataVolume, data_volume
from gateway.domain.money import Money
from gateway.domain.phone import E164, e164
from gateway.domain.time import ROME

# Beyond this an amount is a mistake, and making a number of bytes of it would take the memory of the process.
AMOUNT_MAX_DIGITS = 18


def moment(at: datetime) -> datetime:
    """A moment as it came; without an offset it is meant in Europe/Rome."""
    return at if at.tzinfo is not None else at.replace(tzinfo=ROME)


def day(at: datetime) -> date:
    """The day on which a moment as it came falls in Europe/Rome."""
    try:
        return moment(at).astimezone(ROME).date()
    except OverflowError:  # the ends of time, which backends write for "never"
        return at.date()


class Ref(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A reference to another resource."""

    id: str


class RealizingResource(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A resource that makes a product work: a SIM, a number; `value` is the number itself."""

    id: str | None = None
    value: str | None = None
    referred_type: str | None = msgspec.field(name="@referredType", default=None)


class RelatedParty(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A party and its role; v5 puts the reference one level down."""

    id: str | None = None
    role: str | None = None
    referred_type: str | None = msgspec.field(name="@referredType", default=None)
    party_or_party_role: "PartyOrPartyRole | None" = None

    @property
    def party_id(self) -> str | None:
        """The party's id, wherever this version has it."""
        return self.id if self.party_or_party_role is None else self.party_or_party_role.id

    @property
    def party_type(self) -> str | None:
        """What kind of party it is, wherever this version has it."""
        return self.referred_type if self.party_or_party_role is None else self.party_or_party_role.referred_type


class PartyOrPartyRole(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The reference inside a v5 related party."""

    id: str
    referred_type: str | None = msgspec.field(name="@referredType", default=None)


class RelatedEntity(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Something a resource is about; v5 puts the reference one level down."""

    id: str | None = None
    role: str | None = None
    entity: Ref | None = None

    @property
    def entity_id(self) -> str | None:
        """The entity's id, wherever this version has it."""
        return self.id if self.entity is None else self.entity.id


Parties = tuple[RelatedParty, ...] | None
"""Related parties as backends send them: a list, null, or nothing."""


def party_ids(parties: Parties) -> Sequence[str]:
    """The ids of all related parties, in any role."""
    return [party.party_id for party in parties or () if party.party_id is not None]


def customer_ids(parties: Parties, role: str | None) -> list[str]:
    """The ids of related parties that are customers by their role, or by their type where they have none."""
    found = []
    for party in parties or ():
        is_customer = party.role == role if party.role is not None else party.party_type == "Customer"
        if is_customer and party.party_id is not None:
            found.append(party.party_id)
    return found


class MoneyAmount(msgspec.Struct, frozen=True, gc=False):
    """TM Forum's Money: `{unit: "EUR", value: 12.30}`; the value is read from its text, so it is exact."""

    unit: str
    value: Decimal

    def __post_init__(self) -> None:
        check_amount(self.value)

    @property
    def money(self) -> Money:
        """The same as ours."""
        return Money(self.value, self.unit)


class Quantity(msgspec.Struct, frozen=True, gc=False):
    """TM Forum's Quantity: `{amount: 12.5, units: "GB"}`, in which prepaid credit has `EUR` for its units."""

    amount: Decimal
    units: str

    def __post_init__(self) -> None:
        check_amount(self.amount)

    @property
    def money(self) -> Money:
        """The quantity as an amount of money."""
        return Money(self.amount, self.units)

    @property
    def volume(self) -> DataVolume:
        """The quantity as a volume of data; check with `is_volume` when decoding."""
        return data_volume(self.amount, self.units)

    @property
    def is_volume(self) -> bool:
        """Whether the units are of data."""
        return self.units.strip().upper() in BYTES_PER_UNIT


def check_amount(amount: Decimal) -> None:
    """ValueError for what no backend can mean: NaN, infinity, thousands of digits."""
    if not amount.is_finite() or abs(amount.adjusted()) > AMOUNT_MAX_DIGITS:
        raise ValueError("Expected an amount")


class Characteristic(msgspec.Struct, frozen=True, gc=False):
    """A name and a value of any JSON type."""

    name: str
    value: msgspec.Raw = msgspec.Raw(b"null")

    def __repr__(self) -> str:
        return f"Characteristic({self.name!r}, <value>)"


def text_of(value: msgspec.Raw | bytes) -> str | None:
    """A characteristic's value as text; numbers as they are written; None for anything else."""
    text = bytes(value)
    if text.startswith(b'"'):
        return msgspec.json.decode(text, type=str) if b"\\" in text else text[1:-1].decode()
    return text.decode() if text[:1] in b"-0123456789" else None


class Characteristics:
    """The characteristics of one record, under the contract's names in any case."""

    __slots__ = ("_names", "_values")

    def __init__(self, rows: Sequence[Characteristic] | None, names: Mapping[str, str]) -> None:
        """`names` has the backend's name, in lower case, for each of the contract's."""
        self._values = {row.name.casefold(): row.value for row in rows} if rows else {}
        self._names = names

    def text(self, name: str) -> str | None:
        """The value as text; numbers as they are written; None for anything else."""
        raw = self._values.get(self._names[name])
        return None if raw is None else text_of(raw)

    def volume(self, name: str, units: str) -> DataVolume | None:
        """A number of `units` as a volume of data; None where it is absent or no number."""
        text = self.text(name)
        try:
            amount = Decimal(text or "")
            check_amount(amount)
        except (ArithmeticError, ValueError):
            return None
        return data_volume(amount, units)

    def __repr__(self) -> str:
        return f"Characteristics({sorted(self._values)})"


def phone_number(text: str | None) -> str | None:
    """E.164 of a number however a backend spells it; what is no number stays as it is."""
    return text if text is None or E164.fullmatch(text) else e164(text) or text


def first(ids: Iterable[str | None]) -> str | None:
    """The first id there is."""
    return next((id for id in ids if id is not None), None)
