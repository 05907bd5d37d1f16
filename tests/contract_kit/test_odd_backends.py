"""The kit against backends that are asked otherwise: what it writes makes the gateway read them right."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from gateway.app import gateway
from gateway.config import load_settings
from gateway.contract_kit.point import Outcome
from gateway.contract_kit.report_text import profiles
from gateway.domain import global_id
from gateway.simulator.backends import SimulatedBackends
from gateway.simulator.world import World
from tests.contract_kit.conftest import NAMES, points, profile, turn, verify
from tests.contract_kit.odd_backend import Answer, Ask, OddBackend, Request, Tell, odd_backend, refused
from tests.journeys.journey import OPERATIONS

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAIN = """
[server]
port = 0
[identity]
issuer = "urn:telco-simulator"
jwks_url = "{identity}/oauth2/jwks"
[redis]
cache_url = "redis://127.0.0.1:1/0"
[cache]
enabled = false
[backends.billing]
url = "{billing}"
timeout_seconds = 10
[backends.provisioning]
url = "{provisioning}"
timeout_seconds = 10
[backends.crm]
url = "{crm}"
timeout_seconds = 10
"""


@asynccontextmanager
async def odd(backends: SimulatedBackends, ask: Ask, tell: Tell) -> AsyncIterator[dict[str, OddBackend]]:
    """Each of the three simulated backends behind one that is odd in the same way; their URLs by name."""
    async with AsyncExitStack() as stack:
        made = {name: OddBackend(getattr(backends, name), ask, tell) for name in NAMES}
        for backend in made.values():
            backend.url = await stack.enter_async_context(odd_backend(backend))
        yield made


async def overview(world: World, backends: SimulatedBackends, urls: dict[str, str], profile: str, folder: Path) -> Any:
    """A company's first screen as the gateway shows it by this profile; errors included."""
    file = folder / "gateway.toml"
    file.write_text(PLAIN.format(**urls, identity=backends.crm) + profile, "utf-8")
    document = {
        "query": (OPERATIONS / "company_overview.graphql").read_text("utf-8"),
        "variables": {"id": global_id.encode("Company", "org-0012")},
    }
    token = backends.identity.token("OPERATOR")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
    async with (
        gateway(load_settings(file, {}), world.clock) as url,
        aiohttp.ClientSession() as session,
        session.post(f"{url}/graphql", json=document, headers=headers) as response,
    ):
        return await response.json(content_type=None)


def as_it_is(request: Request) -> Request:
    """Nothing is odd about how it is asked."""
    return request


def as_it_comes(_request: Request, answer: Answer) -> Answer:
    """Nothing is odd about what it answers."""
    return answer


def elsewhere(request: Request) -> Request | Answer:
    """Everything is a version further, without `/tmf-api`."""
    if "/v5/" not in request.path or request.path.startswith("/tmf-api"):
        return Answer(404, "<html><title>Not found</title></html>")
    return request._replace(path=f"/tmf-api{request.path.replace('/v5/', '/v4/')}")


def named_otherwise(request: Request) -> Request | Answer:
    """The owner's filter is in one word, and TM Forum's name for it is refused."""
    if any(name in ("relatedParty.id", "engagedParty.id", "billingAccount.id") for name, _ in request.query):
        return refused("unknown filter")
    for name in ("relatedParty", "engagedParty", "billingAccount"):
        request = request.replaced(f"{name}Id", f"{name}.id")
    return request


def repeated(request: Request) -> Request | Answer:
    """Several values are the name repeated; a comma is part of a value."""
    values: dict[str, list[str]] = {}
    for name, value in request.query:
        values.setdefault(name, []).append(value)
    listed = {name for name in values if name not in ("fields", "sort")}
    if any("," in value for name in listed for value in values[name]):
        return Answer(200, [])
    return request._replace(query=[(name, ",".join(each)) for name, each in values.items()])


def compared_otherwise(request: Request) -> Request | Answer:
    """`.ge` in place of `.gte`."""
    if any(name.endswith(".gte") for name, _ in request.query):
        return refused("unknown operator")
    return request.replaced("billDate.ge", "billDate.gte")


