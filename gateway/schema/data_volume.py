"""Volumes of data."""

from decimal import Decimal

from gateway.domain import data_volume as records
from gateway.fields import attribute, object_type
from gateway.schema.scalars import ByteCount


@object_type(records.DataVolume)
class DataVolume:
    """A volume of data."""

    bytes: ByteCount = attribute("The volume in bytes.")
    gigabytes: Decimal = attribute("The same in gigabytes of 10⁹ bytes, the unit packages are sold in.")
