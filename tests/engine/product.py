"""The graph of the product on backends in memory that fail, know nothing and dawdle as a pattern says."""

import asyncio
from collections.abc import Sequence
from typing import Any

from gateway.context import Context
from gateway.domain.global_id import COMPANY, encode
from gateway.domain.key import Key
from gateway.errors import BackendTimeout, GatewayError
from gateway.resolvers.node import ID_TYPES
from tests.engine.pattern import Pattern
from tests.resolvers.memory import PARENTS, VIEWERS, MemoryBackend, MemorySource, context_on

GLOBAL_IDS = (
    *(encode(COMPANY, record.id) for record in PARENTS[COMPANY]),
    *(
        encode(ID_TYPES[type(record)], record.company_id, record.id)
        for name in ("MobileLine", "FixedLine", "Sim", "Invoice", "GssPackage", "Ticket")
        for record in PARENTS[name]
    ),
    "no-id",
)


class PatternSource(MemorySource[Any, Any]):
    """A source whose answers go the way of the pattern, key by key."""

    def __init__(self, name: str, source: MemorySource[Any, Any], pattern: Pattern) -> None:
        super().__init__(source._values)
        self._name = name
        self._pattern = pattern

    async def get_many(self, keys: Sequence[Any]) -> Sequence[Any]:
        """Slow as the slowest of its keys."""
        values = await super().get_many(keys)
        fates = [self._pattern.fate(f"{self._name} {key.id if isinstance(key, Key) else key}") for key in keys]
        for _ in range(max(fate.turns for fate in fates)):
            await asyncio.sleep(0)
        return [
            value if fate.kind == "normal" else None if fate.kind == "null" else self._error(key)
            for key, value, fate in zip(keys, values, fates, strict=True)
        ]

    def _error(self, key: Any) -> GatewayError:
        return BackendTimeout("billing", f"{self._name} of {key}")


def context_of(pattern: Pattern) -> Context:
    """A request's context on such backends; every other pattern's viewer sees less."""
    backend = MemoryBackend()
    for name, source in vars(backend).items():
        setattr(backend, name, PatternSource(name, source, pattern))
    return context_on(backend, VIEWERS[pattern.seed % 2])
