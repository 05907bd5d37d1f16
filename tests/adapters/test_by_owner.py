"""Lists by owner: whole or an error, and never another's rows."""

from typing import Any

import msgspec
import pytest
from aiohttp import web

from gateway.adapters._api import Api, Filter
from gateway.adapters._by_owner import Listing, rows_by_owner, window
from gateway.errors import BackendContractBroken, BackendFilterIgnored, GatewayError, ListTooLong


class Thing(msgspec.Struct, frozen=True):
    """A record with owners."""

    id: str
    owner: list[str] = []


async def read(
    connect: Any, owners: list[str], *, list_max_rows: int = 1_000, **profile: Any
) -> dict[str, list[Thing] | GatewayError]:
    """What a client with this profile lists for the owners."""
    async with connect("crm", list_max_rows=list_max_rows, apis={"troubleTicket": profile}) as client:
        api = Api(client, "troubleTicket")
        listing = Listing("/thing", Thing, lambda row: row.owner, "owner", api.setting("owner_parameter"))
        return await rows_by_owner(api, listing, owners)


def have(server: Any, **counts: int) -> None:
    """Gives the server so many things of each owner."""
    server.rows["thing"] = [
        {"id": f"{owner}-{number:04}", "owner": [owner]} for owner, count in counts.items() for number in range(count)
    ]


def lengths(found: dict[str, list[Thing] | GatewayError]) -> dict[str, int]:
    """How many different rows each owner got."""
    return {owner: len({row.id for row in rows}) for owner, rows in found.items() if isinstance(rows, list)}


async def test_one_call_for_each_owner(server: Any, connect: Any) -> None:
    """By default owners are asked for one by one; an owner of nothing has an empty list."""
    have(server, ann=3, bob=2)
    assert lengths(await read(connect, ["ann", "bob", "ann", "eve"])) == {"ann": 3, "bob": 2, "eve": 0}
    assert sorted(seen.query for seen in server.seen) == [
        ["owner=ann", "offset=0", "limit=100"],
        ["owner=bob", "offset=0", "limit=100"],
        ["owner=eve", "offset=0", "limit=100"],
    ]


@pytest.mark.parametrize(("batching", "query"), [("comma", ["owner=ann,bob"]), ("repeat", ["owner=ann", "owner=bob"])])
async def test_several_owners_in_one_call(server: Any, connect: Any, batching: str, query: list[str]) -> None:
    """Where the backend takes it, the rows are parted by the owner they echo."""
    have(server, ann=3, bob=2)
    assert lengths(await read(connect, ["ann", "bob"], batch_owners=batching)) == {"ann": 3, "bob": 2}
    assert [seen.query for seen in server.seen] == [[*query, "offset=0", "limit=100"]]


