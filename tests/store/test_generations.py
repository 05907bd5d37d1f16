"""Reads follow writes: on this replica at once, on the others within a second, and after an outage."""

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from gateway.domain.key import Key
from gateway.store.consistency import Seen, format_token, parse_token
from tests.store.conftest import DOWN, Clock, StartReplica, until


async def test_a_write_is_seen_at_once_where_it_happened_and_soon_elsewhere(start: StartReplica) -> None:
    """By the company that was written to only, in both processes and in Redis."""
    async with start() as first, start() as second:
        for replica in (first, second):
            await replica.get("1")
            await replica.get("1", company="b")
            replica.sims.version = 2
        number = await first.store.generations.raise_generation("a")
        assert number is not None
        assert await first.get("1") == ["2"]
        await until(lambda: not second.source.known([Key("a", "1")]))
        assert await second.get("1") == ["2"]
        assert await second.get("1", company="b") == ["1"]
        assert (first.sims.asked, second.sims.asked) == (["1", "1", "1"], [])  # the second one reads Redis


async def test_a_fill_that_a_write_overtook_is_not_kept(start: StartReplica) -> None:
    """Its waiter gets what it asked for; the next one asks again."""
    async with start() as replica:
        replica.sims.gate = asyncio.Event()
        reading = asyncio.create_task(replica.get("1"))
        await until(lambda: replica.sims.batches)
        await replica.store.generations.raise_generation("a")
        replica.sims.version = 2
        replica.sims.gate.set()
        assert await reading == ["1"]
        assert await replica.get("1") == ["2"]
        assert replica.store.summary()["fills_dropped"] == 1


async def test_what_was_read_before_a_write_hides_no_error(start: StartReplica) -> None:
    """A SIM that was just suspended is never shown as active because its backend fails."""
    async with start() as first, start() as second:
        await first.get("1")
        await second.get("1")
        await first.store.generations.raise_generation("a")
        await until(lambda: not second.source.known([Key("a", "1")]))
        first.sims.down = second.sims.down = True
        assert await first.get("1") == [DOWN]
        assert await second.get("1") == [DOWN]


async def test_what_a_read_learns_to_be_outdated_hides_no_error(start: StartReplica, redis: Redis) -> None:
    """The number that comes with the entry says that what is here is from before a write."""
    async with start() as replica:
        generations = replica.store.generations
        await replica.get("1")
        await redis.set(generations.name("a"), 7)  # a write whose message is still on its way
        replica.sims.down = True
        replica.store.process.expire()
        assert await replica.get("1") == [DOWN]


async def test_what_a_write_overtakes_while_redis_is_asked_hides_no_error(
    start: StartReplica, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was good when the read began, and is not any more when its answer is there."""
    async with start() as replica:
        await replica.get("1")
        clock.forward(400)
        replica.sims.down = True
        get_many = replica.store.cache.get_many

        async def overtaken(names: Sequence[str]) -> Sequence[bytes | None] | None:
            found = await get_many(names)
            await replica.store.generations.raise_generation("a")
            return found

        monkeypatch.setattr(replica.store.cache, "get_many", overtaken)
        assert await replica.get("1") == [DOWN]


async def test_what_was_read_while_changes_were_missed_is_not_kept(
    start: StartReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its waiter has it; a change that came after Redis answered may never be heard here."""
    async with start() as first, start() as second:
        await first.get("1")
        get_many = second.store.cache.get_many

        async def overtaken(names: Sequence[str]) -> Sequence[bytes | None] | None:
            found = await get_many(names)
            await second.store.generations._catch_up()
            return found

        with monkeypatch.context() as patch:
            patch.setattr(second.store.cache, "get_many", overtaken)
            assert await second.get("1") == ["1"]
        assert second.source.known([Key("a", "1")]) == {}
        assert await second.get("1") == ["1"]
        assert second.source.known([Key("a", "1")])
        assert second.sims.asked == []


async def test_numbers_go_up_even_if_redis_loses_them(start: StartReplica, redis: Redis, clock: Clock) -> None:
    """A number that was given once is not given again, so an entry that was kept is not taken for news."""
    async with start() as replica:
        first = await replica.store.generations.raise_generation("a")
        await redis.flushall()
        clock.forward(1)
        second = await replica.store.generations.raise_generation("a")
        assert first is not None
        assert second is not None
        assert second > first


async def test_a_client_that_knows_more_makes_redis_be_asked(start: StartReplica, redis: Redis) -> None:
    """Its word alone changes nothing, and what is known already costs nothing."""
    async with start() as replica:
        await replica.get("1")
        generations = replica.store.generations
        await generations.catch_up("a", 10**17)  # Redis knows of no write
        assert replica.source.known([Key("a", "1")])
        await redis.set(generations.name("a"), 7)  # a write whose message is still on its way
        await generations.catch_up("a", 7)
        assert not replica.source.known([Key("a", "1")])
        await replica.get("1")
        asked = (await redis.info("commandstats"))["cmdstat_get"]["calls"]
        await generations.catch_up("a", 7)
        assert (await redis.info("commandstats"))["cmdstat_get"]["calls"] == asked


async def test_the_first_number_that_is_learned_for_a_client_outdates(start: StartReplica, redis: Redis) -> None:
    """What was read while Redis was away may be from before the write that the client has seen; asked once only."""
    async with start() as replica:
        generations = replica.store.generations
        before = generations.stamp("a")
        await redis.set(generations.name("a"), 900)
        await generations.catch_up("a", 900)
        assert not generations.holds(before)
        now = generations.stamp("a")
        assert now.number == 900
        await generations.catch_up("a", 900)
        assert generations.holds(now)


async def test_a_warm_request_asks_redis_nothing(start: StartReplica, redis: Redis) -> None:
    """Not for the entry, not for the generation."""
    async with start() as replica:
        await replica.get("1", "2")
        before = await commands(redis)
        for _ in range(10):
            assert await replica.get("1", "2") == ["1", "1"]
        assert await commands(redis) == before


async def commands(redis: Redis) -> dict[str, int]:
    """What was asked of the server: calls by command, but for those that tests and heartbeats make."""
    stats = await redis.info("commandstats")
    return {name: stat["calls"] for name, stat in stats.items() if name not in ("cmdstat_info", "cmdstat_ping")}


async def test_tokens_of_consistency_are_read_as_they_were_written() -> None:
    """Any company id; nothing else is a token."""
    for seen in (Seen("org-0001", 17), Seen("a=b,c; d/è", 0)):
        assert parse_token(format_token(seen)) == seen
    assert format_token(Seen("org-0001", 17)) == "org-0001=17"
    for text in (
        "",
        "org",
        "=1",
        "org=",
        "org=-1",
        "org=٣",
        "org=1.5",
        "a b=1",
        "%ff=1",
        "%61=1",
        "a=01",
        "a=" + "9" * 19,
    ):
        assert parse_token(text) is None


async def test_who_says_it_again_makes_nothing_old_again(start: StartReplica) -> None:
    """A client repeats what it has seen of a company of which nothing is kept: only the first time is news."""
    async with start() as replica:
        generations = replica.store.generations
        await generations.catch_up("nobody", 1)
        stamp = generations.stamp(None)
        for _ in range(3):
            await generations.catch_up("nobody", 1)
        assert generations.holds(stamp)
