"""How records are asked for, and how loaders and backends hand them over."""

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from gateway.errors import GatewayError


class Key(NamedTuple):
    """One thing of one company: `id` is the backend's own id of the record or of the list's owner.

    The company is part of every key, so that nothing kept or shared under a key can cross companies by accident.
    """

    company_id: str
    id: str


def company_id_of(key: Key) -> str:
    """The company a key belongs to."""
    return key.company_id


K = TypeVar("K")
V = TypeVar("V")
K_contra = TypeVar("K_contra", contravariant=True)
V_co = TypeVar("V_co", covariant=True)


class Source(Protocol[K_contra, V_co]):
    """Anything that turns keys into values: an adapter, or a decorator around one."""

    async def get_many(self, keys: Sequence[K_contra]) -> Sequence[V_co | GatewayError | None]:
        """Same length and order as `keys`; None where there is nothing; an error stands for its own key only."""
        ...


class KnowingSource(Source[K, V], Protocol):
    """A source that keeps answers in this process, so that they can be had without waiting."""

    def known(self, keys: Sequence[K]) -> dict[K, V | None]:
        """What can be answered at once, in a dict that is the caller's; keys that must be asked for are left out."""
        ...

    def fresh_until(self, values: Mapping[K, object]) -> float:
        """Until when all of these are news, in seconds since 1970; 0 where one is not what is kept under its key."""
        ...


def known_of(source: Source[K, V]) -> Callable[[Sequence[K]], dict[K, V | None]]:
    """The source's `known`; of one that keeps nothing, a function that knows nothing."""
    known: Callable[[Sequence[K]], dict[K, V | None]] = getattr(source, "known", _nothing)
    return known


def freshness_of(source: Source[K, V]) -> Callable[[Mapping[K, object]], float]:
    """The source's `fresh_until`; of one that keeps nothing, a function that says so."""
    fresh_until: Callable[[Mapping[K, object]], float] = getattr(source, "fresh_until", _never)
    return fresh_until


def _nothing(_keys: Sequence[object]) -> dict[K, V | None]:
    return {}


def _never(_values: Mapping[K, object]) -> float:
    return 0.0


class GatheringSource(KnowingSource[K, V], Protocol):
    """A source that gathers the keys of one moment by itself, for all requests: who asks it need not wait for more."""

    def ask(self, keys: Sequence[K], into: dict[K, V | GatewayError | None], done: Future[None]) -> None:
        """Puts the values into a dict, and only then ends `done`; cancelling that, the caller's own, gives it up."""
        ...
