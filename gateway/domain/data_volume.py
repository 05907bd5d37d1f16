"""A volume of data, in bytes; the trade's gigabyte is 10⁹ bytes."""

from decimal import Decimal

import msgspec

BYTES_PER_UNIT = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}


class DataVolume(msgspec.Struct, frozen=True, gc=False):
    """A number of bytes."""

    bytes: int

    @property
    def gigabytes(self) -> Decimal:
        """The same in units of 10⁹ bytes."""
        return Decimal(self.bytes) / BYTES_PER_UNIT["GB"]

    def __add__(self, other: "DataVolume") -> "DataVolume":
        return DataVolume(self.bytes + other.bytes)


def data_volume(amount: Decimal, units: str) -> DataVolume:
    """From an amount and a unit as backends write it (B, KB, MB, GB, TB in any case); KeyError on another unit."""
    return DataVolume(int(amount * BYTES_PER_UNIT[units.strip().upper()]))