def without_fields(request: Request) -> Request | Answer:
    """`fields` is refused."""
    return refused("unknown parameter") if any(name == "fields" for name, _ in request.query) else request


def short_pages(request: Request) -> Request | Answer:
    """A limit above 20 is refused, as an independent server does above its own."""
    too_long = any(name == "limit" and int(value) > 20 for name, value in request.query)
    return refused("limit out of range", 422) if too_long else request


def few_ids(request: Request) -> Request | Answer:
    """More than ten ids at once are refused."""
    too_many = any(name == "id" and value.count(",") >= 10 for name, value in request.query)
    return refused("too many ids", 414) if too_many else request


def capped_in_silence(request: Request, answer: Answer) -> Answer:
    """Pages of five rows at most, without a total, and with 200."""
    if not isinstance(answer.document, list) or request.method != "GET":
        return answer
    return Answer(200, answer.document[:5])


def owners_wanted(request: Request) -> Request | Answer:
    """No list without a filter on its owner or on ids, as one operator documents."""
    filters = [name for name, _ in request.query if name not in ("offset", "limit", "fields", "sort")]
    is_list = not request.path.rstrip("/").split("/v4/")[-1].count("/") and request.method == "GET"
    wants = is_list and any(part in request.path for part in ("/customerBill", "/product", "/troubleTicket", "/bucket"))
    return refused("a filter is needed") if wants and not filters else request


OWNED = ("customer", "troubleTicket", "productInventory", "customerBill", "account")


@pytest.mark.parametrize(
    ("ask", "tell", "expected"),
    [
        (
            elsewhere,
            as_it_comes,
            {
                "customer": {"base_path": "/customerManagement/v5"},
                "party": {"base_path": "/party/v5"},
                "troubleTicket": {"base_path": "/troubleTicket/v5"},
                "productInventory": {"base_path": "/productInventory/v5"},
                "resourceInventory": {"base_path": "/resourceInventoryManagement/v5"},
                "customerBill": {"base_path": "/customerBillManagement/v5"},
                "account": {"base_path": "/accountManagement/v5"},
                "prepayBalance": {"base_path": "/prepayBalanceManagement/v5"},
                "usageConsumption": {"base_path": "/usageConsumption/v5"},
            },
        ),
        (
            named_otherwise,
            as_it_comes,
            {
                "customer": {"owner_parameter": "engagedPartyId"},
                "troubleTicket": {"owner_parameter": "relatedPartyId"},
                "productInventory": {"owner_parameter": "relatedPartyId"},
                "customerBill": {"owner_parameter": "billingAccountId"},
                "account": {"owner_parameter": "relatedPartyId"},
            },
        ),
        (
            repeated,
            as_it_comes,
            {
                api: {"batch_ids": "repeat"}
                for api in (
                    "customer",
                    "party",
                    "troubleTicket",
                    "productInventory",
                    "resourceInventory",
                    "customerBill",
                )
            },
        ),
        (compared_otherwise, as_it_comes, {"customerBill": {"comparison_suffixes": {"gte": ".ge"}}}),
        (
            without_fields,
            as_it_comes,
            {api: {"send_fields": False} for api in (*OWNED, "party", "resourceInventory", "prepayBalance")},
        ),
        (
            short_pages,
            as_it_comes,
            {api: {"limit_max": 20} for api in (*OWNED, "party", "resourceInventory", "prepayBalance")},
        ),
        (
            few_ids,
            as_it_comes,
            {
                api: {"batch_max": 10}
                for api in (
                    "customer",
                    "party",
                    "troubleTicket",
                    "productInventory",
                    "resourceInventory",
                    "customerBill",
                )
            },
        ),
        (
            as_it_is,
            capped_in_silence,
            {api: {"limit_max": 5} for api in (*OWNED, "party", "resourceInventory", "prepayBalance")},
        ),
    ],
)
async def test_the_gateway_reads_by_the_profile(
    backends: SimulatedBackends,
    world: World,
    tmp_path: Path,
    ask: Ask,
    tell: Tell,
    expected: dict[str, dict[str, object]],
) -> None:
    """The profile that was written is what this backend has odd; by it the gateway shows a company as it is."""
    plain = await overview(world, backends, {name: getattr(backends, name) for name in NAMES}, "", tmp_path)
    assert "errors" not in plain
    async with odd(backends, ask, tell) as made:
        urls = {name: backend.url for name, backend in made.items()}
        found = await verify(urls)
        assert profile(found) == expected
        assert await overview(world, backends, urls, profiles(found), tmp_path) == plain


