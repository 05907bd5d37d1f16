"""Usage of shared data packages, by line (TMF677)."""

from collections.abc import Sequence

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._by_id import batches
from gateway.adapters._parallel import in_parallel
from gateway.adapters._wire import Quantity, Ref
from gateway.domain.data_volume import DataVolume
from gateway.domain.gss_package import GssUsage
from gateway.domain.key import Key
from gateway.errors import GatewayError

PATH = "/queryUsageConsumption"


class ConsumptionCounter(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One count of what was used."""

    counter_type: str | None = None
    value: Quantity | None = None

    def __post_init__(self) -> None:
        if self.counter_type == "used" and self.value is not None and not self.value.is_volume:
            raise ValueError("Expected units of data in `value`")


class ConsumingProduct(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A line, and what it took from the bucket."""

    id: str
    consumption_summary: tuple[ConsumptionCounter, ...] | None = None

    @property
    def used(self) -> DataVolume:
        """The sum of its counters of use."""
        counters = [row for row in self.consumption_summary or () if row.counter_type == "used"]
        return DataVolume(sum(row.value.volume.bytes for row in counters if row.value is not None))


class SharedBucket(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A bucket and the products that share it."""

    usage_type: str | None = None
    remaining_value: Quantity | None = None
    product: tuple[ConsumingProduct, ...] | None = None

    def __post_init__(self) -> None:
        if self.is_data and self.remaining_value is not None and not self.remaining_value.is_volume:
            raise ValueError("Expected units of data in `remainingValue`")

    @property
    def is_data(self) -> bool:
        """Whether it holds data."""
        return self.usage_type is None or self.usage_type.strip().casefold() == "data"


class UsageConsumption(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What was used of some products; several for the same product add up."""

    product: tuple[Ref, ...]
    bucket_ref_or_value: tuple[SharedBucket, ...] | None = None
    state: str | None = None

    def __post_init__(self) -> None:
        if self.state is not None and self.state != "done":
            raise ValueError("Expected an answer that is done")


class UsageConsumptions(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The answer: nothing for a product that is unknown."""

    usage_consumption: tuple[UsageConsumption, ...] | None = None


class SearchCriteria(msgspec.Struct, frozen=True, gc=False):
    """Which products are asked for."""

    product: list[dict[str, str]]


class UsageConsumptionQuery(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The request."""

    search_criteria: SearchCriteria


class GssUsageByPackageId:
    """Use by package: one request for several where the profile's `batch_ids` allows it."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def get_many(self, keys: Sequence[Key]) -> Sequence[GssUsage | GatewayError | None]:
        """Values in the order of `keys`; None for a product that billing does not know."""
        ids = [id for id in dict.fromkeys(key.id for key in keys) if id]
        chunks = batches(self._api, ids, self._api.profile.batch_ids)
        found: dict[str, GssUsage | GatewayError] = {}
        for chunk, usage in zip(chunks, await in_parallel(chunks, self._ask), strict=True):
            found.update(dict.fromkeys(chunk, usage) if isinstance(usage, GatewayError) else usage)
        return [found.get(key.id) for key in keys]

    async def _ask(self, ids: Sequence[str]) -> dict[str, GssUsage]:
        query = UsageConsumptionQuery(SearchCriteria([{"id": id} for id in ids]))
        answer = await self._api.post(PATH, query, UsageConsumptions, batch=len(ids))
        buckets: dict[str, list[SharedBucket]] = {}
        for row in answer.usage_consumption or ():
            for id in {product.id for product in row.product}:
                buckets.setdefault(id, []).extend(row.bucket_ref_or_value or ())
        return {id: _usage(of_product) for id, of_product in buckets.items()}


def _usage(buckets: Sequence[SharedBucket]) -> GssUsage:
    """The sums of all buckets that hold data."""
    buckets = [bucket for bucket in buckets if bucket.is_data]
    used: dict[str, DataVolume] = {}
    for product in (product for bucket in buckets for product in bucket.product or ()):
        used[product.id] = used.get(product.id, DataVolume(0)) + product.used
    left = [bucket.remaining_value.volume.bytes for bucket in buckets if bucket.remaining_value is not None]
    return GssUsage(used, DataVolume(sum(left)) if left else None)
