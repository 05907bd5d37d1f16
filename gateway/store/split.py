"""Keys of several requests in one call, and what to do when the backend refuses it for the sake of one of them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

from gateway.domain.caller import SERVED, Served
from gateway.domain.key import Source
from gateway.errors import BackendRejected, GatewayError
from gateway.store.guarded import guarded

K = TypeVar("K")
V = TypeVar("V")

AT_ONCE = 8


async def ask_in_parts(
    source: Source[K, V], parts: Mapping[str, Sequence[K]]
) -> tuple[dict[K, V | GatewayError | None], int]:
    """The value of each key, and how many calls of the source that took. `parts` are the keys by request.

    What is rejected (4xx) is asked again by request, and then key by key: nobody's bad key is another's error.
    """
    keys = [key for part in parts.values() for key in part]
    values = dict(zip(keys, await guarded(source, keys), strict=True))
    if len(keys) == 1 or not _rejected(keys, values):
        return values, 1
    return values, 1 + await _again(source, parts, values)


async def _again(
    source: Source[K, V], parts: Mapping[str, Sequence[K]], values: dict[K, V | GatewayError | None]
) -> int:
    calls, places = 0, asyncio.Semaphore(AT_ONCE)

    async def ask(keys: Sequence[K]) -> None:
        nonlocal calls
        async with places:
            calls += 1
            values.update(zip(keys, await guarded(source, keys), strict=True))

    async def by_request(request_id: str, part: Sequence[K]) -> None:
        served = SERVED.get()
        SERVED.set(Served() if served is None else served.alone(request_id))
        rejected = _rejected(part, values)
        if rejected and len(parts) > 1:
            await ask(rejected)
            rejected = [] if len(rejected) == 1 else _rejected(rejected, values)
        await asyncio.gather(*(ask([key]) for key in rejected))

    await asyncio.gather(*(by_request(request_id, part) for request_id, part in parts.items()))
    return calls


def _rejected(keys: Sequence[K], values: Mapping[K, object]) -> list[K]:
    return [key for key in keys if isinstance(values[key], BackendRejected)]
