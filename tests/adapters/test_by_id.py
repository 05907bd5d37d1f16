"""Records by id: batches, their fallbacks, and the exact calls they cost."""

import asyncio
from typing import Any

import msgspec
import pytest
from aiohttp import web

from gateway.adapters._api import Api
from gateway.adapters._by_id import rows_by_id
from gateway.errors import BackendFailed, GatewayError


class Thing(msgspec.Struct, frozen=True):
    """A record with nothing but an id."""

    id: str


async def read(connect: Any, ids: list[str], **profile: Any) -> dict[str, Thing | GatewayError]:
    """What a client with this profile finds under the ids."""
    async with connect("crm", apis={"troubleTicket": profile}) as client:
        return await rows_by_id(Api(client, "troubleTicket"), "/thing", ids, Thing)


def have(server: Any, *ids: str) -> None:
    """Gives the server one thing for each id."""
    server.rows["thing"] = [{"id": id} for id in ids]


async def test_several_ids_are_one_call(server: Any, connect: Any) -> None:
    """Ids are deduplicated, joined by commas, with a limit that fits; an unknown one is left out."""
    have(server, "a", "b", "c", "d")
    found = await read(connect, ["c", "a", "c", "zz"])
    assert found == {"a": Thing("a"), "c": Thing("c")}
    assert [seen.query for seen in server.seen] == [["id=c,a,zz", "limit=3"]]


async def test_repeated_parameters(server: Any, connect: Any) -> None:
    """A backend that wants `id` repeated gets it so."""
    server.separator = None
    have(server, "a", "b")
    assert set(await read(connect, ["a", "b"], batch_ids="repeat")) == {"a", "b"}
    assert [seen.query for seen in server.seen] == [["id=a", "id=b", "limit=2"]]


async def test_one_by_one(server: Any, connect: Any) -> None:
    """A backend that takes no several ids is asked for each on its own."""
    have(server, "a", "b")
    assert set(await read(connect, ["a", "b", "zz"], batch_ids="none")) == {"a", "b"}
    assert sorted(server.paths()) == ["/thing/a", "/thing/b", "/thing/zz"]


async def test_a_single_id_is_a_single_get(server: Any, connect: Any) -> None:
    """The plainest call of all is used where it does."""
    have(server, "a")
    assert await read(connect, ["a"]) == {"a": Thing("a")}
    assert server.paths() == ["/thing/a"]


@pytest.mark.parametrize("profile", [{"batch_max": 40}, {"limit_max": 40}])
async def test_batches_keep_to_the_profile(server: Any, connect: Any, profile: dict[str, int]) -> None:
    """No call asks for more ids than the backend takes, or than it puts on a page."""
    ids = [f"id-{number}" for number in range(100)]
    have(server, *ids)
    assert set(await read(connect, ids, **profile)) == set(ids)
    assert sorted(seen.query[1] for seen in server.seen) == ["limit=20", "limit=40", "limit=40"]


async def test_long_ids_make_short_batches(server: Any, connect: Any) -> None:
    """An address does not outgrow what servers take."""
    ids = [f"{number:03}" + "/" * 497 for number in range(8)]
    have(server, *ids)
    assert set(await read(connect, ids)) == set(ids)
    assert [len(seen.target) < 8_000 for seen in server.seen] == [True, True]


