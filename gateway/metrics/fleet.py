"""The workers of one gateway: whichever is scraped asks its siblings for their numbers."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import structlog

from gateway.errors import ConfigurationError
from gateway.metrics.series import Sample

log = structlog.get_logger()

DEADLINE_SECONDS = 1.0
"""A worker that has not told its numbers by then is left out."""
PATH_MAX_BYTES = 100
"""A little less than what the system takes for the address of a Unix socket."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Sample]).decode

Read = Callable[[], Sequence[Sample]]
"""A worker's own numbers, now."""


class Fleet(msgspec.Struct, frozen=True):
    """Which of how many workers this one is; in `folder` each has a socket, where there is more than one."""

    number: int = 0
    size: int = 1
    folder: Path | None = None

    @asynccontextmanager
    async def joined(self, read: Read) -> AsyncIterator[None]:
        """While inside, siblings may ask for what `read` gives."""
        if self.folder is None:
            yield
            return
        path = self._socket(self.number)
        path.unlink(missing_ok=True)  # a predecessor that was killed left its own

        async def told(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(_encode(read()))
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await writer.drain()
            except (OSError, TimeoutError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_unix_server(told, path)
        try:
            yield
        finally:
            server.close()
            path.unlink(missing_ok=True)

    async def all(self, read: Read) -> dict[str, Sequence[Sample] | None]:
        """The numbers of every worker, None of one that did not tell them in time."""
        numbers = range(self.size)
        told = await asyncio.gather(*(self._asked(number, read) for number in numbers))
        return {str(number): samples for number, samples in zip(numbers, told, strict=True)}

    async def _asked(self, number: int, read: Read) -> Sequence[Sample] | None:
        if number == self.number:
            return read()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._socket(number))
                try:
                    return _decode(await reader.read())
                finally:
                    writer.close()
        except (OSError, TimeoutError, msgspec.DecodeError) as error:
            log.warning("worker_silent", worker=number, error=type(error).__name__)
            return None

    def _socket(self, number: int) -> Path:
        if self.folder is None:
            raise RuntimeError("a worker that is alone has no siblings")
        return self.folder / f"{number}.sock"


@contextmanager
def fleet_of(size: int) -> Iterator[Callable[[int], Fleet]]:
    """Makes each worker's place in a fleet of that size; their sockets are in a folder that nobody else may enter."""
    with tempfile.TemporaryDirectory(prefix="telco-gateway-") as name:
        if len(os.fsencode(name)) > PATH_MAX_BYTES - len(f"/{size}.sock"):
            raise ConfigurationError("metrics.port: the name of the temporary folder is too long; set TMPDIR to /tmp.")
        yield lambda number: Fleet(number, size, Path(name))
