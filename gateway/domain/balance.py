"""A balance: money on a prepaid line, or data in a shared pool."""

import msgspec

from gateway.domain.data_volume import DataVolume
from gateway.domain.money import Money


class Balance(msgspec.Struct, frozen=True):
    """What is left for one product: `credit` of a prepaid line, `data` of a package; None without such a bucket."""

    product_id: str
    credit: Money | None
    data: DataVolume | None