@pytest.mark.parametrize(
    "knobs",
    [
        {"no_batch_ids": True},
        {"empty_list_as_404": True},
        {"page_cap": 7},
        {"v5_parties": True},
        {"numeric_error_codes": True},
        {"page_cap": 7, "v5_parties": True, "no_batch_ids": True, "empty_list_as_404": True},
    ],
)
async def test_the_gateway_reads_the_simulated_habits(
    backends: SimulatedBackends, world: World, tmp_path: Path, knobs: dict[str, Any]
) -> None:
    """The same for the habits that the simulated backends can have."""
    urls = {name: getattr(backends, name) for name in NAMES}
    plain = await overview(world, backends, urls, "", tmp_path)
    assert "errors" not in plain
    turn(backends, **knobs)
    found = await verify(backends)
    turn(backends, **knobs, only="/tmf-api")
    assert await overview(world, backends, urls, profiles(found), tmp_path) == plain


@pytest.mark.parametrize(
    ("ask", "tell"), [(elsewhere, as_it_comes), (named_otherwise, as_it_comes), (without_fields, as_it_comes)]
)
async def test_without_the_profile_it_does_not(
    backends: SimulatedBackends, world: World, tmp_path: Path, ask: Ask, tell: Tell
) -> None:
    """The comparison can fail: by the default profile the gateway shows errors of such a backend."""
    async with odd(backends, ask, tell) as made:
        urls = {name: backend.url for name, backend in made.items()}
        assert (await overview(world, backends, urls, "", tmp_path))["errors"]


async def test_lists_that_want_a_filter(backends: SimulatedBackends) -> None:
    """Without a filter these lists are refused: ids that other lists show, or that are named, open them."""
    async with odd(backends, owners_wanted, as_it_comes) as made:
        found = await verify({name: backend.url for name, backend in made.items()})
        assert (found.exit_code, profile(found)) == (0, {})
        alone = await verify({"billing": made["billing"].url})
        assert {point.api for point in points(alone, Outcome.FAILS)} == {"customerBill", "prepayBalance"}
        assert points(alone, Outcome.FAILS)[0].advice.startswith("it may want a filter: name an id that it knows")
        named = await verify(
            {"billing": made["billing"].url}, samples={"account": "acc-0001-1", "product": "gss-0001-1"}
        )
        assert points(named, Outcome.FAILS) == []


async def test_another_api_at_the_base_path(backends: SimulatedBackends) -> None:
    """Rows of something else are told by their names, and no value of theirs is."""

    def something_else(request: Request, _answer: Answer) -> Answer:
        return (
            Answer(200, [{"sku": "secret-1", "price": 1}]) if request.path.endswith("/customer") else Answer(404, None)
        )

    async with odd(backends, as_it_is, something_else) as made:
        found = await verify({"crm": made["crm"].url})
    assert found.backends[0].reason.startswith(
        "none of its APIs can be read: another API, whose rows have none of these, at "
    )
    assert not re.search("secret-1|sku|price", repr(found))
    assert found.exit_code == 2


