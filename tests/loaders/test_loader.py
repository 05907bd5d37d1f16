"""Loaders: one question for a level's keys, and nobody's trouble is another's."""

import asyncio
from collections.abc import Callable, Sequence

from gateway.errors import BackendTimeout, GatewayError, InternalError
from gateway.loaders.loader import Loader

Answer = str | GatewayError | None


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


async def test_a_source_that_is_cancelled_leaves_nobody_hanging() -> None:
    """Whatever cancels the batch itself, its callers get an answer."""

    def cancel(key: str) -> Answer:
        raise asyncio.CancelledError

    async with asyncio.timeout(1):
        (value,) = await Loader[str, str](Recorded(cancel)).load_many(["a"])
    assert isinstance(value, InternalError)
