"""Amounts of money."""

from decimal import Decimal

from gateway.domain import money as records
from gateway.fields import attribute, object_type


@object_type(records.Money)
class Money:
    """An exact amount of money."""

    amount: Decimal = attribute("The amount, negative on credits.")
    currency: str = attribute("The currency, ISO 4217: EUR.")
