"""Identical questions of one viewer share one answer: while it is made, and as long as all of it is news."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from math import inf
from typing import Any

import pytest
import pytest_asyncio
import structlog
from msgspec.structs import replace

from gateway.domain.freshness import FRESHNESS
from gateway.domain.viewer import OWN_COMPANY, Role, Scope, Viewer
from gateway.http import answers as answers_module
from gateway.http.answers import JOINED_SECONDS, Answer, Question
from gateway.store.process_cache import ENTRY_BYTES
from tests.http.conftest import IDENTITY, NOW
from tests.http.shop import FRESH_SECONDS, OPERATOR, TEXT, VIEWER, Desk, Reply, Shop, open_shop, question
from tests.store.conftest import until


async def test_what_is_being_made_is_waited_for() -> None:
    """Made once, and it is the same answer for all; who comes after it has one of his own."""
    desk = Desk(keeps=False)
    desk.hold(1)
    asking = [await desk.begin() for _ in range(3)]
    desk.let_go(1)
    first, second, third = await asyncio.gather(*asking)
    assert first.data == b"1"
    assert first is second is third
    assert (await desk.ask()).data == b"2"


async def test_one_who_leaves_harms_nobody() -> None:
    """Neither whoever makes the answer nor another who waits for it."""
    desk = Desk(keeps=False)
    desk.hold(1)
    making, leaving, staying = [await desk.begin() for _ in range(3)]
    leaving.cancel()
    await asyncio.wait([leaving])
    assert not making.done()
    desk.let_go(1)
    assert await staying is await making
    assert leaving.cancelled()
    assert desk.made == 1


async def test_when_the_maker_leaves_it_goes_on_for_the_others() -> None:
    """Nothing that was made so far is lost to them."""
    desk = Desk(keeps=False)
    desk.hold(1)
    making, *waiting = [await desk.begin() for _ in range(3)]
    making.cancel()
    await asyncio.wait([making])
    desk.let_go(1)
    second, third = await asyncio.gather(*waiting)
    assert making.cancelled()
    assert second.data == b"1"
    assert second is third
    assert desk.made == 1


async def test_when_all_have_left_it_is_given_up() -> None:
    """And the next one makes it anew."""
    desk = Desk(keeps=False)
    desk.hold(1)
    asking = [await desk.begin() for _ in range(3)]
    for each in asking:
        each.cancel()
    await asyncio.wait(asking)
    await until(lambda: desk.given_up == 1)
    assert (await desk.ask()).data == b"2"


async def test_it_is_joined_for_a_while_only() -> None:
    """Who comes later would be given what was read long before."""
    desk = Desk(keeps=False)
    desk.hold(1, 2)
    early = await desk.begin()
    await asyncio.sleep(JOINED_SECONDS)
    late = await desk.begin()
    desk.let_go(1, 2)
    assert ((await early).data, (await late).data) == (b"1", b"2")


async def test_a_fault_is_the_maker_s_alone() -> None:
    """Who waits makes the answer; a fault that came without waiting leaves nothing to wait for either."""
    desk = Desk(keeps=False)
    desk.hold(1)
    desk.failing = {1, 3}
    making, waiting = await desk.begin(), await desk.begin()
    desk.let_go(1)
    with pytest.raises(ZeroDivisionError):
        await making
    assert (await waiting).data == b"2"
    with pytest.raises(ZeroDivisionError):
        await desk.ask()
    assert (await desk.ask()).data == b"4"


@pytest.mark.parametrize("is_told", [True, False])
async def test_nobody_waits_for_what_began_before_a_write(is_told: bool) -> None:
    """Nor for what began before changes may have been missed; what began after it is waited for, by later ones too."""
    desk = Desk(keeps=False)
    desk.hold(1, 2)
    before = await desk.begin()
    if is_told:
        desk.write()
    else:
        await desk.generations._catch_up()
    after, joined = await desk.begin(), await desk.begin()
    desk.let_go(1)
    assert (await before).data == b"1"
    late = await desk.begin()
    desk.let_go(2)
    assert (await after).data == b"2"
    assert await joined is await late is await after


async def test_without_sharing_nobody_waits_for_another() -> None:
    """Each makes its own."""
    desk = Desk(joins=False, keeps=False)
    desk.hold(1, 2)
    first, second = await desk.begin(), await desk.begin()
    desk.let_go(1, 2)
    assert ((await first).data, (await second).data) == (b"1", b"2")


@pytest.mark.parametrize("joins", [True, False])
async def test_an_answer_is_kept_when_its_question_comes_again(joins: bool) -> None:
    """The second one; what is asked once takes no place."""
    desk = Desk(joins=joins)
    assert await desk.numbers(1) == [b"1"]
    assert (len(desk.process), desk.process.bytes) == (0, 0)
    assert await desk.numbers(3) == [b"2"] * 3
    assert (len(desk.process), desk.process.bytes) == (1, ENTRY_BYTES + len(TEXT) + len("Name") + len(b"2"))
    assert await desk.ask() is await desk.ask()


async def test_what_had_to_wait_is_kept_as_well() -> None:
    """For those who did not wait for it."""
    desk = Desk()
    desk.hold(1, 2)
    for number in (1, 2):
        asking = [await desk.begin(), await desk.begin()]
        desk.let_go(number)
        assert [each.data for each in await asyncio.gather(*asking)] == [b"%d" % number] * 2
    assert await desk.numbers(2) == [b"2"] * 2


@pytest.mark.parametrize("fresh_seconds", [inf, -inf, -1.0, 0.0])
async def test_what_is_no_news_is_not_kept(fresh_seconds: float) -> None:
    """Where nothing was read that says how long, where it is not known of all, or where that is over."""
    desk = Desk()
    desk.fresh_seconds = fresh_seconds
    assert await desk.numbers(4) == [b"1", b"2", b"3", b"4"]
    assert len(desk.process) == 0


async def test_an_answer_with_errors_is_not_kept() -> None:
    """The next one may have none."""
    desk = Desk()
    desk.errors = [{"message": "late", "extensions": {"code": "BACKEND_TIMEOUT"}}]
    assert await desk.numbers(3) == [b"1", b"2", b"3"]
    assert len(desk.process) == 0


async def test_where_nothing_is_kept_nobody_has_to_find_out_how_long() -> None:
    """`cache.enabled` false: each is made, and loaders are not asked for the end of their news."""
    desk = Desk(keeps=False)
    seen = []

    async def make() -> Answer:
        seen.append(FRESHNESS.get())
        return Answer(b"{}", [], None, "query", "r")

    for _ in range(3):
        await desk.answers.made(question(), make)
        assert desk.answers.kept(question()) is None
    assert seen == [None] * 3


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_a_write_overtook_is_not_kept(is_told: bool) -> None:
    """Its own asker has it; the next one's answer is made after the write."""
    desk = Desk()
    await desk.ask()
    desk.hold(2)
    asking = await desk.begin()
    if is_told:
        desk.write()
    else:
        await desk.generations._catch_up()
    desk.let_go(2)
    assert (await asking).data == b"2"
    assert await desk.numbers(3) == [b"3"] * 3