async def test_no_data_at_all(backends: SimulatedBackends) -> None:
    """A backend whose lists are all empty cannot be verified, and says that."""
    async with odd(
        backends, as_it_is, lambda request, _: Answer(200, []) if request.method == "GET" else refused("no")
    ) as made:
        found = await verify({"crm": made["crm"].url})
    assert found.backends[0].reason == "it has no data at all, so there is nothing to verify it by"
    assert found.exit_code == 2


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        (lambda offset, _limit: 0, "the first rows once more: it is ignored, for offset=1"),
        (lambda offset, limit: offset * limit, "what follows two rows: it counts pages, for offset=1"),
    ],
)
async def test_offsets(backends: SimulatedBackends, offset: Any, said: str) -> None:
    """An offset that is ignored, or counts pages, would cut lists: no setting makes up for it."""

    def ask(request: Request) -> Request:
        query = dict(request.query)
        if "offset" not in query:
            return request
        query["offset"] = str(offset(int(query["offset"]), int(query["limit"])))
        return request._replace(query=list(query.items()))

    async with odd(backends, ask, as_it_comes) as made:
        found = await verify({"crm": made["crm"].url})
    failed = {(point.api, point.came) for point in points(found, Outcome.FAILS) if "?offset" in point.where}
    assert failed == {(api, said) for api in ("customer", "party", "troubleTicket")}


async def test_a_filter_that_nothing_shows_to_be_ignored(backends: SimulatedBackends) -> None:
    """Where all records are of one owner, only the question for another owner tells that the filter has no effect."""

    def ask(request: Request) -> Request:
        if not request.path.endswith("/troubleTicket"):
            return request
        query = [("relatedParty.id", "cus-0001-1"), *(pair for pair in request.query if pair[0] != "relatedParty.id")]
        return request._replace(query=query)

    async with odd(backends, ask, as_it_comes) as made:
        found = await verify({"crm": made["crm"].url})
    failed = {(point.where, point.came) for point in points(found, Outcome.FAILS)}
    assert failed == {("GET /troubleTicket ?relatedParty.id", "rows of others came: it is ignored")}


async def test_null_is_absent(backends: SimulatedBackends) -> None:
    """An optional attribute may be null, at any depth, as the contracts say."""

    def tell(request: Request, answer: Answer) -> Answer:
        for row in answer.document if isinstance(answer.document, list) else ():
            row["description"] = None
            for entity in row.get("relatedEntity", ()):
                entity["role"] = None
        return answer

    async with odd(backends, as_it_is, tell) as made:
        found = await verify({"crm": made["crm"].url})
    assert points(found, Outcome.FAILS) == []


async def test_totals_of_the_whole_collection(backends: SimulatedBackends) -> None:
    """A total that counts too much is tolerated: the gateway goes on and never stops by it."""

    def tell(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer.document, list):
            return answer
        return Answer(206, answer.document, {"X-Total-Count": "5000", "Link": '<http://127.0.0.1:1/away>; rel="next"'})

    async with odd(backends, as_it_is, tell) as made:
        found = await verify({"crm": made["crm"].url})
    assert {(point.api, point.where.rpartition(" ")[2]) for point in points(found, Outcome.TOLERATED)} == {
        (api, "X-Total-Count") for api in ("customer", "party", "troubleTicket")
    }
    assert (found.exit_code, profile(found)) == (0, {})


async def test_a_field_that_is_missing(backends: SimulatedBackends) -> None:
    """What the contract requires and rows lack is named by its path, with how many lack it."""

    def tell(request: Request, answer: Answer) -> Answer:
        if isinstance(answer.document, list):
            for row in answer.document:
                row.pop("billDate", None)
                row.pop("taxIncludedAmount", None)
                row.pop("amountDue", None)
        return answer

    async with odd(backends, as_it_is, tell) as made:
        found = await verify({"billing": made["billing"].url})
    wrong = {(point.promise, point.expected, point.came) for point in points(found, Outcome.FAILS)}
    assert ("`billDate` is as described", "an attribute", "nothing, in 100 of 100 rows") in wrong
    assert ("`` is as described", "taxIncludedAmount or amountDue", "nothing, in 100 of 100 rows") in wrong


