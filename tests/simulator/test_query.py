"""TMF630 queries: filters, order, projection, pages."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.simulator.clock import SimulatedClock
from gateway.simulator.query import FILTERS, BadQuery, Documents, Query, projected, read_query
from gateway.simulator.world import Resource, World

BILLS: list[Resource] = [
    {
        "id": "b1",
        "billDate": "2026-10-01T00:00:00+02:00",
        "state": "sent",
        "category": "normal",
        "amountDue": {"value": Decimal("9.50")},
        "relatedParty": [{"id": "c1"}, {"id": "c2"}],
    },
    {
        "id": "b2",
        "billDate": "2026-09-30T23:30:00+01:00",
        "state": "sent",
        "category": "credit note",
        "amountDue": {"value": Decimal("100.00")},
        "relatedParty": [{"id": "c2"}],
    },
    {"id": "b3", "billDate": "2026-11-01T00:00:00+01:00", "state": "settled", "relatedParty": []},
]


@pytest.fixture(scope="module")
def full_world() -> World:
    """A world as it is made."""
    return World(companies=1, clock=SimulatedClock(datetime(2026, 11, 24, tzinfo=UTC)))


@pytest.fixture
def world(full_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with nothing but three bills."""
    monkeypatch.setattr(full_world, "tables", {"customerBill": {bill["id"]: bill for bill in BILLS}})
    return full_world


def found(world: World, *parameters: tuple[str, str]) -> list[str]:
    """The ids of the bills that a query selects."""
    return [row["id"] for row in Documents(world).select("customerBill", read_query("customerBill", parameters))]


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ([], ["b1", "b2", "b3"]),
        ([("id", "b2")], ["b2"]),
        ([("id", "b3,b1")], ["b3", "b1"]),
        ([("id", "b3"), ("id", "b1")], ["b3", "b1"]),
        ([("id", "b1,b1,b9")], ["b1"]),
        ([("id", "")], []),
        ([("relatedParty.id", "c2")], ["b1", "b2"]),
        ([("relatedParty.id", "c1,c2")], ["b1", "b2"]),
        ([("relatedParty.id.eq", "c1")], ["b1"]),
        ([("state", "sent"), ("relatedParty.id", "c1")], ["b1"]),
        ([("state", "settled"), ("relatedParty.id", "c1")], []),
        ([("category", "credit note")], ["b2"]),
    ],
)
def test_equality(world: World, parameters: list[tuple[str, str]], ids: list[str]) -> None:
    """Values of one attribute are alternatives, attributes must all fit, and of an array any element will do."""
    assert found(world, *parameters) == ids


@pytest.mark.parametrize(
    ("name", "bound", "ids"),
    [
        ("billDate.gte", "2026-10-01T00:00:00+02:00", ["b1", "b2", "b3"]),
        ("billDate.gt", "2026-10-01T00:00:00+02:00", ["b2", "b3"]),
        ("billDate.lt", "2026-09-30T22:30:00Z", ["b1"]),
        ("billDate.lte", "2026-09-30T22:30:00Z", ["b1", "b2"]),
        ("billDate.gte", "2026-11-01", ["b3"]),
        ("billDate.gt", "2026-11-01", []),
        ("billDate.lt", "2026-09-30T22:15:00Z,2026-09-30T22:30:00Z", ["b1"]),
        ("billDate.gt", "0001-01-01", ["b1", "b2", "b3"]),
    ],
)
def test_order_of_times(world: World, name: str, bound: str, ids: list[str]) -> None:
    """Times are compared as moments, whatever their offsets; a day begins in Rome; what is absent fits nothing."""
    assert found(world, (name, bound)) == ids


def test_conditions_combine(world: World) -> None:
    """A bound and an equality must both hold."""
    assert found(world, ("state", "sent"), ("billDate.gt", "2026-10-01T00:00:00+02:00")) == ["b2"]


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("billDate", ["b2", "b1", "b3"]),
        ("-billDate", ["b3", "b1", "b2"]),
        ("state,-id", ["b2", "b1", "b3"]),
        ("+state,id", ["b1", "b2", "b3"]),
        ("amountDue.value", ["b1", "b2", "b3"]),
        ("-amountDue.value", ["b3", "b2", "b1"]),
    ],
)
def test_sort(world: World, sort: str, ids: list[str]) -> None:
    """Attributes in turn, minus for descending; numbers by their size; without the attribute at the end."""
    assert found(world, ("sort", sort)) == ids


def test_an_index_follows_the_world(world: World) -> None:
    """What changes is found by its new value at the next query."""
    documents = Documents(world)
    paid = read_query("customerBill", [("state", "settled")])
    assert [row["id"] for row in documents.select("customerBill", paid)] == ["b3"]
    world.tables["customerBill"]["b1"] = {**BILLS[0], "state": "settled"}
    world.revision += 1
    assert [row["id"] for row in documents.select("customerBill", paid)] == ["b1", "b3"]


