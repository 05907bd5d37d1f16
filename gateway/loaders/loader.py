"""A loader collects the keys one request asks for in the same moment and asks its source once for all of them."""

import asyncio
from asyncio import Future
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

import msgspec
import structlog
from aiodataloader import DataLoader

from gateway.domain.key import Source
from gateway.errors import GatewayError, InternalError

log = structlog.get_logger()

K = TypeVar("K")
V = TypeVar("V")


class _Failure(msgspec.Struct, frozen=True):
    """An error on its way through aiodataloader, which would raise a bare one out of every waiting future."""

    error: GatewayError


class Loader(Generic[K, V]):
    """Each key is asked once in a request; errors are values, each for its own key only.

    Waiting never cancels the shared future: a waiter that goes away must not take the others' answer with it.
    """

    def __init__(self, source: Source[K, V]) -> None:
        self._source = source
        self._dataloader: DataLoader[K, V | _Failure | None] = DataLoader(self._load_batch)

    async def load(self, key: K) -> V | GatewayError | None:
        """The value of one key."""
        return (await self.load_many([key]))[0]

    async def load_many(self, keys: Iterable[K]) -> Sequence[V | GatewayError | None]:
        """Values in the order of `keys`."""
        return await self.finish(self.start(keys))

    def start(self, keys: Iterable[K]) -> Sequence[Future[V | _Failure | None]]:
        """Asks for keys without waiting; `finish` gives the values. So two loaders can be asked at the same time."""
        return [self._dataloader.load(key) for key in keys]

    async def finish(self, started: Sequence[Future[V | _Failure | None]]) -> Sequence[V | GatewayError | None]:
        """The values of what was started, in its order."""
        for future in started:
            if not future.done():
                await asyncio.shield(future)
        return [_unwrapped(future.result()) for future in started]

    def prime(self, key: K, value: V) -> None:
        """Answers for a key whose value came along with something else; what is known already stays."""
        self._dataloader.prime(key, value)

    async def _load_batch(self, keys: list[K]) -> list[V | _Failure | None]:
        try:
            values = await self._source.get_many(keys)
        except GatewayError as error:
            return [_Failure(error)] * len(keys)
        except asyncio.CancelledError:  # aiodataloader would leave every waiter hanging
            return self._failed(keys, "cancelled")
        except Exception:
            return self._failed(keys, "raised", exc_info=True)
        if len(values) != len(keys):
            return self._failed(keys, f"gave {len(values)} values for {len(keys)} keys")
        return [_Failure(value) if isinstance(value, GatewayError) else value for value in values]

    def _failed(self, keys: list[K], how: str, *, exc_info: bool = False) -> list[V | _Failure | None]:
        """A fault of the source, which is ours: each key's error, and one line in the log."""
        log.error("source_failed", source=type(self._source).__name__, how=how, exc_info=exc_info)
        return [_Failure(InternalError())] * len(keys)


def _unwrapped(value: V | _Failure | None) -> V | GatewayError | None:
    return value.error if isinstance(value, _Failure) else value
