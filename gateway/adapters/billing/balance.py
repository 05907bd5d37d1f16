"""Balances, as buckets of prepaid credit (TMF654)."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._by_owner import Listing
from gateway.adapters._source import ByOwner
from gateway.adapters._wire import Quantity, Ref
from gateway.domain.balance import Balance
from gateway.domain.key import Key, Source
from gateway.domain.money import Money

MONETARY = "monetary"


class Bucket(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A bucket as it comes."""

    id: str
    product: tuple[Ref, ...] | None = None
    usage_type: str | None = None
    status: str | None = None
    remaining_value: Quantity | None = None

    @property
    def kind(self) -> str:
        """What the bucket holds, in lower case."""
        return (self.usage_type or "").strip().casefold()

    @property
    def is_active(self) -> bool:
        """Whether what is left can be used: not suspended, not expired."""
        return self.status is None or self.status.strip().casefold() == "active"


def balance_by_product_id(api: Api) -> Source[Key, Balance]:
    """What the buckets of a product hold; None for a product without a bucket."""

    def balance(rows: list[Bucket], key: Key) -> Balance | None:
        if not rows:
            return None
        usable = [row for row in rows if row.is_active]
        return Balance(key.id, _credit(_left(usable, MONETARY)))

    listing = Listing(
        path="/bucket",
        row=Bucket,
        owners_of=lambda row: [product.id for product in row.product or ()],
        parameter=api.profile.owner_parameter,
        setting=api.setting("owner_parameter"),
    )
    return ByOwner(api, listing, balance)


def _left(rows: Sequence[Bucket], kind: str) -> list[Quantity]:
    return [row.remaining_value for row in rows if row.kind == kind and row.remaining_value is not None]


def _credit(left: Sequence[Quantity]) -> Money | None:
    """The sum of a product's credits in the first one's currency."""
    if not left:
        return None
    currency = left[0].units
    return Money(sum((quantity.amount for quantity in left if quantity.units == currency), Decimal(0)), currency)
