"""Loaders: one question for a level's keys, and nobody's trouble is another's."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from gateway.config import RedisSettings
from gateway.domain.freshness import FRESHNESS, Freshness
from gateway.errors import BackendTimeout, GatewayError, InternalError
from gateway.loaders import Loaders
from gateway.loaders.loader import Loader
from gateway.store.changes import Changes
from gateway.store.generations import Generations
from gateway.store.redis_server import RedisServer
from gateway.store.shared import Shared
from tests.resolvers.memory import MemoryBackend

Answer = str | GatewayError | None

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Unready(Exception):
    """A coroutine had to wait."""


def at_once(waiting: Awaitable[Any]) -> Any:
    """What is awaited, if that takes no turn of the loop."""

    async def wait() -> Any:
        return await waiting

    coroutine = wait()
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise Unready


class Recorded:
    """A source that keeps what it was asked, and answers as told."""

    def __init__(self, answer: Callable[[str], Answer] = str.upper, seconds: float = 0) -> None:
        self.asked: list[list[str]] = []
        self._answer = answer
        self._seconds = seconds

    async def get_many(self, keys: Sequence[str]) -> Sequence[Answer]:
        """One answer for each key."""
        self.asked.append(list(keys))
        await asyncio.sleep(self._seconds)
        return [self._answer(key) for key in keys]


async def test_keys_of_one_moment_make_one_batch() -> None:
    """Two callers, three keys, one question; a key asked again later is not asked at all."""
    source = Recorded()
    loader = Loader[str, str](source)
    first, second = await asyncio.gather(loader.load_many(["a", "b"]), loader.load_many(["b", "c"]))
    assert (first, second) == (["A", "B"], ["B", "C"])
    assert await loader.load("a") == "A"
    assert source.asked == [["a", "b", "c"]]


async def test_an_error_is_the_value_of_its_own_key() -> None:
    """The neighbours of a failed key have their values."""
    failure = BackendTimeout("crm", "late")
    loader = Loader[str, str](Recorded(lambda key: failure if key == "b" else key))
    assert await loader.load_many(["a", "b", "c"]) == ["a", failure, "c"]


async def test_a_source_that_raises_fails_every_key_of_the_batch() -> None:
    """A raised GatewayError is each key's value; anything else is ours, and says nothing of Python."""
    failure = BackendTimeout("crm", "late")

    def raise_it(key: str) -> Answer:
        raise failure if key == "a" else ZeroDivisionError(key)

    loader = Loader[str, str](Recorded(raise_it))
    assert await loader.load_many(["a"]) == [failure]
    (other,) = await loader.load_many(["b"])
    assert isinstance(other, InternalError)


async def test_a_source_that_miscounts_fails_every_key() -> None:
    """Values for other keys than those asked for are nobody's."""

    class Short(Recorded):
        async def get_many(self, keys: Sequence[str]) -> Sequence[Answer]:
            return ["A"]

    values = await Loader[str, str](Short()).load_many(["a", "b"])
    assert [type(value) for value in values] == [InternalError, InternalError]


async def test_what_came_along_is_not_asked_for() -> None:
    """A primed key answers by itself; what is known already stays."""
    source = Recorded()
    loader = Loader[str, str](source)
    loader.prime("a", "primed")
    assert await loader.load_many(["a", "b"]) == ["primed", "B"]
    loader.prime("b", "late")
    assert await loader.load("b") == "B"
    assert source.asked == [["b"]]


async def test_a_waiter_that_leaves_takes_nothing_along() -> None:
    """Cancelling one caller leaves the shared answer for the others, then and later."""
    source = Recorded(seconds=0.02)
    loader = Loader[str, str](source)
    leaving = asyncio.create_task(loader.load("a"))
    staying = asyncio.create_task(loader.load("a"))
    await asyncio.sleep(0.005)
    leaving.cancel()
    assert await staying == "A"
    assert leaving.cancelled()
    assert await loader.load("a") == "A"
    assert source.asked == [["a"]]