async def test_several_owners_that_are_taken_for_one(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """A backend that looks for the owner `ann,bob` finds nothing: each is asked for alone, and the log says why."""
    server.separator, server.literal = None, True
    have(server, ann=3, bob=2)
    assert lengths(await read(connect, ["ann", "bob"], batch_owners="comma")) == {"ann": 3, "bob": 2}
    assert [seen.query[0] for seen in server.seen] == ["owner=ann,bob", "owner=ann", "owner=bob"]
    told = [event for event in logged if event["event"] == "backend_batch_not_understood"]
    assert [event["see"] for event in told] == ["backends.crm.apis.troubleTicket.batch_owners"]


async def test_nothing_is_believed_once_several_values_were_seen_to_work(server: Any, connect: Any) -> None:
    """An empty list of several owners is looked at owner by owner, until such a filter has found anything."""
    have(server, ann=3)
    async with connect("crm", apis={"troubleTicket": {"batch_owners": "comma"}}) as client:
        api = Api(client, "troubleTicket")
        listing = Listing("/thing", Thing, lambda row: row.owner, "owner", api.setting("owner_parameter"))
        for owners, calls in ((["eve", "zoe"], 3), (["ann", "eve"], 1), (["eve", "zoe"], 1)):
            server.seen.clear()
            found = await rows_by_owner(api, listing, owners)
            assert lengths(found) == {owner: 3 if owner == "ann" else 0 for owner in owners}
            assert len(server.seen) == calls


KINDS = Filter("kind", ["big", "small"])


@pytest.mark.parametrize(
    ("profile", "calls"),
    [
        ({}, ["kind=big,small", "kind=big", "kind=small"]),
        ({"batch_ids": "none"}, ["kind=big", "kind=small"]),
    ],
)
async def test_words_where_a_comma_is_part_of_a_word(
    server: Any, connect: Any, profile: dict[str, str], calls: list[str]
) -> None:
    """The list is whole all the same: a call for each word, at once where the profile says so."""
    server.separator, server.literal = None, True
    server.rows["thing"] = [{"id": kind, "owner": ["ann"], "kind": kind} for kind in ("big", "small", "odd")]
    async with connect("crm", apis={"troubleTicket": profile}) as client:
        api = Api(client, "troubleTicket")
        listing = Listing("/thing", Thing, lambda row: row.owner, "owner", api.setting("owner_parameter"))
        found = await rows_by_owner(api, listing, ["ann"], [KINDS])
    assert found == {"ann": [Thing("big", ["ann"]), Thing("small", ["ann"])]}
    assert [seen.query[1] for seen in server.seen] == calls


async def test_a_row_that_two_calls_give_comes_once(server: Any, connect: Any) -> None:
    """Where the filter on words has no effect, each call gives the whole list."""
    have(server, ann=3)
    server.ignored = {"kind"}
    async with connect("crm", apis={"troubleTicket": {"batch_ids": "none"}}) as client:
        api = Api(client, "troubleTicket")
        listing = Listing("/thing", Thing, lambda row: row.owner, "owner", api.setting("owner_parameter"))
        found = await rows_by_owner(api, listing, ["ann"], [KINDS])
    assert found == {"ann": [Thing(f"ann-000{number}", ["ann"]) for number in range(3)]}


async def test_an_owner_with_a_comma_goes_alone(server: Any, connect: Any) -> None:
    """It would be taken for two."""
    server.separator = None
    have(server, **{"a,b": 1, "c": 1, "d": 1})
    await read(connect, ["a,b", "c", "d"], batch_owners="comma")
    assert sorted(seen.query[0] for seen in server.seen) == ["owner=a%2Cb", "owner=c,d"]


async def test_a_list_is_read_whole(server: Any, connect: Any) -> None:
    """Pages go on by our own offset, and a full last page is followed by an empty one."""
    have(server, ann=30)
    assert lengths(await read(connect, ["ann"], limit_max=10)) == {"ann": 30}
    assert sorted(seen.query[1] for seen in server.seen) == ["offset=0", "offset=10", "offset=20", "offset=30"]


async def test_pages_are_read_together(server: Any, connect: Any) -> None:
    """A long list takes few rounds, and not one call more than its pages and an end."""
    have(server, ann=995)
    assert lengths(await read(connect, ["ann"], limit_max=10)) == {"ann": 995}
    assert len(server.seen) == 100


@pytest.mark.parametrize(
    "total",
    [
        pytest.param(lambda _matching, _collection: None, id="none"),
        pytest.param(lambda _matching, collection: collection, id="of the whole collection"),
        pytest.param(lambda _matching, _collection: 0, id="zero"),
        pytest.param(lambda _matching, _collection: 10**9, id="far too high"),
    ],
)
async def test_the_total_is_not_trusted(server: Any, connect: Any, total: Any) -> None:
    """Whatever X-Total-Count says, the list is whole and ends."""
    server.total = total
    have(server, ann=25, bob=100)
    assert lengths(await read(connect, ["ann"], limit_max=10)) == {"ann": 25}


async def test_a_page_shorter_than_asked(server: Any, connect: Any) -> None:
    """A backend that caps pages below the limit but says its total is read whole."""
    server.page_cap = 7
    have(server, ann=40)
    assert lengths(await read(connect, ["ann"], limit_max=10)) == {"ann": 40}


@pytest.mark.parametrize("total", [None, 7, 0])
async def test_a_page_that_says_it_is_partial(server: Any, connect: Any, total: int | None) -> None:
    """206 on a page below the limit means that there is more, whatever X-Total-Count says or does not say."""
    server.page_cap = 7
    server.total = lambda _matching, _collection: total
    have(server, ann=40)
    assert lengths(await read(connect, ["ann"], limit_max=10)) == {"ann": 40}
    assert sorted(int(seen.query[1].partition("=")[2]) for seen in server.seen) == [0, 7, 14, 21, 28, 35, 40]


async def test_a_partial_page_again_and_again(server: Any, connect: Any) -> None:
    """A backend that ignores `offset` and says 206 for ever is an error after the second page."""
    server.page_cap, server.offset_ignored = 7, True
    server.total = lambda _matching, _collection: None
    have(server, ann=40)
    assert isinstance((await read(connect, ["ann"], limit_max=10))["ann"], BackendContractBroken)
    assert len(server.seen) == 2


async def test_a_window_of_partial_pages(server: Any, connect: Any) -> None:
    """A window, too, goes on after 206."""
    server.page_cap = 7
    server.total = lambda _matching, _collection: None
    have(server, ann=40)
    async with connect("crm") as client:
        rows = await window(Api(client, "troubleTicket"), "/thing", Thing, [], offset=10, count=25)
    assert [row.id for row in rows] == [f"ann-{number:04}" for number in range(10, 35)]


async def test_a_page_that_shrinks_among_several(server: Any, connect: Any) -> None:
    """When one of the pages read together comes short, those after it are read again from the right place."""
    have(server, ann=100)
    rows = server.rows["thing"]

    async def shrinking(request: web.BaseRequest) -> web.Response:
        offset = int(request.query["offset"])
        return web.json_response(rows[offset : offset + (4 if offset == 30 else 10)], headers={"X-Total-Count": "100"})

    server.answer = shrinking
    assert lengths(await read(connect, ["ann"], limit_max=10)) == {"ann": 100}


async def test_a_row_that_moves_to_the_next_page_counts_once(server: Any, connect: Any) -> None:
    """Rows are deduplicated by id."""
    have(server, ann=12)
    rows = server.rows["thing"]

    async def overlapping(request: web.BaseRequest) -> web.Response:
        offset = int(request.query["offset"])
        return web.json_response(rows[max(0, offset - 1) : offset + 9] if offset else rows[:10])

    server.answer = overlapping
    found = await read(connect, ["ann"], limit_max=10)
    assert isinstance(found["ann"], list)
    assert [row.id for row in found["ann"]] == [row["id"] for row in rows]


async def test_a_backend_that_repeats_its_first_page(server: Any, connect: Any) -> None:
    """Ignoring `offset` is an error; it neither loops nor passes for the whole list."""
    server.offset_ignored = True
    have(server, ann=30)
    found = await read(connect, ["ann"], limit_max=10)
    assert isinstance(found["ann"], BackendContractBroken)
    assert "'offset' gives the same page again" in found["ann"].message
    assert len(server.seen) == 3  # the first page, then the next two together


async def test_an_ignored_owner_filter(server: Any, connect: Any) -> None:
    """Rows of others are never given out: the error names the setting."""
    server.ignored = {"owner"}
    have(server, ann=3, bob=2)
    found = await read(connect, ["ann"])
    assert isinstance(found["ann"], BackendFilterIgnored)
    assert "backends.crm.apis.troubleTicket.owner_parameter" in found["ann"].message
    assert "'owner'" in found["ann"].message


async def test_a_row_without_an_owner(server: Any, connect: Any) -> None:
    """A row that does not say whose it is could be anybody's."""

    async def ownerless(_request: web.BaseRequest) -> web.Response:
        return web.json_response([{"id": "x"}])

    server.answer = ownerless
    assert isinstance((await read(connect, ["ann"]))["ann"], BackendFilterIgnored)


async def test_an_empty_list_as_404(server: Any, connect: Any) -> None:
    """Both for an owner of nothing and past the last page."""
    server.empty_as_404 = True
    have(server, ann=10)
    assert lengths(await read(connect, ["ann", "eve"], limit_max=10, empty_list_as_404=True)) == {"ann": 10, "eve": 0}


async def test_a_list_that_is_too_long(server: Any, connect: Any) -> None:
    """One row above the limit is an error that names the setting; at the limit it is a list."""
    have(server, ann=21, bob=20)
    found = await read(connect, ["ann", "bob"], list_max_rows=20, limit_max=10)
    assert isinstance(found["ann"], ListTooLong)
    assert "limits.list_max_rows" in found["ann"].message
    assert lengths(found) == {"bob": 20}


async def test_reading_stops_above_the_limit(server: Any, connect: Any) -> None:
    """The rest of a list that is too long is not read."""
    have(server, ann=1_000)
    found = await read(connect, ["ann"], list_max_rows=20, limit_max=10)
    assert isinstance(found["ann"], ListTooLong)
    assert len(server.seen) == 3


async def test_the_limit_is_each_owners_own(server: Any, connect: Any) -> None:
    """Owners who are asked for together don't share it."""
    have(server, ann=21, bob=15, eve=20)
    found = await read(connect, ["ann", "bob", "eve"], list_max_rows=20, limit_max=10, batch_owners="comma")
    assert isinstance(found["ann"], ListTooLong)
    assert lengths(found) == {"bob": 15, "eve": 20}


async def test_no_owner_is_no_call(server: Any, connect: Any) -> None:
    """An empty id would list everything."""
    have(server, ann=1)
    assert await read(connect, ["", ""]) == {}
    assert server.seen == []


@pytest.mark.parametrize(
    ("offset", "count", "ids", "calls"),
    [
        (0, 3, range(3), 1),
        (4, 25, range(4, 29), 3),
        (28, 10, range(28, 30), 1),
        (30, 10, range(0), 1),
        (0, 0, range(0), 0),
    ],
)
async def test_a_window_of_a_list(server: Any, connect: Any, offset: int, count: int, ids: range, calls: int) -> None:
    """As many rows as asked for, in pages the backend takes, and fewer only at the end."""
    have(server, ann=30)
    async with connect("crm", apis={"troubleTicket": {"limit_max": 10}}) as client:
        api = Api(client, "troubleTicket")
        rows = await window(api, "/thing", Thing, [Filter("owner", ["ann"])], offset=offset, count=count)
    assert [row.id for row in rows] == [f"ann-{number:04}" for number in ids]
    assert len(server.seen) == calls


async def test_an_owner_with_a_comma_that_is_read_as_several(server: Any, connect: Any) -> None:
    """Anybody can ask for such an id: it has nothing, which is no fault of the backend's profile."""
    server.rows["thing"] = [{"id": "x", "owner": ["ann"]}]
    server.ignored = {"owner"}  # which answers with ann's rows, as a backend does that splits at the comma
    assert lengths(await read(connect, ["ann,bob"])) == {"ann,bob": 0}
