"""A source that remembers its answers in the cache, and serves old ones when it fails."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from gateway.domain.key import Source
from gateway.errors import BackendError, GatewayError
from gateway.store.cache import Cache

V = TypeVar("V", bound=msgspec.Struct)


class _Entry(msgspec.Struct, Generic[V], frozen=True, array_like=True):
    """A remembered value and when it was read (seconds since 1970)."""

    value: V
    read_at: float


class Remembered(Generic[V]):
    """Answers younger than `fresh_seconds` are not asked for again; older ones, up to `stale_seconds`, hide an error.

    The name an entry is kept under holds the record's fields, so that no version of the gateway misreads another's.
    What is unknown is not remembered, since it may be created the next moment; what was remembered of it is dropped.
    """

    def __init__(
        self,
        source: Source[str, V],
        cache: Cache,
        record: type[V],
        clock: Callable[[], datetime],
        *,
        fresh_seconds: float,
        stale_seconds: float,
    ) -> None:
        self._source = source
        self._cache = cache
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._prefix = f"telco-gateway:{record.__name__}({','.join(record.__struct_fields__)}):"
        self._decoder = msgspec.msgpack.Decoder(_Entry[record])  # type: ignore[valid-type]
        self._encoder = msgspec.msgpack.Encoder()

    async def get_many(self, keys: Sequence[str]) -> Sequence[V | GatewayError | None]:
        """Remembered answers where they are fresh, the source's otherwise."""
        now = self._clock().timestamp()
        entries = await self._remembered(keys)
        values: list[V | GatewayError | None] = [entry.value if entry else None for entry in entries]
        asked = [index for index, entry in enumerate(entries) if not self._is_fresh(entry, now)]
        if not asked:
            return values
        answers = await self._source.get_many([keys[index] for index in asked])
        for index, answer in zip(asked, answers, strict=True):
            if values[index] is None or not isinstance(answer, BackendError):
                values[index] = answer
        await self._remember({keys[index]: answer for index, answer in zip(asked, answers, strict=True)}, now)
        return values

    def _is_fresh(self, entry: _Entry[V] | None, now: float) -> bool:
        return entry is not None and 0 <= now - entry.read_at < self._fresh_seconds

    async def _remembered(self, keys: Sequence[str]) -> list[_Entry[V] | None]:
        return [self._decoded(entry) for entry in await self._cache.get_many([self._prefix + key for key in keys])]

    def _decoded(self, entry: bytes | None) -> _Entry[V] | None:
        try:
            return None if entry is None else self._decoder.decode(entry)
        except msgspec.DecodeError:  # not ours, or damaged: a miss
            return None

    async def _remember(self, answers: dict[str, V | GatewayError | None], now: float) -> None:
        entries = {
            self._prefix + key: self._encoder.encode(_Entry(answer, now))
            for key, answer in answers.items()
            if answer is not None and not isinstance(answer, GatewayError)
        }
        if entries:
            await self._cache.set_many(entries, self._stale_seconds)
        gone = [self._prefix + key for key, answer in answers.items() if answer is None]
        if gone:
            await self._cache.drop_many(gone)