async def test_when_all_have_left_the_source_is_given_up() -> None:
    """Whoever asks the same afterwards asks anew."""

    class Held(Recorded):
        cancelled = 0

        async def get_many(self, keys: Sequence[str]) -> Sequence[Answer]:
            try:
                return await super().get_many(keys)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise

    source = Held(seconds=0.2)
    loader = Loader[str, str](source)
    one, other = (asyncio.ensure_future(_load(loader, keys)) for keys in ("ab", "bc"))
    await asyncio.sleep(0.05)
    one.cancel()
    await asyncio.sleep(0.05)
    assert source.cancelled == 0
    other.cancel()
    await asyncio.sleep(0.05)
    assert (source.asked, source.cancelled) == ([["a", "b", "c"]], 1)
    assert await loader.load("b") == "B"
    assert source.asked == [["a", "b", "c"], ["b"]]


async def _load(loader: Loader[str, str], keys: str) -> list[Any]:
    return await loader.load_many(keys)


async def test_a_source_that_is_cancelled_leaves_nobody_hanging() -> None:
    """Whatever cancels the batch itself, its callers get an answer."""

    def cancel(key: str) -> Answer:
        raise asyncio.CancelledError

    async with asyncio.timeout(1):
        (value,) = await Loader[str, str](Recorded(cancel)).load_many(["a"])
    assert isinstance(value, InternalError)


async def test_what_is_known_in_the_request_is_there_at_once() -> None:
    """Without a future, in any order, as often as one likes."""
    source = Recorded()
    loader = Loader[str, str](source)
    waiting = loader.load_many(["a", "b"])
    with pytest.raises(Unready):
        at_once(loader.load_many(["c"]))
    assert await waiting == ["A", "B"]
    assert at_once(loader.load_many(["b", "a", "b"])) == ["B", "A", "B"]
    assert at_once(loader.load_many([])) == []


async def test_keys_on_their_way_are_not_asked_for_again() -> None:
    """Who comes in a later turn waits for the same answer, and asks only for the rest."""
    source = Recorded(seconds=0.01)
    loader = Loader[str, str](source)
    first = asyncio.create_task(loader.load("a"))
    await asyncio.sleep(0.002)
    assert await loader.load_many(["a", "b"]) == ["A", "B"]
    assert await first == "A"
    assert source.asked == [["a"], ["b"]]


async def test_what_is_loaded_is_asked_for_by_the_call() -> None:
    """So two loaders can be asked at the same time: the first one's call is under way while the second is awaited."""
    source = Recorded()
    records = Loader[str, str](source).load_many(["a"])
    await asyncio.sleep(0.005)
    assert source.asked == [["a"]]
    assert await records == ["A"]


class Remembering(Recorded):
    """A source that knows some keys without being asked."""

    def known(self, keys: Sequence[str]) -> dict[str, str | None]:
        """All but `new`, and nothing is known of `none`."""
        return {key: None if key == "none" else f"known {key}" for key in keys if key != "new"}


async def test_what_the_source_knows_is_there_at_once() -> None:
    """It is asked for the rest only, and what it knew stays for the request."""
    source = Remembering()
    loader = Loader[str, str](source)
    assert at_once(loader.load_many(["a", "none"])) == ["known a", None]
    assert await loader.load_many(["a", "new", "b"]) == ["known a", "NEW", "known b"]
    assert source.asked == [["new"]]


async def test_a_source_that_gathers_by_itself_is_asked_at_once() -> None:
    """Two requests' loaders, one call; a loader waits no turn of its own before."""
    source = Recorded()
    server = RedisServer(RedisSettings(cache_url="redis://127.0.0.1:1/0"))
    shared = Shared(source, Generations(server, Changes(server), lambda: NOW), str)
    first, second = Loader[str, str](shared), Loader[str, str](shared)
    waiting = [first.load_many(["a", "b"]), first.load_many(["b", "c"]), second.load_many(["c", "d"])]
    await asyncio.sleep(0)
    assert source.asked == [["a", "b", "c", "d"]]
    assert [await each for each in waiting] == [["A", "B"], ["B", "C"], ["C", "D"]]
    assert at_once(first.load_many(["c", "a"])) == ["C", "A"]


async def test_values_are_there_before_whoever_waits_goes_on() -> None:
    """Between an answer and the waiter's next step nobody else of the request asks for the same again."""
    source = Recorded()
    server = RedisServer(RedisSettings(cache_url="redis://127.0.0.1:1/0"))
    for asked in (source, Shared(source, Generations(server, Changes(server), lambda: NOW), str)):
        source.asked.clear()
        loader = Loader[str, str](asked)

        async def until_known(loader: Loader[str, str] = loader) -> None:
            while not loader._values:  # noqa: ASYNC110  # the turn in which they come is what is meant
                await asyncio.sleep(0)
            assert at_once(loader.load("a")) == "A"

        await asyncio.gather(loader.load("a"), until_known())
        assert source.asked == [["a"]]


