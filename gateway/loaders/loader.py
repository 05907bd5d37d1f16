"""A loader collects the keys one request asks for in the same moment and asks its source once for all of them."""

import asyncio
from asyncio import Future, Task
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from typing import Any, Generic, TypeVar

from aiodataloader import DataLoader, dispatch_queue
from aiodataloader import Loader as Question

from gateway.domain.freshness import FRESHNESS
from gateway.domain.key import Source, freshness_of
from gateway.errors import GatewayError
from gateway.store.guarded import failed, guarded

K = TypeVar("K")
V = TypeVar("V")


class Loader(Generic[K, V]):
    """Each key is asked once in a request; errors are values, each for its own key only.

    What the source knows without asking is had without waiting. A source that gathers the keys of all requests by
    itself is asked at once; of any other, the keys of one turn become one batch. Making a loader costs nothing until
    it has to ask.
    """

    __slots__ = ("_ask", "_fresh_until", "_known", "_questions", "_source", "_values")

    def __init__(self, source: Source[K, V]) -> None:
        self._source = source
        self._known: Callable[[Sequence[K]], dict[K, V | None]] | None = getattr(source, "known", None)
        self._ask: Callable[[Sequence[K], dict[K, Any], Future[None]], None] | None = getattr(source, "ask", None)
        self._fresh_until = freshness_of(source)
        self._values: dict[K, V | GatewayError | None] = {}
        self._questions: _Questions[K, V] | None = None

    async def load(self, key: K) -> V | GatewayError | None:
        """The value of one key."""
        return (await self.load_many((key,)))[0]

    def load_many(self, keys: Iterable[K]) -> Awaitable[list[V | GatewayError | None]]:
        """Values in the order of `keys`. They are asked for by the call; awaiting waits for them, if that is needed."""
        keys = tuple(keys)
        values = self._values
        if values:
            try:
                return _Had([values[key] for key in keys])
            except KeyError:
                unknown = [key for key in keys if key not in values]
        else:
            unknown = list(keys)
        if self._known is not None:
            values.update(self._known(unknown))
            try:
                had = _Had([values[key] for key in keys])
            except KeyError:
                unknown = [key for key in unknown if key not in values]
            else:
                if unknown:
                    self._tell_freshness(unknown)
                return had
        if not unknown:  # no keys at all
            return _Had([])
        asked = tuple(dict.fromkeys(unknown))
        if self._ask is not None:
            done: Future[None] = asyncio.get_running_loop().create_future()
            self._ask(asked, values, done)
            return _Awaited(values, keys, done, self._tell_freshness)
        if self._questions is None:
            self._questions = _Questions(self._source, values)
        return _Awaited(values, keys, self._questions.load(asked), self._tell_freshness)

    def prime(self, key: K, value: V) -> None:
        """Answers for a key whose value came along with something else; what is known already stays."""
        self._values.setdefault(key, value)

    def _tell_freshness(self, keys: Iterable[K]) -> None:
        """Once they are read: where the answer may be kept, until when they are news."""
        freshness = FRESHNESS.get()
        if freshness is not None:
            values = self._values
            freshness.note(self._fresh_until({key: values[key] for key in keys}))


class _Had(Generic[V]):
    """Values that are there: awaiting them takes no turn of the loop."""

    __slots__ = ("_values",)

    def __init__(self, values: list[V]) -> None:
        self._values = values

    def __await__(self) -> Generator[Any, Any, list[V]]:
        return self._values
        yield


class _Awaited(Generic[K, V]):
    """Values that are asked for; each caller waits on a future of its own, so leaving takes nothing from the others."""

    __slots__ = ("_done", "_keys", "_tell_freshness", "_values")

    def __init__(
        self,
        values: dict[K, V | GatewayError | None],
        keys: Sequence[K],
        done: Future[None],
        tell_freshness: Callable[[Iterable[K]], None],
    ) -> None:
        self._values = values
        self._keys = keys
        self._done = done
        self._tell_freshness = tell_freshness

    def __await__(self) -> Generator[Any, Any, list[V | GatewayError | None]]:
        yield from self._done.__await__()
        self._tell_freshness(self._keys)
        return [self._values[key] for key in self._keys]


class _Questions(DataLoader[tuple[K, ...], None], Generic[K, V]):
    """aiodataloader, asked for sets of keys: one future for all that a caller misses, instead of one for each.

    Answers go into `values` the moment they come. The sets of one turn become one batch, after that turn: its own
    dispatch would take two more, and a task for each. When the last one who waits has left, what is asked is given up.
    """

    cache = False

    def __init__(self, source: Source[K, V], values: dict[K, V | GatewayError | None]) -> None:
        super().__init__()
        self._source = source
        self._values = values
        self._under_way: dict[K, Future[None]] = {}
        self._waiting: set[Future[None]] = set()
        self._asking: set[Task[Any]] = set()

    def do_resolve_reject(self, key: tuple[K, ...], future: Future[None]) -> None:
        """aiodataloader's place for what becomes of a new question."""
        self._waiting.add(future)
        future.add_done_callback(self._waits_no_more)
        self._queue.append(Question(key=key, future=future))
        if len(self._queue) == 1:
            self.loop.call_soon(dispatch_queue, self)

    async def batch_load_fn(self, sets: list[tuple[K, ...]]) -> list[None]:
        """aiodataloader's place for what is asked. A method given to its constructor would keep this alive for ever."""
        keys = sets[0] if len(sets) == 1 else tuple(dict.fromkeys(key for each in sets for key in each))
        under_way = {self._under_way[key] for key in keys if key in self._under_way}
        new = [key for key in keys if key not in self._under_way and key not in self._values]
        if new and self._waiting:
            await self._load_new(new)
        for earlier in under_way:
            await earlier
        return [None] * len(sets)

    def _waits_no_more(self, future: Future[None]) -> None:
        self._waiting.discard(future)
        if future.cancelled() and not self._waiting:
            for task in self._asking:
                task.cancel()

    async def _load_new(self, keys: list[K]) -> None:
        """Asks the source for keys that nobody asked it yet; whoever asks for them meanwhile waits along."""
        coming: Future[None] = self.loop.create_future()
        self._under_way.update(dict.fromkeys(keys, coming))
        task = asyncio.current_task()
        if task is not None:
            self._asking.add(task)
        try:
            self._values.update(zip(keys, await guarded(self._source, keys), strict=True))
        except asyncio.CancelledError:
            if not self._waiting:
                raise
            # aiodataloader would leave every waiter hanging
            self._values.update(zip(keys, failed(self._source, len(keys), "was cancelled"), strict=True))
        finally:
            if task is not None:
                self._asking.discard(task)
            for key in keys:
                del self._under_way[key]
            coming.set_result(None)
