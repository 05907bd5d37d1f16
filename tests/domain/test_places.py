"""So many at once, so many that wait, and the rest are told at once."""

import asyncio

import pytest

from gateway.domain.places import Places


async def turns(count: int = 3) -> None:
    """Lets everything that can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_free_place_is_had_without_waiting() -> None:
    """No turn of the loop is taken."""
    places = Places(2, queue_max=0)
    assert [places.try_enter(), places.try_enter(), places.try_enter()] == [True, True, False]
    places.leave()
    assert (places.try_enter(), places.running) == (True, 2)


async def test_who_came_first_goes_first() -> None:
    """A place that becomes free is handed on, and never more are taken than there are."""
    places, entered = Places(1, queue_max=10), []

    async def enter(name: int) -> None:
        assert await places.enter(5)
        entered.append(name)

    assert places.try_enter()
    tasks = [asyncio.create_task(enter(name)) for name in range(3)]
    await turns()
    assert (entered, places.waiting) == ([], 3)
    for count in (1, 2, 3):
        places.leave()
        await turns()
        assert (entered, places.running) == (list(range(count)), 1)
    places.leave()
    assert places.running == 0
    await asyncio.gather(*tasks)


async def test_a_full_queue_refuses_at_once() -> None:
    """Whoever would be one too many learns it without waiting."""
    places = Places(1, queue_max=1)
    assert places.try_enter()
    waiting = asyncio.create_task(places.enter(60))
    await turns()
    async with asyncio.timeout(1):
        assert not await places.enter(60)
    places.leave()
    assert await waiting


async def test_who_would_wait_too_long_is_refused_at_once() -> None:
    """By how long calls take on the average: ten seconds, of which there is one."""
    places = Places(1, queue_max=10)
    for _ in range(100):
        assert places.try_enter()
        places.leave(10.0)
    assert places.try_enter()
    assert places.expected_seconds == pytest.approx(10, rel=0.01)
    async with asyncio.timeout(0.5):
        assert not await places.enter(1.0)


async def test_who_waits_in_vain_or_leaves_takes_no_place() -> None:
    """The next one in the queue gets it."""
    places = Places(1, queue_max=10)
    assert places.try_enter()
    late, gone, last = (asyncio.create_task(places.enter(seconds)) for seconds in (0.01, 60, 60))
    await turns()
    gone.cancel()
    assert not await late
    await asyncio.wait([gone])
    assert (gone.cancelled(), places.waiting) == (True, 1)
    places.leave()
    assert await last
    places.leave()
    assert (places.running, places.waiting) == (0, 0)


async def test_a_place_that_comes_in_the_moment_its_waiter_leaves_goes_on() -> None:
    """It would be lost for ever."""
    places = Places(1, queue_max=10)
    assert places.try_enter()
    first, second = (asyncio.create_task(places.enter(60)) for _ in range(2))
    await turns()
    places.leave()
    first.cancel()
    assert await second
    places.leave()
    assert places.running == 0
