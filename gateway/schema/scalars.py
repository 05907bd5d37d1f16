"""Scalars: how single values look on the wire."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

from gateway.domain.phone import e164, masked
from gateway.domain.viewer import Scope
from gateway.fields import Mask

PhoneNumber = NewType("PhoneNumber", str)
ByteCount = NewType("ByteCount", int)

BYTES_MAX = 2**53 - 1
PHONE_MASK = Mask(Scope.PII_READ, masked)
"""On every field that shows a phone number."""


def parse_phone_number(value: Any) -> str:
    """E.164 of a number in any usual spelling; a number without a country is Italian."""
    number = e164(value) if isinstance(value, str) else None
    if number is None:
        raise GraphQLError("A PhoneNumber is digits with an optional country, such as +393451234567.")
    return number


def _bytes(value: int) -> int:
    if value > BYTES_MAX:
        raise GraphQLError("This volume is beyond 2⁵³ − 1 bytes, which not every JSON reader holds exactly.")
    return value


def _read_only(value: Any) -> Any:
    raise GraphQLError("This scalar is only ever returned.")


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: ISO 8601 with its offset, such as 2026-10-01T09:30:00+02:00.",
        serialize=datetime.isoformat,
        parse_value=_read_only,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day in Europe/Rome: ISO 8601, such as 2026-10-01.",
        serialize=date.isoformat,
        parse_value=_read_only,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number, as a string: "12.30". Never read it into a binary float to calculate.',
        serialize=lambda value: format(value, "f"),
        parse_value=_read_only,
    ),
    PhoneNumber: strawberry.scalar(
        name="PhoneNumber",
        description=(
            "A phone number in E.164, such as +393451234567. As an input any usual spelling is taken, and a number "
            "without a country is Italian. A viewer without the scope `pii:read` sees ***567 of it."
        ),
        serialize=str,
        parse_value=parse_phone_number,
    ),
    ByteCount: strawberry.scalar(
        name="ByteCount",
        description="A whole number of bytes, up to 2⁵³ − 1, so that every JSON reader holds it exactly.",
        serialize=_bytes,
        parse_value=_read_only,
    ),
}
"""Python type → its scalar."""