async def test_an_answer_is_given_for_as_long_as_all_of_it_is_news() -> None:
    """Until that moment and not in it; its successor is kept at once."""
    desk = Desk()
    await desk.numbers(2)
    desk.clock.forward(FRESH_SECONDS - 0.001)
    assert await desk.numbers(1) == [b"2"]
    desk.clock.forward(0.001)
    assert await desk.numbers(2) == [b"3"] * 2


async def test_an_answer_ends_with_the_part_that_ends_first() -> None:
    """However much longer the others are news."""
    desk = Desk()

    async def make() -> Answer:
        freshness = FRESHNESS.get()
        assert freshness is not None
        for seconds in (20, 10, 30):
            freshness.note(desk.clock().timestamp() + seconds)
        return Answer(b"{}", [], None, "query", "r")

    for _ in range(2):
        await desk.answers.made(question(), make)
    desk.clock.forward(9)
    assert desk.answers.kept(question()) is not None
    desk.clock.forward(1)
    assert desk.answers.kept(question()) is None


@pytest.mark.parametrize(
    ("viewer", "company_id", "is_ended"),
    [(VIEWER, "org-0001", True), (VIEWER, "org-0009", False), (OPERATOR, "org-0001", True), (OPERATOR, "org-9", True)],
)
async def test_a_write_ends_what_is_kept(viewer: Viewer, company_id: str, is_ended: bool) -> None:
    """A write to the viewer's own company; for an operator, who is shown them all, a write to any."""
    desk = Desk()
    for _ in range(2):
        kept = await desk.ask(question(viewer))
    desk.write(company_id)
    assert ((await desk.ask(question(viewer))).data != kept.data) is is_ended


