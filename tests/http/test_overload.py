"""More requests than there is room for, and mutations whose clients leave."""

import asyncio
import json

import structlog

from gateway.config import LimitSettings
from tests.http.shop import Reply, Shop, open_shop
from tests.store.conftest import until

ONE = LimitSettings(request_timeout_seconds=20, requests_at_once=1, turn_seconds=0.3)


async def test_who_waits_for_a_turn_too_long_is_refused() -> None:
    """503 with Retry-After, and nothing of it was begun; the one who has the turn is answered."""
    async with open_shop(ONE) as shop:
        first = await shop.begin("{ slow }", "r1")
        async with shop.client.post(f"{shop.url}/graphql", json={"query": "{ slow two: slow }"}) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
            (error,) = (await response.json(content_type=None))["errors"]
        assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("GATEWAY_OVERLOADED", True)
        shop.work.gate.set()
        assert (await first).body == {"data": {"slow": "run 1"}}
        assert shop.work.running == 1


async def test_a_turn_that_comes_in_time_is_taken() -> None:
    """In the order of asking."""
    limits = LimitSettings(request_timeout_seconds=20, requests_at_once=1, turn_seconds=10)
    async with open_shop(limits) as shop:
        tasks = [await shop.begin(f"{{ slow n{number}: slow }}", f"r{number}") for number in range(4)]
        await until(lambda: shop.work.running == 2, 5)  # both fields of the first
        shop.work.gate.set()
        replies = await asyncio.gather(*tasks)
    assert [reply.status for reply in replies] == [200] * 4
    assert [len(reply.body["data"]) for reply in replies] == [2] * 4
    assert shop.work.running == 8


async def test_the_same_question_needs_no_turn_of_its_own() -> None:
    """Whoever joins an answer that is being made does no work."""
    async with open_shop(ONE) as shop:
        first, second = await shop.begin("{ slow }", "r1"), await shop.begin("{ slow }", "r2")
        await asyncio.sleep(2 * ONE.turn_seconds)
        shop.work.gate.set()
        assert [(await first).status, (await second).status] == [200, 200]
        assert shop.work.running == 1


async def test_those_who_joined_are_refused_together() -> None:
    """They do not try one after the other, each for a turn of its own."""
    async with open_shop(ONE) as shop:
        first = await shop.begin("{ slow }", "r1")
        began = asyncio.get_running_loop().time()
        tasks = [await shop.begin("{ slow two: slow }", f"r{number}") for number in range(2, 8)]
        replies = await asyncio.gather(*tasks)
        assert [reply.status for reply in replies] == [503] * 6
        assert asyncio.get_running_loop().time() - began < 3 * ONE.turn_seconds
        shop.work.gate.set()
        assert (await first).status == 200


async def test_who_leaves_gives_his_turn_back() -> None:
    """To the next one."""
    async with open_shop(LimitSettings(request_timeout_seconds=20, requests_at_once=1, turn_seconds=10)) as shop:
        leaving, staying = await shop.begin("{ slow }", "r1"), await shop.begin("{ slow two: slow }", "r2")
        leaving.cancel()
        await until(lambda: shop.work.cancelled_count == 1, 5)
        shop.work.gate.set()
        assert (await staying).status == 200


async def test_what_the_end_of_the_process_cuts_short_is_told() -> None:
    """503 as any error of the graph, to be tried again; not a page of the server."""
    async with open_shop() as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(shop.url.rpartition(":")[2]))
        body = b'{"query": "{ slow }"}'
        head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        writer.write((head % len(body)).encode() + body)
        await until(lambda: shop.work.running == 1, 5)
    told = (await reader.read()).decode()
    writer.close()
    assert told.startswith("HTTP/1.1 503 ")
    assert "retry-after: 1\r\n" in told
    (error,) = json.loads(told.partition("\r\n\r\n")[2])["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("GATEWAY_STOPPING", True)


async def change(shop: Shop, request_id: str) -> asyncio.Task[Reply]:
    """A mutation that has begun."""
    before = shop.work.running
    task = asyncio.create_task(shop.ask("mutation { change }", request_id))
    await until(lambda: shop.work.running > before, 5)
    return task


async def test_a_mutation_goes_on_when_its_client_leaves() -> None:
    """It runs to its end, and whoever closes what it uses waits for that."""
    async with open_shop() as shop:
        with structlog.testing.capture_logs() as logs:
            task = await change(shop, "r1")
            task.cancel()
            await until(lambda: any(line["event"] == "request" and line["status"] == 499 for line in logs), 5)
        assert (shop.work.cancelled_count, len(shop.mutations)) == (0, 1)
        ending = asyncio.create_task(shop.mutations.ended(10))
        await asyncio.sleep(0.05)
        assert not ending.done()
        shop.work.gate.set()
        await ending
        assert (shop.work.cancelled_count, len(shop.mutations)) == (0, 0)


async def test_a_mutation_has_a_time_of_its_own() -> None:
    """Longer than a query's; when that is over too, the client is told, and the mutation goes on."""
    limits = LimitSettings(request_timeout_seconds=0.2, mutation_timeout_seconds=1.0)
    async with open_shop(limits) as shop:
        began = asyncio.get_running_loop().time()
        query, mutation = await asyncio.gather(shop.ask("{ slow }", "r1"), shop.ask("mutation { change }", "r2"))
        assert (query.status, mutation.status) == (504, 504)
        assert "0.2 s" in query.body["errors"][0]["message"]
        assert "1 s" in mutation.body["errors"][0]["message"]
        assert asyncio.get_running_loop().time() - began >= 1.0
        assert (shop.work.cancelled_count, len(shop.mutations)) == (1, 1)
        shop.work.gate.set()
        await shop.mutations.ended(10)
        assert shop.work.cancelled_count == 1


async def test_what_never_ends_is_cut_short_and_told() -> None:
    """The process cannot wait for ever."""
    async with open_shop() as shop:
        task = await change(shop, "r1")
        task.cancel()
        await asyncio.wait([task])
        with structlog.testing.capture_logs() as logs:
            await shop.mutations.ended(0.05)
        assert [line["count"] for line in logs if line["event"] == "detached_work_cut_short"] == [1]
        assert shop.work.cancelled_count == 1