class Tickets:
    """Takes PATCH of one content type, for others it says 200 and changes nothing."""

    def __init__(self, content_type: str) -> None:
        self._content_type = content_type
        self.changes: dict[str, str | None] = {}

    def tell(self, request: Request, answer: Answer) -> Answer:
        """The ticket, with what was changed."""
        id = request.path.rpartition("/")[2]
        if request.method != "PATCH":
            if isinstance(answer.document, dict) and id in self.changes:
                return answer._replace(document={**answer.document, "description": self.changes[id]})
            return answer
        if request.headers["Content-Type"] == self._content_type:
            self.changes[id] = msgspec.json.decode(request.body, type=dict[str, str | None])["description"]
        return Answer(200, {"id": id})


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", {}),
        ("application/merge-patch+json", {"troubleTicket": {"patch_content_type": "application/merge-patch+json"}}),
    ],
)
async def test_patch(backends: SimulatedBackends, world: World, content_type: str, expected: dict[str, Any]) -> None:
    """Which content type changes something is tried on the ticket that was named, which is then as it was."""
    tickets = Tickets(content_type)
    async with odd(backends, as_it_is, tickets.tell) as made:
        found = await verify({"crm": made["crm"].url}, samples={"ticket": "tkt-0001-1"}, may_write=True)
        assert (found.exit_code, profile(found)) == (int(bool(expected)), expected)
        ticket = world.row("troubleTicket", "tkt-0001-1")
        assert ticket is not None
        assert tickets.changes == {"tkt-0001-1": ticket["description"]}
        patched = {request.path for request in made["crm"].asked if request.method == "PATCH"}
        assert patched == {"/tmf-api/troubleTicket/v4/troubleTicket/tkt-0001-1"}


async def test_what_was_tried_is_put_back(backends: SimulatedBackends, world: World) -> None:
    """A backend that fails after it has changed the ticket gets the old text back, and what was not told is told."""
    tickets = Tickets("application/json")
    failures = iter([False, True, True, True])

    def tell(request: Request, answer: Answer) -> Answer:
        answer = tickets.tell(request, answer)
        is_read = tickets.changes and request.method == "GET" and request.path.endswith("tkt-0001-1")
        return refused("busy", 503) if is_read and next(failures, False) else answer

    async with odd(backends, as_it_is, tell) as made:
        crm = made["crm"]
        next(failures)
        found = await verify({"crm": crm.url}, samples={"ticket": "tkt-0001-1"}, may_write=True)
    ticket = world.row("troubleTicket", "tkt-0001-1")
    assert ticket is not None
    assert tickets.changes == {"tkt-0001-1": ticket["description"]}
    assert found.exit_code == 2


def interrupted(tickets: Tickets, moment: str, cancel: Callable[[], object], *, breaks: bool = False) -> Tell:
    """A backend that somebody presses Ctrl-C in the middle of; `breaks`: after that it only fails."""
    said: list[str] = []

    def tell(request: Request, answer: Answer) -> Answer:
        if not request.path.endswith("tkt-0001-1") or not (said or request.method == "PATCH"):
            return answer
        said.append(request.method)
        is_now = {"the patch": said == ["PATCH"], "the look": said == ["PATCH", "GET"]}
        if is_now.get(moment, said == ["PATCH", "GET", "PATCH"]):
            cancel()
            if moment == "the putting back":
                return refused("busy", 503)
        elif breaks and len(said) > 1:
            return refused("no", 400)
        return tickets.tell(request, answer)

    return tell


@pytest.mark.parametrize("moment", ["the patch", "the look", "the putting back"])
async def test_ctrl_c_leaves_the_ticket_as_it_was(backends: SimulatedBackends, world: World, moment: str) -> None:
    """Whoever gives up in the middle gets the ticket back first: once it is written, while it is looked at, and where
    the backend wants to be asked again."""
    tickets, verifying = Tickets("application/json"), list[asyncio.Task[Any]]()
    tell = interrupted(tickets, moment, lambda: verifying[0].cancel())
    async with odd(backends, as_it_is, tell) as made:
        told: list[str] = []
        wish: dict[str, Any] = {"samples": {"ticket": "tkt-0001-1"}, "may_write": True, "warn": told.append}
        verifying.append(asyncio.create_task(verify({"crm": made["crm"].url}, **wish)))
        with pytest.raises(asyncio.CancelledError):
            await verifying[0]
    ticket = world.row("troubleTicket", "tkt-0001-1")
    assert ticket is not None
    assert (tickets.changes, told) == ({"tkt-0001-1": ticket["description"]}, [])