class Keeping(Remembering):
    """A source that knows until when what it was asked for is news; of `none` it was never asked."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = {"a": 30.0, "b": 20.0, "new": 10.0, "none": 0.0}
        self.ends_asked: list[list[str]] = []

    def fresh_until(self, values: Mapping[str, object]) -> float:
        """The earliest end of the keys."""
        self.ends_asked.append(list(values))
        return min(self.ends[key] for key in values)


@contextmanager
def wanted() -> Iterator[Freshness]:
    """Somebody who wants to know until when what is read meanwhile is news."""
    freshness = Freshness()
    token = FRESHNESS.set(freshness)
    try:
        yield freshness
    finally:
        FRESHNESS.reset(token)


def shared(source: Recorded) -> Shared[str, str]:
    """The source as requests share it."""
    server = RedisServer(RedisSettings(cache_url="redis://127.0.0.1:1/0"))
    return Shared(source, Generations(server, Changes(server), lambda: NOW), str)


@pytest.mark.parametrize("is_shared", [False, True])
async def test_a_loader_tells_until_when_what_it_read_is_news(is_shared: bool) -> None:
    """What is known at once, when it is had; what is asked for, once it is read; the earliest end counts."""
    source = Keeping()
    loader = Loader[str, str](shared(source) if is_shared else source)
    with wanted() as freshness:
        assert at_once(loader.load_many(["a"])) == ["known a"]
        assert freshness.until == 30
        assert at_once(loader.load_many(["b", "a"])) == ["known b", "known a"]
        assert freshness.until == 20
        waiting = loader.load_many(["new"])
        assert freshness.until == 20
        assert await waiting == ["NEW"]
        assert freshness.until == 10
        assert at_once(loader.load("none")) is None
        assert freshness.until == 0


@pytest.mark.parametrize("is_shared", [False, True])
async def test_what_is_asked_for_tells_of_what_was_known_beside_it(is_shared: bool) -> None:
    """One read of both: the end of the known one comes first here."""
    source = Keeping()
    source.ends = {"b": 5.0, "new": 10.0}
    loader = Loader[str, str](shared(source) if is_shared else source)
    with wanted() as freshness:
        assert await loader.load_many(["new", "b"]) == ["NEW", "known b"]
    assert freshness.until == 5


@pytest.mark.parametrize("is_shared", [False, True])
async def test_what_a_source_does_not_keep_is_no_news(is_shared: bool) -> None:
    """Whatever it says: no answer with it may be kept."""
    source = Recorded()
    loader = Loader[str, str](shared(source) if is_shared else source)
    with wanted() as freshness:
        waiting = loader.load("a")
        assert freshness.until == inf
        assert await waiting == "A"
    assert freshness.until == 0


async def test_tasks_of_a_request_tell_the_same_one() -> None:
    """Resolvers run in tasks of their own; of two requests each is told of what it read."""

    async def request(key: str) -> float:
        with wanted() as freshness:
            loader = Loader[str, str](Keeping())
            await asyncio.gather(loader.load("a"), asyncio.create_task(loader.load(key)))
        return freshness.until

    assert list(await asyncio.gather(request("new"), request("b"))) == [10, 20]


async def test_where_nobody_wants_to_know_no_source_is_asked() -> None:
    """Of mutations and audited reads, and where nothing is kept."""
    source = Keeping()
    assert await Loader[str, str](source).load_many(["a", "new"]) == ["known a", "NEW"]
    assert source.ends_asked == []


async def test_fresh_loaders_ask_the_backends_themselves() -> None:
    """Each set anew, whatever the request has seen."""
    kept, backend = MemoryBackend(), MemoryBackend()

    def new_fresh() -> Loaders:
        return Loaders(backend, backend, backend, backend.accounts)

    loaders = Loaders(kept, kept, kept, kept.accounts, new_fresh=new_fresh)
    await loaders.company.accounts_by_company_id.load("a")
    for _ in range(2):
        await loaders.fresh().company.accounts_by_company_id.load("a")
    assert (kept.accounts.batches, backend.accounts.batches) == ([["a"]], [["a"], ["a"]])
    await loaders.fresh().fresh().company.accounts_by_company_id.load("a")
    assert len(backend.accounts.batches) == 3