async def test_what_is_kept_ends_when_changes_may_have_been_missed() -> None:
    """As the records do, among which it is kept."""
    desk = Desk()
    await desk.numbers(2)
    desk.process.expire()
    assert await desk.numbers(2) == [b"3"] * 2


async def test_a_clock_that_is_set_back_makes_nothing_last_longer() -> None:
    """Before the moment in which it was begun to be made, an answer is not given."""
    desk = Desk()
    await desk.numbers(2)
    desk.clock.forward(-1)
    assert desk.answers.kept(question()) is None
    desk.clock.forward(1)
    assert desk.answers.kept(question()) is not None


OTHERS = {
    "subject": question(replace(VIEWER, subject="bruno")),
    "company": question(replace(VIEWER, company_id="org-0002")),
    "no company": question(replace(VIEWER, company_id=None)),
    "scopes": question(replace(VIEWER, scopes=OWN_COMPANY - {Scope.PII_READ})),
    "role": question(replace(VIEWER, role=Role.TELCO_MANAGER)),
    "method": question(is_get=True),
    "one byte": question(text=TEXT + b" "),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_who_asks_otherwise_is_answered_apart(other: Question) -> None:
    """Another viewer, with the same name as may be, and other bytes: while an answer is made, and while it is kept."""
    desk = Desk()
    desk.hold(1, 2)
    first, second = await desk.begin(), await desk.begin(other)
    desk.let_go(1, 2)
    assert ((await first).data, (await second).data) == (b"1", b"2")
    assert await desk.numbers(2) == [b"3"] * 2
    assert desk.answers.kept(other) is None
    assert (await desk.ask(other)).data == b"4"
    assert await desk.numbers(1) == [b"3"]


@pytest.mark.parametrize(("by_caller", "numbers"), [(True, [b"1", b"2", b"3"]), (False, [b"1"] * 3)])
async def test_where_a_backend_answers_to_the_token_so_do_answers(by_caller: bool, numbers: list[bytes]) -> None:
    """Nobody is given what another token was told, nor is anybody without one; elsewhere tokens of a viewer are one."""
    desk = Desk(by_caller=by_caller)
    desk.hold(1, 2, 3)
    questions = [desk.answers.question(VIEWER, question().request, token) for token in ("one", "two", None)]
    asking = [await desk.begin(each) for each in questions]
    desk.let_go(1, 2, 3)
    assert [(await each).data for each in asking] == numbers
    again = await desk.ask(questions[0])
    is_kept = [desk.answers.kept(each) is again for each in questions]
    assert is_kept == [True, not by_caller, not by_caller]


async def test_what_is_kept_has_bounds() -> None:
    """Many answers push each other out; one that would push out too many is not kept."""
    desk = Desk(max_bytes=20_000)
    desk.padding = b" " * 1_000
    questions = [question(text=TEXT + b"%d" % number) for number in range(100)]
    for each in questions * 2:
        await desk.ask(each)
    kept = [each for each in questions if desk.answers.kept(each)]
    size = ENTRY_BYTES + 1_000 + len(TEXT)
    assert 20_000 // (size + 10) - 1 <= len(kept) <= 20_000 // size
    assert 20_000 - 2 * size < desk.process.bytes <= 20_000
    assert desk.process.evictions == 100 - len(kept)
    desk.padding = b" " * 5_000
    for _ in range(3):
        large = await desk.ask(question(text=b"large"))
    assert large.data.startswith(b"203")


async def test_what_was_asked_once_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many of them, and it begins anew: then some are kept one time later."""
    monkeypatch.setattr(answers_module, "ASKED_MAX", 2)
    desk = Desk()
    one, two, three = [question(text=b"%d" % number) for number in range(3)]
    for each in (one, two, three):
        await desk.ask(each)
    await desk.ask(one)
    assert desk.answers.kept(one) is None
    for each in (one, three):
        await desk.ask(each)
        assert desk.answers.kept(each) is not None


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    """One for each test."""
    async with open_shop() as opened:
        yield opened


def _lines(logs: list[Any]) -> dict[str, Any]:
    return {entry["request_id"]: entry for entry in logs if entry["event"] == "request"}


async def test_two_at_once_run_once(shop: Shop) -> None:
    """The answer goes to both, each with its own request id; the log says by whose request it came."""
    query = "query Page { slow }"
    with structlog.testing.capture_logs() as logs:
        asking = [await shop.begin(query, "r1"), await shop.begin(query, "r2")]
        shop.work.gate.set()
        replies = await asyncio.gather(*asking)
        await until(lambda: len(_lines(logs)) == 2, 5)
    body = {"data": {"slow": "run 1"}}
    assert replies == [Reply(200, "r1", body), Reply(200, "r2", body)]
    first, second = _lines(logs)["r1"], _lines(logs)["r2"]
    assert "answered_by" not in first
    assert second["answered_by"] == "r1"
    for line in (first, second):
        assert (line["operation"], line["operation_type"], line["status"]) == ("Page", "query", 200)


async def test_errors_carry_the_id_of_each_request(shop: Shop) -> None:
    """All else that they say is the same, and it is in each one's log line."""
    with structlog.testing.capture_logs() as logs:
        asking = [await shop.begin("{ slow late broken }", id) for id in ("r1", "r2", "r3")]
        shop.work.gate.set()
        replies = await asyncio.gather(*asking)
        await until(lambda: len(_lines(logs)) == 3, 5)
    assert shop.work.running == 1
    for reply, id in zip(replies, ("r1", "r2", "r3"), strict=True):
        assert reply.request_id == id
        assert [error["extensions"].pop("requestId") for error in reply.body["errors"]] == [id] * 2
        assert [error["path"] for error in reply.body["errors"]] == [["late"], ["broken"]]
        assert _lines(logs)[id]["error_codes"] == ["BACKEND_TIMEOUT", "INTERNAL_ERROR"]
    assert replies[0].body == replies[1].body == replies[2].body
    assert len([entry for entry in logs if entry["event"] == "internal_error"]) == 1


async def test_a_mutation_that_is_sent_twice_runs_twice(shop: Shop) -> None:
    """Whoever sends it, and at once."""
    asking = [asyncio.create_task(shop.ask("mutation { change }", id)) for id in ("r1", "r2")]
    await until(lambda: shop.work.running == 2, 5)
    shop.work.gate.set()
    assert [(reply.status, reply.body) for reply in await asyncio.gather(*asking)] == [
        (200, {"data": {"change": "run 2"}})
    ] * 2


async def test_two_viewers_run_twice(shop: Shop, token: Callable[..., str]) -> None:
    """The same bytes at the same time, and each reads who it is; two tokens of one viewer are one."""
    tokens = {"r1": token(), "r2": token(sub="bruno"), "r3": token(jti="another"), "r4": None}
    asking = [await shop.begin("{ caller slow }", id, given) for id, given in tokens.items()]
    shop.work.gate.set()
    assert [reply.body["data"]["caller"] for reply in await asyncio.gather(*asking)] == [
        "r1 token anna",
        "r2 token bruno",
        "r1 token anna",
        "r4 no token ",
    ]
    assert shop.work.running == 3


async def test_when_the_first_client_leaves_the_second_is_answered(shop: Shop) -> None:
    """What ran for the first one goes on for the second."""
    leaving, staying = await shop.begin("{ slow }", "r1"), await shop.begin("{ slow }", "r2")
    leaving.cancel()
    await asyncio.wait([leaving])
    shop.work.gate.set()
    assert await staying == Reply(200, "r2", {"data": {"slow": "run 1"}})
    assert shop.work.cancelled_count == 0


async def test_what_is_kept_is_given_to_each_as_its_own(shop: Shop) -> None:
    """With its own request id; the line says whose answer it was, and what was asked."""
    with structlog.testing.capture_logs() as logs:
        replies = [await shop.ask("query Page { caller news }", id) for id in ("r1", "r2", "r3", "r4")]
        await until(lambda: len(_lines(logs)) == 4, 5)
    assert [(reply.request_id, reply.body["data"]["caller"]) for reply in replies] == [
        ("r1", "r1 no token "),
        ("r2", "r2 no token "),
        ("r3", "r2 no token "),
        ("r4", "r2 no token "),
    ]
    answered_by = {id: line.get("answered_by") for id, line in _lines(logs).items()}
    assert answered_by == {"r1": None, "r2": None, "r3": "r2", "r4": "r2"}
    assert {(line["operation"], line["operation_type"]) for line in _lines(logs).values()} == {("Page", "query")}


async def test_what_is_kept_opens_to_no_token_that_does_not_hold(shop: Shop, token: Callable[..., str]) -> None:
    """A session that ended, a token that expired, and nobody at all ask in vain."""
    given = token(jti="session-1", exp=NOW.timestamp() + FRESH_SECONDS / 2 - IDENTITY.leeway_seconds)
    for id in ("r1", "r2", "r3"):
        last = await shop.ask("{ private news caller }", id, given)
    assert last.body["data"]["caller"] == "r2 token anna"
    assert (await shop.ask("{ private news caller }", "r4")).status == 401
    shop.sessions.add("session-1")
    assert (await shop.ask("{ private news caller }", "r5", given)).status == 401
    shop.sessions.clear()
    assert (await shop.ask("{ private news caller }", "r6", given)).body == last.body
    shop.desk.clock.forward(FRESH_SECONDS / 2)
    assert (await shop.ask("{ private news caller }", "r7", given)).status == 401
    other = await shop.ask("{ private news caller }", "r8", token())
    assert other.body == last.body  # it was news still: the token alone had ended


async def test_the_same_bytes_on_the_same_connection_are_looked_at_each_time(
    shop: Shop, token: Callable[..., str]
) -> None:
    """A client that polls is answered without its request being read again: token, session, age and writes are."""
    ends = NOW.timestamp() + FRESH_SECONDS / 2 - IDENTITY.leeway_seconds
    body = b'{"query": "{ private news }"}'
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-ID: r\r\n"
        f"Content-Length: {len(body)}\r\nAuthorization: Bearer {token(jti='session-1', exp=ends)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", int(shop.url.rpartition(":")[2]))

    async def status() -> int:
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert "x-request-id: r\r\n" in answer
        await reader.readexactly(int(answer.partition("content-length:")[2].partition("\r\n")[0]))
        return int(answer.split()[1])

    try:
        with structlog.testing.capture_logs() as logs:
            assert [await status() for _ in range(5)] == [200] * 5
            shop.sessions.add("session-1")
            assert await status() == 401
            shop.sessions.clear()
            assert [await status() for _ in range(3)] == [200] * 3
            shop.desk.write()
            assert [await status() for _ in range(4)] == [200] * 4
            shop.desk.clock.forward(FRESH_SECONDS / 2)
            assert await status() == 401
    finally:
        writer.close()
        await writer.wait_closed()
    kept = ["answered_by" in line for line in logs if line["event"] == "request"]
    assert kept == [False] * 2 + [True] * 3 + [False] + [True] * 3 + [False] + [True] * 3 + [False]


