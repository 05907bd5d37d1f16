"""A second source for what the first cannot say at the moment."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from gateway.domain.key import Source, freshness_of, known_of
from gateway.errors import BackendError, GatewayError
from gateway.store.guarded import guarded

K = TypeVar("K")
V = TypeVar("V")


class Fallback(Generic[K, V]):
    """Asks `second` for the keys on which `first` failed; where it knows nothing either, the first one's error stands.

    A key that `first` knows nothing of is not asked again: unknown is an answer.
    """

    def __init__(self, first: Source[K, V], second: Source[K, V]) -> None:
        self._first = first
        self._second = second
        self._known = known_of(first)
        self._fresh_until = freshness_of(first)

    def known(self, keys: Sequence[K]) -> dict[K, V | None]:
        """What `first` knows without asking."""
        return self._known(keys)

    def fresh_until(self, values: Mapping[K, object]) -> float:
        """As `first` has it; what `second` said is not kept."""
        return self._fresh_until(values)

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """As `first`, with `second`'s answers in place of its failures."""
        values = list(await guarded(self._first, keys))
        failed = [index for index, value in enumerate(values) if isinstance(value, BackendError)]
        if failed:
            others = await guarded(self._second, [keys[index] for index in failed])
            for index, other in zip(failed, others, strict=True):
                if other is not None and not isinstance(other, GatewayError):
                    values[index] = other
        return values
