"""A balance: money on a prepaid line."""

import msgspec

from gateway.domain.money import Money


class Balance(msgspec.Struct, frozen=True, gc=False):
    """What is left for one product: the `credit` of a prepaid line; None without a bucket of money."""

    product_id: str
    credit: Money | None
