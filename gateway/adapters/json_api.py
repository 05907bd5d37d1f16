"""What a backend that speaks no TM Forum APIs is asked through: JSON of any shape, by the gateway's own HTTP client."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec
import structlog

from gateway.adapters._api import ID_MAX_LENGTH, UNASKABLE, decoder, rows_decoder
from gateway.adapters._call import Call
from gateway.adapters._client import BackendClient
from gateway.adapters._parallel import in_parallel
from gateway.config import NO_API
from gateway.domain.key import Key
from gateway.domain.time import Clock
from gateway.errors import BackendFilterIgnored, GatewayError, ListTooLong

log = structlog.get_logger()

K = TypeVar("K", bound=Key | str)
T = TypeVar("T")
V = TypeVar("V")


class JsonApi:
    """One backend's own API, handed to the class that `backends.<backend>.implementation` names.

    Each call has the backend's credentials, deadline and TLS, and one line in the log, where ids do not appear. What
    goes wrong is a BackendError: unreachable, late, refused, or an answer that is not of the shape that was asked for.
    """

    def __init__(self, client: BackendClient) -> None:
        self._client = client

    @property
    def backend(self) -> str:
        """Which of the three it is, as errors say it."""
        return self._client.name

    @property
    def clock(self) -> Clock:
        """Gives the time, aware; not always the machine's."""
        return self._client.clock

    async def row(self, path: str, shape: type[T], id: str, *, echoed: Callable[[T], str]) -> T | None:
        """The record at `path`, in which `{id}` stands for an id; None on 404, and where the record says another id."""
        if id in UNASKABLE or len(id) > ID_MAX_LENGTH:
            return None
        call = Call(path=path, target=path.format(id=quote(id, safe="")), none_on_404=True)
        found = (await self._client.call(NO_API, call, decoder(shape))).value
        if found is not None and echoed(found) != id:
            log.warning("backend_rows_dropped", backend=self.backend, path=path, rows=1)
            return None
        return found

    async def rows(
        self,
        path: str,
        shape: type[T],
        owner: str,
        *,
        parameter: str,
        echoed: Callable[[T], str],
        query: Mapping[str, str] | None = None,
    ) -> list[T]:
        """The whole list of an owner, asked for by `parameter` and the rest of `query`; 404 is an empty one.

        BackendFilterIgnored where a row says another owner: then the filter has no effect. ListTooLong beyond
        `limits.list_max_rows`.
        """
        if not owner:
            return []
        asked = {parameter: owner, **(query or {})}
        pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in asked.items())
        call = Call(path=path, target=f"{path}?{pairs}", none_on_404=True)
        rows = (await self._client.call(NO_API, call, rows_decoder(shape))).value or []
        if any(echoed(row) != owner for row in rows):
            message = f"The {self.backend} backend answered with rows of others, so it ignores '{parameter}' on {path}."
            raise BackendFilterIgnored(self.backend, message)
        if len(rows) > self._client.list_max_rows:
            message = (
                f"The {self.backend} backend has more than {self._client.list_max_rows} rows for this list; "
                "raise limits.list_max_rows to read it."
            )
            raise ListTooLong(self.backend, message)
        return rows

    async def post(self, path: str, body: msgspec.Struct, answer: type[T], *, is_safe: bool = False) -> T | None:
        """What the backend answers to a POST; None on 404.

        It is sent once, unless it is said to be safe: one that only asks may be sent again, or twice, as a GET is.
        """
        sent = msgspec.json.encode(body)
        call = Call(method="POST", path=path, target=path, body=sent, none_on_404=True, is_safe=is_safe)
        return (await self._client.call(NO_API, call, decoder(answer))).value


class OneByOne(Generic[K, V]):
    """A source that asks for each key by itself, eight at a time; a GatewayError that `read` raises is that key's."""

    def __init__(self, read: Callable[[K], Awaitable[V | None]]) -> None:
        self._read = read

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """Values in the order of `keys`."""
        return await in_parallel(keys, self._read) if keys else []