async def test_an_ignored_filter(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """Strangers are dropped and counted, and what is missing is asked for one by one; nothing is mixed up."""
    server.ignored = {"id"}
    have(server, "x", "y", "z", "a", "b")
    found = await read(connect, ["a", "b", "zz"])
    assert found == {"a": Thing("a"), "b": Thing("b")}
    assert server.paths()[0] == "/thing"
    assert sorted(server.paths()[1:]) == ["/thing/a", "/thing/b", "/thing/zz"]
    dropped = [event for event in logged if event["event"] == "backend_rows_dropped"]
    assert [(event["rows"], event["see"]) for event in dropped] == [(3, "backends.crm.apis.troubleTicket.batch_ids")]


async def test_an_ignored_filter_without_a_total(server: Any, connect: Any) -> None:
    """Strangers alone are reason enough to ask one by one."""
    server.ignored = {"id"}
    server.total = lambda _matching, _collection: None
    have(server, "x", "y", "a", "b")
    assert set(await read(connect, ["a", "b"])) == {"a", "b"}
    assert sorted(server.paths()) == ["/thing", "/thing/a", "/thing/b"]


async def test_a_capped_page(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """Fewer rows than the backend says it has: the rest is asked for in batches of as many, and the log says why."""
    server.page_cap = 2
    have(server, "a", "b", "c", "d", "e")
    assert set(await read(connect, ["a", "b", "c", "d", "e", "zz"])) == {"a", "b", "c", "d", "e"}
    assert sorted(seen.query[0] for seen in server.seen) == ["id=a,b,c,d,e,zz", "id=c,d", "id=e,zz"]
    told = [event for event in logged if event["event"] == "backend_page_capped"]
    assert [(event["rows"], event["see"]) for event in told] == [(2, "backends.crm.apis.troubleTicket.limit_max")]


async def test_a_capped_page_without_a_total(server: Any, connect: Any) -> None:
    """206 alone says that rows are missing; a page of one row leaves nothing to batch."""
    server.page_cap = 1
    server.total = lambda _matching, _collection: None
    have(server, "a", "b", "c")
    assert set(await read(connect, ["a", "b", "c", "zz"])) == {"a", "b", "c"}
    assert server.paths()[0] == "/thing"
    assert sorted(server.paths()[1:]) == ["/thing/b", "/thing/c", "/thing/zz"]


async def test_a_cap_that_nothing_tells_of(server: Any, connect: Any) -> None:
    """Without a count and without 206 what is missing is asked for again; it costs nothing where nothing is missing."""
    server.page_cap = 2
    server.total = lambda _matching, _collection: None
    have(server, "a", "b", "c")

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        server.answer = None
        answer = await server.handle(request)
        server.answer = silent
        server.seen.pop()
        return web.Response(body=answer.body, content_type="application/json")

    server.answer = silent
    assert set(await read(connect, ["a", "b", "c"])) == {"a", "b", "c"}
    assert server.paths() == ["/thing", "/thing/c"]
    server.seen.clear()
    assert set(await read(connect, ["a", "b"])) == {"a", "b"}
    assert server.paths() == ["/thing"]


async def test_a_count_of_the_whole_collection(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """Claimed rows that are not ours are looked for once more; no cap is blamed for an id that is unknown."""
    server.total = lambda _matching, collection: collection
    have(server, "a", "b", *(f"id-{number}" for number in range(50)))
    assert set(await read(connect, ["a", "b", "zz"])) == {"a", "b"}
    assert server.paths() == ["/thing", "/thing/zz"]
    assert [event for event in logged if event["event"] == "backend_page_capped"] == []


async def test_a_batch_that_is_taken_for_one_id(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """A backend that looks for the id `a,b` finds nothing: one id tells, all are asked one by one, the log says why."""
    server.separator, server.literal = None, True
    have(server, "a", "b")
    assert set(await read(connect, ["a", "b", "zz"])) == {"a", "b"}
    assert server.paths()[:2] == ["/thing", "/thing/a"]
    assert sorted(server.paths()[2:]) == ["/thing/b", "/thing/zz"]
    told = [event for event in logged if event["event"] == "backend_batch_not_understood"]
    assert [event["see"] for event in told] == ["backends.crm.apis.troubleTicket.batch_ids"]


async def test_a_batch_of_unknown_ids(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """Where the first is unknown on its own as well, none exists: one call more, and no warning."""
    have(server)
    assert await read(connect, ["x", "y", "z"]) == {}
    assert server.paths() == ["/thing", "/thing/x"]
    assert [event for event in logged if event["log_level"] == "warning"] == []


async def test_an_empty_batch_nobody_can_confirm(server: Any, connect: Any) -> None:
    """Nothing is called unknown when the single read fails."""

    async def fail_on_one(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response([], status=200 if request.path.endswith("/thing") else 500)

    server.answer = fail_on_one
    found = await read(connect, ["a", "b"])
    assert {id: type(value) for id, value in found.items()} == {"a": BackendFailed, "b": BackendFailed}


async def test_the_order_of_rows_does_not_matter(server: Any, connect: Any) -> None:
    """Rows are matched by id, never by position."""
    have(server, "b", "a")
    found = await read(connect, ["a", "b"])
    assert {id: row.id for id, row in found.items() if isinstance(row, Thing)} == {"a": "a", "b": "b"}


async def test_ids_with_any_character(server: Any, connect: Any) -> None:
    """Signs of addresses are encoded; an id with a comma goes alone, since commas part ids."""
    ids = ["0.0.0.1+-account+1", "urn:ngsi-ld:Thing:1", "a/b", "c?d#e&f=g", "x,y", "x"]
    have(server, *ids)
    assert set(await read(connect, ids)) == set(ids)
    assert sorted(seen.target.partition("?")[0].rpartition("/")[2] for seen in server.seen) == ["thing", "x%2Cy"]
    batch = next(seen for seen in server.seen if seen.path == "/thing")
    assert batch.query[0] == "id=0.0.0.1%2B-account%2B1,urn%3Angsi-ld%3AThing%3A1,a%2Fb,c%3Fd%23e%26f%3Dg,x"


@pytest.mark.parametrize("id", ["", ".", "..", "x" * 1_001])
async def test_ids_that_no_backend_has(server: Any, connect: Any, id: str) -> None:
    """What would climb out of the path, or list everything, is unknown without a call."""
    have(server, "a")
    assert await read(connect, [id], batch_ids="none") == {}
    assert server.seen == []


async def test_a_row_under_another_id(server: Any, connect: Any) -> None:
    """A backend that answers a single get with another record gave nothing."""

    async def other(_request: web.BaseRequest) -> web.Response:
        return web.json_response({"id": "b"})

    server.answer = other
    assert await read(connect, ["a"]) == {}


async def test_an_error_stands_for_its_own_chunk(server: Any, connect: Any) -> None:
    """Ids of another call are not touched by it."""
    have(server, "a", "b", "c", "d")

    async def fail_on_a(request: web.BaseRequest) -> web.StreamResponse:
        if "id=a" in request.raw_path:
            return web.json_response({"code": 60}, status=500)
        return web.json_response([{"id": "c"}, {"id": "d"}])

    server.answer = fail_on_a
    found = await read(connect, ["a", "b", "c", "d"], batch_max=2)
    assert {id: type(value) for id, value in found.items()} == {
        "a": BackendFailed,
        "b": BackendFailed,
        "c": Thing,
        "d": Thing,
    }


async def test_an_empty_list_as_404(server: Any, connect: Any) -> None:
    """A backend that calls an empty list not found is read right where the profile says so, an error elsewhere."""
    server.empty_as_404 = True
    have(server)
    assert await read(connect, ["a", "b"], empty_list_as_404=True) == {}
    assert [type(value).__name__ for value in (await read(connect, ["a", "b"])).values()] == ["BackendRejected"] * 2


async def test_single_gets_are_bounded(server: Any, connect: Any) -> None:
    """Never more than eight at once."""
    running, most = 0, 0

    async def count(request: web.BaseRequest) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        return web.json_response({"id": request.path.rpartition("/")[2]})

    server.answer = count
    ids = [f"id-{number}" for number in range(40)]
    assert set(await read(connect, ids, batch_ids="none")) == set(ids)
    assert most == 8