async def test_a_client_that_saw_a_write_is_not_given_what_was_before(shop: Shop, token: Callable[..., str]) -> None:
    """What it has seen is caught up with first, even where an answer is kept."""
    given = token()
    for id in ("r1", "r2", "r3"):
        last = await shop.ask("{ news caller }", id, given)
    assert last.body["data"]["caller"] == "r2 token anna"
    seen = await shop.ask("{ news caller }", "r4", given, X_Consistency="org-0001=7")
    assert seen.body["data"]["caller"] == "r4 token anna"


async def test_by_get_and_by_post_answers_are_made_apart(shop: Shop) -> None:
    """Even for the same text: a body that is a query string is none, and the other way round."""
    text = "query=%7Bnews%20caller%7D"
    for id in ("r1", "r2", "r3"):
        async with shop.client.get(f"{shop.url}/graphql?{text}", headers={"X-Request-ID": id}) as response:
            got = await response.json()
    assert got["data"] == {"news": "new", "caller": "r2 no token "}
    headers = {"Content-Type": "application/json"}
    async with shop.client.post(f"{shop.url}/graphql", data=text.encode(), headers=headers) as response:
        assert response.status == 400
        assert "data" not in json.loads(await response.read())


async def test_a_request_whose_id_was_given_twice_keeps_its_operation(shop: Shop, token: Callable[..., str]) -> None:
    """A client that repeats its id (a retry, one id for a page) is logged as any other."""
    given = token()
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await shop.ask("query Page { news }", "r1", given)
    lines = [(line["operation"], line.get("answered_by")) for line in logs if line["event"] == "request"]
    assert lines == [("Page", None), ("Page", None), ("Page", "r1")]