class CountingWorld(World):
    """A world that knows how many documents were read from it."""

    read = 0

    def rows(self, resource: str) -> Iterable[Resource]:
        """All of them."""
        self.read += len(self.tables[resource])
        return super().rows(resource)

    def row(self, resource: str, id: str) -> Resource | None:
        """One of them."""
        self.read += 1
        return super().row(resource, id)


def test_only_what_is_found_is_read() -> None:
    """A list by owner reads the owner's documents alone, of however many there are."""
    world = CountingWorld(companies=1, clock=SimulatedClock(datetime(2026, 11, 24, tzinfo=UTC)))
    documents = Documents(world)
    filters = [("relatedParty.id", "cus-0001-1"), ("productSpecification.name", "MobileLine,FixedLine")]
    assert len(documents.select("product", read_query("product", filters))) == 50
    assert world.read == 50
    assert len(documents.select("product", read_query("product", []))) == len(world.tables["product"]) > 4000


def test_each_filter_finds_what_a_scan_finds(full_world: World) -> None:
    """Every filter of every resource, asked for the values of a real world's documents, gives just the documents that
    have them.
    """
    documents = Documents(full_world)

    def values(node: Any, path: list[str]) -> set[str]:
        if isinstance(node, list):
            return {value for item in node for value in values(item, path)}
        if not path:
            return set() if node is None else {str(node)}
        return values(node.get(path[0]), path[1:]) if isinstance(node, dict) else set()

    for resource, paths in FILTERS.items():
        rows = list(full_world.rows(resource))[:2000]
        table = list(full_world.tables[resource].values())
        for path in paths:
            value = next((value for row in rows for value in sorted(values(row, path.split(".")))), "none")
            query = read_query(resource, [(path, value)])
            expected = [row["id"] for row in table if value in values(row, path.split("."))]
            assert [row["id"] for row in documents.select(resource, query)] == expected, f"{resource} by {path}"


def test_a_query_as_read() -> None:
    """Fields, sort, offset and limit are no filters."""
    parameters = [("fields", "name,state"), ("sort", "-name"), ("offset", "20"), ("limit", "10")]
    assert read_query("customer", parameters) == Query(
        conditions=(), fields=("name", "state"), sort=("-name",), offset=20, limit=10
    )


@pytest.mark.parametrize(("asked", "limit"), [([], 100), ([("limit", "5000")], 100), ([("limit", "0")], 0)])
def test_limits(asked: list[tuple[str, str]], limit: int) -> None:
    """A page has 100 rows when nothing is said, and never more."""
    assert read_query("customer", asked).limit == limit


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([("colour", "red")], "customer has no filter 'colour'; there are id, name, status, engagedParty.id."),
        ([("gte", "1")], "customer has no filter 'gte'; there are id, name, status, engagedParty.id."),
        ([("id.gt", "1")], "customer has no filter 'id.gt'; there are id, name, status, engagedParty.id."),
        ([("id.like", "1")], "customer has no filter 'id.like'; there are id, name, status, engagedParty.id."),
        ([("limit", "-1")], "'limit' is a whole number from 0 to 999999999."),
        ([("limit", "")], "'limit' is a whole number from 0 to 999999999."),
        ([("limit", "1,2")], "'limit' is a whole number from 0 to 999999999."),
        ([("offset", "²")], "'offset' is a whole number from 0 to 999999999."),
        ([("offset", "1000000000")], "'offset' is a whole number from 0 to 999999999."),
    ],
)
def test_bad_queries_are_named(parameters: list[tuple[str, str]], message: str) -> None:
    """The error names the parameter, and what there is instead."""
    with pytest.raises(BadQuery) as refused:
        read_query("customer", parameters)
    assert str(refused.value) == message


@pytest.mark.parametrize("bound", ["", "soon", "2026-10-01T00:00:00 02:00", "2026-10-01,soon"])
def test_a_bound_is_a_time(bound: str) -> None:
    """A bound that is no time is refused, such as one whose plus was not percent-encoded."""
    with pytest.raises(BadQuery) as refused:
        read_query("customerBill", [("billDate.gte", bound)])
    assert str(refused.value) == (
        "'billDate.gte' is a date-time such as 2026-10-01T00:00:00Z; a + in it is sent as %2B."
    )


def test_projection() -> None:
    """First-level attributes only; id, href and @type always come; without fields all does."""
    row = {"id": "1", "href": "/x/1", "@type": "X", "name": "n", "state": "s"}
    assert projected(row, ("name", "unknown")) == {"id": "1", "href": "/x/1", "@type": "X", "name": "n"}
    assert projected(row, ()) is row