async def test_ctrl_c_says_what_is_left_to_do(backends: SimulatedBackends) -> None:
    """There will be no report, so what could not be put back is said at once, and the end is the one that was asked."""
    tickets, verifying = Tickets("application/json"), list[asyncio.Task[Any]]()
    tell = interrupted(tickets, "the patch", lambda: verifying[0].cancel(), breaks=True)
    async with odd(backends, as_it_is, tell) as made:
        told: list[str] = []
        wish: dict[str, Any] = {"samples": {"ticket": "tkt-0001-1"}, "may_write": True, "warn": told.append}
        verifying.append(asyncio.create_task(verify({"crm": made["crm"].url}, **wish)))
        with pytest.raises(asyncio.CancelledError):
            await verifying[0]
    (text,) = told
    assert text.startswith("The ticket of --ticket may not be as it was (400, a JSON object): take [contracts verify] ")


@pytest.mark.parametrize(("before", "after"), [({}, None), ({"description": None}, None), ({"description": ""}, "")])
async def test_what_was_not_there_is_not_there_again(
    backends: SimulatedBackends, before: dict[str, str | None], after: str | None
) -> None:
    """A ticket without a description gets null, which takes it away, not an empty one."""
    tickets = Tickets("application/json")

    def tell(request: Request, answer: Answer) -> Answer:
        if isinstance(answer.document, dict) and answer.document.get("id") == "tkt-0001-1":
            bare = {name: value for name, value in answer.document.items() if name != "description"}
            answer = answer._replace(document=bare | before)
        return tickets.tell(request, answer)

    async with odd(backends, as_it_is, tell) as made:
        found = await verify({"crm": made["crm"].url}, samples={"ticket": "tkt-0001-1"}, may_write=True)
    assert tickets.changes == {"tkt-0001-1": after}
    assert [point for point in points(found, Outcome.FAILS) if point.where.startswith("PATCH")] == []


async def test_no_write_is_begun_that_could_not_be_ended(backends: SimulatedBackends) -> None:
    """With few calls left nothing is written."""
    async with odd(backends, as_it_is, as_it_comes) as made:
        found = await verify({"crm": made["crm"].url}, samples={"ticket": "tkt-0001-1"}, may_write=True, calls_max=60)
        assert {request.method for request in made["crm"].asked} == {"GET"}
    (point,) = [point for point in points(found, Outcome.NOT_TRIED) if point.where.startswith("PATCH")]
    assert point.came.startswith("fewer than 30 calls are left of --calls")


async def test_a_named_id_that_is_not_there(backends: SimulatedBackends) -> None:
    """A 404 for an id that was named is put down to the id first, by its option, and to the backend only then."""
    found = await verify({"crm": backends.crm}, samples={"ticket": "nosuch", "company": "nosuch"})
    advice = "name another --{}: most likely there is none with this id; if there is, fix the backend"
    assert [(point.came, point.advice) for point in points(found, Outcome.FAILS)] == [
        (f"404, a JSON object, for the id of --{kind}", advice.format(kind)) for kind in ("company", "ticket")
    ]


async def test_a_short_retry_after(backends: SimulatedBackends) -> None:
    """The call is made again, and no sooner than the backend asks for."""
    asked_at: list[float] = []

    def ask(request: Request) -> Request | Answer:
        asked_at.append(time.monotonic())
        return Answer(429, None, {"Retry-After": "1"}) if len(asked_at) == 1 else request

    async with odd(backends, ask, as_it_comes) as made:
        found = await verify({"crm": made["crm"].url})
    assert found.exit_code == 0
    assert asked_at[1] - asked_at[0] >= 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_long_retry_after(backends: SimulatedBackends, status: int) -> None:
    """The check ends with the one call, and says when to come back."""
    async with odd(backends, lambda _: Answer(status, None, {"Retry-After": "120"}), as_it_comes) as made:
        found = await verify({"crm": made["crm"].url})
        assert len(made["crm"].asked) == 1
    assert found.exit_code == 2
    reason = f"The crm backend asks to be left alone ({status}, Retry-After): verify it again in 120 seconds at the"
    assert found.backends[0].reason.startswith(f"{reason} earliest.")


