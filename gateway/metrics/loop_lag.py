"""How late the event loop comes to what is due: whatever keeps it busy keeps every request waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.counting import Histogram

PERIOD_SECONDS = 0.25


class LoopLag(Histogram):
    """Measured four times a second, as long as somebody watches."""

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """While inside."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PERIOD_SECONDS
            await asyncio.sleep(PERIOD_SECONDS)
            self.add(max(loop.time() - due, 0.0))
