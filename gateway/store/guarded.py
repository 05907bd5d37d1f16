"""A source's answers, whatever happens to it."""

from collections.abc import Sequence
from typing import TypeVar

import structlog

from gateway.domain.key import Source
from gateway.errors import GatewayError, InternalError

log = structlog.get_logger()

K = TypeVar("K")
V = TypeVar("V")


async def guarded(source: Source[K, V], keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
    """As `get_many`, and never raises but for a cancellation: an error that is raised is each key's.

    What is a fault of the source, and so ours, is an InternalError for each key and one line in the log.
    """
    try:
        values = await source.get_many(keys)
    except GatewayError as error:
        return [error] * len(keys)
    except Exception:
        return failed(source, len(keys), "raised", exc_info=True)
    if len(values) != len(keys):
        return failed(source, len(keys), f"gave {len(values)} values for {len(keys)} keys")
    return values


def failed(source: object, keys: int, how: str, *, exc_info: bool = False) -> list[GatewayError]:
    """A fault of the source: an InternalError for each key, and one line in the log."""
    log.error("source_failed", source=type(source).__name__, how=how, exc_info=exc_info)
    return [InternalError()] * keys