async def test_json_that_goes_too_deep(backends: SimulatedBackends) -> None:
    """An answer of a thousand levels is no list, and stops nobody."""
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    async with odd(backends, as_it_is, lambda *_: Answer(200, deep)) as made:
        found = await verify({"crm": made["crm"].url})
    assert "200, JSON of more than 100 levels" in found.backends[0].reason


async def test_nothing_is_written_unasked(backends: SimulatedBackends) -> None:
    """A ticket that is named is not changed without --write."""
    async with odd(backends, as_it_is, as_it_comes) as made:
        found = await verify({"crm": made["crm"].url}, samples={"ticket": "tkt-0001-1"})
        assert {request.method for request in made["crm"].asked} == {"GET"}
    assert [point.came for point in points(found, Outcome.NOT_TRIED)] == [
        "--write was not given; patch_content_type stays application/json"
    ]


async def test_words_that_nobody_knows(backends: SimulatedBackends) -> None:
    """Words of a backend's own are counted and not shown; mapped, they are the contract's."""

    def tell(request: Request, answer: Answer) -> Answer:
        for row in answer.document if isinstance(answer.document, list) else ():
            if row.get("status") == "closed":
                row["status"] = "Chiuso 7"
        return answer

    async with odd(backends, as_it_is, tell) as made:
        found = await verify({"crm": made["crm"].url})
        states = {"troubleTicket": {"states": {"Chiuso 7": "closed"}}}
        mapped = await verify({"crm": made["crm"].url}, {"crm": states})
    (point,) = points(found, Outcome.TOLERATED)
    assert (point.api, point.promise) == ("troubleTicket", "`status` is one of the contract's words")
    assert point.came.startswith("1 other word, in ")
    assert point.advice == "they are shown as unknown: map them in backends.crm.apis.troubleTicket.states"
    assert "Chiuso" not in repr(found)
    assert points(mapped, Outcome.TOLERATED) == []
    assert profile(mapped) == states


async def test_kinds_by_other_names(backends: SimulatedBackends) -> None:
    """Products whose kinds have other names would all be left out: no setting can be guessed, and one is named."""

    def tell(request: Request, answer: Answer) -> Answer:
        for row in answer.document if isinstance(answer.document, list) else ():
            if "productSpecification" in row:
                row["productSpecification"]["name"] = f"Altro {len(row['productSpecification']['name'])}"
        return answer

    async with odd(backends, as_it_is, tell) as made:
        found = await verify({"provisioning": made["provisioning"].url})
    (point,) = points(found, Outcome.FAILS)
    assert (point.where, point.came) == ("GET /product ?productSpecification.name", "other words only")
    assert point.advice == "set backends.provisioning.apis.productInventory.names.MobileLine and the like to your words"
    assert "Altro" not in repr(found)


async def test_the_role_of_owners(backends: SimulatedBackends) -> None:
    """Another role of those who are known as customers is found; where nobody is known, only that it is another."""

    def tell(request: Request, answer: Answer) -> Answer:
        for row in answer.document if isinstance(answer.document, list) else ():
            for party in row.get("relatedParty", ()):
                party["role"] = {"customer": "Subscriber"}.get(party["role"], party["role"])
        return answer

    async with odd(backends, as_it_is, tell) as made:
        found = await verify({name: made[name].url for name in ("crm", "provisioning")})
        alone = await verify({"provisioning": made["provisioning"].url})
    role = {"owner_role": "Subscriber"}
    assert profile(found) == {"troubleTicket": role, "productInventory": role, "resourceInventory": role}
    assert profile(alone) == {}
    assert {point.api for point in points(alone, Outcome.FAILS)} == {"productInventory", "resourceInventory"}
