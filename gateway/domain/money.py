"""An amount of money, exact."""

from decimal import Decimal

import msgspec


class Money(msgspec.Struct, frozen=True, gc=False):
    """A decimal amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str
