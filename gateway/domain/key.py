"""How records are asked for, and how loaders and backends hand them over."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

from gateway.errors import GatewayError


class Key(NamedTuple):
    """One thing of one company: `id` is the backend's own id of the record or of the list's owner.

    The company is part of every key, so that nothing kept or shared under a key can cross companies by accident.
    """

    company_id: str
    id: str


K_contra = TypeVar("K_contra", contravariant=True)
V_co = TypeVar("V_co", covariant=True)


class Source(Protocol[K_contra, V_co]):
    """Anything that turns keys into values: an adapter, or a decorator around one."""

    async def get_many(self, keys: Sequence[K_contra]) -> Sequence[V_co | GatewayError | None]:
        """Same length and order as `keys`; None where there is nothing; an error stands for its own key only."""
        ...
