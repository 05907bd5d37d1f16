"""Provisioning's documents, as domain records."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gateway.adapters.provisioning import ProvisioningBackend
from gateway.domain.data_volume import DataVolume
from gateway.domain.gss_package import GssPackage, GssPackageState
from gateway.domain.key import Key
from gateway.domain.line import CustomerLine, FixedLine, LineState, MobileLine, PaymentType, TariffPlan
from gateway.domain.line_option import LineOption
from gateway.domain.sim import Sim, SimCodes, SimState
from gateway.errors import BackendContractBroken, BackendFilterIgnored


def party(id: str, role: str = "customer", kind: str = "Customer") -> dict[str, Any]:
    """A related party as v4 has it."""
    return {"id": id, "role": role, "@referredType": kind}


def party_v5(id: str, role: str = "customer") -> dict[str, Any]:
    """A related party as v5 has it."""
    reference = {"id": id, "@referredType": "Customer"}
    return {"role": role, "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole": reference}


MOBILE = {
    "id": "lin-1",
    "name": "Linea mobile",
    "status": "active",
    "startDate": "2024-03-01T09:30:00+01:00",
    "productOffering": {"id": "po-1", "name": "Azienda 50"},
    "productSpecification": {"id": "ps-1", "name": "MobileLine"},
    "relatedParty": [party("cus-1")],
    "productCharacteristic": [{"name": "paymentType", "value": "prepaid"}],
    "realizingResource": [
        {"id": "sim-1", "@referredType": "PhysicalResource"},
        {"id": "num-1", "value": "+393451234567", "@referredType": "LogicalResource"},
    ],
    "productRelationship": [
        {"relationshipType": "bundles", "product": {"id": "opt-1"}},
        {"relationshipType": "bundles", "product": {"id": "opt-2"}},
        {"relationshipType": "bundledBy", "product": {"id": "gss-1"}},
    ],
}

MOBILE_LINE = MobileLine(
    company_id="org-1",
    id="lin-1",
    customer_id="cus-1",
    number="+393451234567",
    state=LineState.ACTIVE,
    plan=TariffPlan("Azienda 50"),
    activated_at=datetime(2024, 3, 1, 8, 30, tzinfo=UTC),
    option_ids=("opt-1", "opt-2"),
    payment_type=PaymentType.PREPAID,
    sim_id="sim-1",
    gss_package_id="gss-1",
)

FIXED = {
    "id": "fix-1",
    "status": "pendingActive",
    "productSpecification": {"id": "ps-2", "name": "FixedLine"},
    "relatedParty": [party("cus-1")],
    "productCharacteristic": [{"name": "msisdn", "value": "+390212345678"}],
    "place": [{"id": "plc-1", "name": "Via Dante 7, 20121 Milano MI", "role": "installationAddress"}],
}

FIXED_LINE = FixedLine(
    company_id="org-1",
    id="fix-1",
    customer_id="cus-1",
    number="+390212345678",
    state=LineState.PENDING,
    plan=None,
    activated_at=None,
    option_ids=(),
    address="Via Dante 7, 20121 Milano MI",
)

OPTION = {
    "id": "opt-1",
    "name": "Giga extra",
    "status": "active",
    "productSpecification": {"name": "LineOption"},
    "relatedParty": [party("cus-1")],
    "productRelationship": [{"relationshipType": "reliesOn", "product": {"id": "lin-1"}}],
}

PACKAGE = {
    "id": "gss-1",
    "isBundle": True,
    "status": "active",
    "startDate": "2025-01-01T00:00:00",
    "productOffering": {"id": "po-2", "name": "Giga Smart Share 500"},
    "productSpecification": {"name": "GssPackage"},
    "relatedParty": [party("cus-1")],
    "productCharacteristic": [
        {"name": "allowanceGb", "value": 500},
        {"name": "extraGb", "value": "12.5"},
        {"name": "referentMsisdn", "value": "+393451234567"},
    ],
    "productRelationship": [{"relationshipType": "bundles", "product": {"id": "lin-1"}}],
}

GSS_PACKAGE = GssPackage(
    company_id="org-1",
    id="gss-1",
    customer_id="cus-1",
    name="Giga Smart Share 500",
    state=GssPackageState.ACTIVE,
    activated_at=datetime(2024, 12, 31, 23, 0, tzinfo=UTC),
    allowance=DataVolume(500_000_000_000),
    extra=DataVolume(12_500_000_000),
    contact_phone="+393451234567",
    line_ids=("lin-1",),
)

SIM = {
    "id": "sim-1",
    "category": "SIM",
    "serialNumber": "8939010000000000017",
    "resourceStatus": "available",
    "startOperatingDate": "2024-03-01T09:30:00+01:00",
    "relatedParty": [party("cus-1")],
    "resourceCharacteristic": [
        {"name": "PIN1", "value": "0123"},
        {"name": "PUK1", "value": "12345678"},
        {"name": "pin2", "value": 4567},
        {"name": "IMSI", "value": "222010000000001"},
    ],
}


async def one(server: Any, connect: Any, source: str, row: dict[str, Any], apis: Any = None, **changes: Any) -> Any:
    """What a source makes of a row with some members changed; None drops one."""
    row = {name: value for name, value in {**row, **changes}.items() if value is not None}
    server.rows["resource" if source.startswith("sim") else "product"] = [row]
    async with connect("provisioning", apis=apis or {}) as client:
        (found,) = await getattr(ProvisioningBackend(client), source).get_many([Key("org-1", row["id"])])
    return found


async def test_a_mobile_line(server: Any, connect: Any) -> None:
    """Every field."""
    assert await one(server, connect, "line_by_id", MOBILE) == MOBILE_LINE


async def test_a_fixed_line(server: Any, connect: Any) -> None:
    """Its number may stand in a characteristic, its address is the place's name."""
    assert await one(server, connect, "line_by_id", FIXED) == FIXED_LINE


@pytest.mark.parametrize(
    ("members", "changes"),
    [
        ({"status": "created"}, {"state": LineState.PENDING}),
        ({"status": "suspended"}, {"state": LineState.SUSPENDED}),
        ({"status": "pendingTerminate"}, {"state": LineState.TERMINATING}),
        ({"status": "terminated"}, {"state": LineState.TERMINATED}),
        ({"status": "cancelled"}, {"state": LineState.CANCELLED}),
        ({"status": "aborted "}, {"state": LineState.CANCELLED}),
        ({"status": "ACTIVE"}, {}),
        ({"status": "New"}, {"state": LineState.UNKNOWN}),
        ({"productOffering": None}, {"plan": None}),
        ({"realizingResource": None}, {"sim_id": None, "number": None}),
        ({"productRelationship": None}, {"option_ids": (), "gss_package_id": None}),
        ({"productCharacteristic": None}, {"payment_type": PaymentType.UNKNOWN}),
        (
            {"productCharacteristic": [{"name": "PAYMENTTYPE", "value": "Postpaid"}]},
            {"payment_type": PaymentType.POSTPAID},
        ),
        (
            {"productCharacteristic": [{"name": "paymentType", "value": {"a": 1}}]},
            {"payment_type": PaymentType.UNKNOWN},
        ),
        ({"relatedParty": [party("u", "user", "Individual"), party("cus-1")]}, {}),
        ({"relatedParty": [party_v5("u", "user"), party_v5("cus-1")]}, {}),
        ({"relatedParty": [{"id": "cus-1", "@referredType": "Customer"}]}, {}),
    ],
)
async def test_what_differs_in_a_line(
    server: Any, connect: Any, members: dict[str, Any], changes: dict[str, Any]
) -> None:
    """States, absent members, and the places where v4 and v5 have the customer."""
    found = await one(server, connect, "line_by_id", MOBILE, **members)
    assert found == msgspec.structs.replace(MOBILE_LINE, **changes)


async def test_names_of_a_profile(server: Any, connect: Any) -> None:
    """Characteristics, kinds, roles and relationships under a backend's own names."""
    names = {"paymentType": "tipoPagamento", "prepaid": "RICARICABILE", "MobileLine": "SIM_VOICE", "bundles": "has"}
    apis = {"productInventory": {"names": names, "states": {"Attiva": "active"}, "owner_role": "intestatario"}}
    row = {
        **MOBILE,
        "status": "ATTIVA",
        "productSpecification": {"name": "SIM_VOICE"},
        "relatedParty": [party("x"), party("cus-1", "Intestatario")],
        "productCharacteristic": [{"name": "tipoPagamento", "value": "ricaricabile"}],
        "productRelationship": [{"relationshipType": "has", "product": {"id": "opt-1"}}],
    }
    found = await one(server, connect, "line_by_id", row, apis)
    assert found == msgspec.structs.replace(MOBILE_LINE, option_ids=("opt-1",), gss_package_id=None)


@pytest.mark.parametrize("source", ["line_by_id", "option_by_id", "gss_package_by_id"])
async def test_products_of_another_kind(server: Any, connect: Any, source: str, logged: list[dict[str, Any]]) -> None:
    """A device is no line, no option and no package; it is counted as dropped."""
    device = {**MOBILE, "productSpecification": {"name": "Device"}}
    assert await one(server, connect, source, device) is None
    assert [event["rows"] for event in logged if event["event"] == "backend_rows_dropped"] == [1]


@pytest.mark.parametrize(
    ("source", "row"),
    [
        ("line_by_id", MOBILE),
        ("line_by_id", FIXED),
        ("option_by_id", OPTION),
        ("gss_package_by_id", PACKAGE),
        ("sim_by_id", SIM),
        ("sim_codes_by_id", SIM),
    ],
)
@pytest.mark.parametrize("parties", [None, [], [party("u", "user", "Individual")]])
async def test_a_row_without_a_customer(
    server: Any, connect: Any, source: str, row: dict[str, Any], parties: Any
) -> None:
    """Nobody's record is given to nobody."""
    assert await one(server, connect, source, row, relatedParty=parties) is None


async def test_an_option(server: Any, connect: Any) -> None:
    """By its offering's name, else its own."""
    found = await one(server, connect, "option_by_id", OPTION)
    assert found == LineOption("org-1", "opt-1", "cus-1", "Giga extra", LineState.ACTIVE, None)
    offering = {"id": "po", "name": "Giga 10"}
    assert (await one(server, connect, "option_by_id", OPTION, productOffering=offering)).name == "Giga 10"


async def test_a_package(server: Any, connect: Any) -> None:
    """Sizes as numbers or text; a time without an offset is Europe/Rome's."""
    assert await one(server, connect, "gss_package_by_id", PACKAGE) == GSS_PACKAGE


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("created", GssPackageState.PENDING),
        ("pendingActive", GssPackageState.PENDING),
        ("suspended", GssPackageState.SUSPENDED),
        ("pendingTerminate", GssPackageState.ACTIVE),
        ("terminated", GssPackageState.TERMINATED),
        ("cancelled", GssPackageState.TERMINATED),
        ("aborted ", GssPackageState.TERMINATED),
        ("?", GssPackageState.UNKNOWN),
    ],
)
async def test_states_of_a_package(server: Any, connect: Any, status: str, state: GssPackageState) -> None:
    """A package that is about to end can still be used."""
    assert (await one(server, connect, "gss_package_by_id", PACKAGE, status=status)).state is state


@pytest.mark.parametrize("value", ["much", "NaN", "1e99", None, True, {"gb": 5}, [1]])
async def test_a_size_that_is_no_number(server: Any, connect: Any, value: Any) -> None:
    """It is not known; the package is still there."""
    row = {**PACKAGE, "productCharacteristic": [{"name": "allowanceGb", "value": value}, {"name": "extraGb"}]}
    found = await one(server, connect, "gss_package_by_id", row)
    assert (found.allowance, found.extra) == (None, None)


async def test_a_sim(server: Any, connect: Any) -> None:
    """Without its codes: they are not asked for, and cannot be held."""
    found = await one(server, connect, "sim_by_id", SIM)
    activated_at = datetime(2024, 3, 1, 8, 30, tzinfo=UTC)
    assert found == Sim("org-1", "sim-1", "cus-1", "8939010000000000017", SimState.ACTIVE, activated_at)
    assert server.seen[0].target.partition("fields=")[2] == (
        "id,category,serialNumber,resourceStatus,startOperatingDate,relatedParty"
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("standby", SimState.STANDBY),
        ("reserved", SimState.RESERVED),
        ("suspended", SimState.SUSPENDED),
        ("alarm", SimState.UNKNOWN),
        ("unknown", SimState.UNKNOWN),
        (None, SimState.UNKNOWN),
    ],
)
async def test_states_of_a_sim(server: Any, connect: Any, word: str | None, state: SimState) -> None:
    """Words that say nothing of use are unknown."""
    assert (await one(server, connect, "sim_by_id", SIM, resourceStatus=word)).state is state


@pytest.mark.parametrize("members", [{"category": "handset"}, {"serialNumber": None}])
async def test_hardware_that_is_no_sim(server: Any, connect: Any, members: dict[str, Any]) -> None:
    """Resources of another category, and those without an ICCID, are no SIMs."""
    assert await one(server, connect, "sim_by_id", SIM, **members) is None


async def test_sim_codes(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """PIN and PUK keep their leading zeros; nothing of them is logged or shown."""
    found = await one(server, connect, "sim_codes_by_id", SIM)
    assert found == SimCodes("org-1", "cus-1", "0123", "12345678", "4567", None)
    assert server.seen[0].target.partition("fields=")[2] == "id,relatedParty,resourceCharacteristic"
    assert "12345678" not in f"{logged}{found!r}"


async def test_lines_of_a_customer(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """Both kinds in one list, asked for by name; a line that only mentions the customer is another's."""
    theirs = {**MOBILE, "id": "lin-9", "relatedParty": [party("cus-9"), party("cus-1", "user")]}
    server.rows["product"] = [MOBILE, FIXED, OPTION, PACKAGE, theirs]
    async with connect("provisioning") as client:
        found = await ProvisioningBackend(client).lines_by_customer_id.get_many([Key("org-1", "cus-1")])
    assert found == [(MOBILE_LINE, FIXED_LINE)]
    assert server.seen[0].query == [
        "relatedParty.id=cus-1",
        "productSpecification.name=MobileLine,FixedLine",
        "offset=0",
        "limit=100",
    ]
    assert [event["rows"] for event in logged if event["event"] == "backend_rows_dropped"] == [1]


async def test_lines_where_words_are_repeated(server: Any, connect: Any) -> None:
    """A backend without commas gets the filter's name once for each kind, under its own names."""
    server.separator = None
    server.rows["product"] = [MOBILE, FIXED]
    apis = {"productInventory": {"batch_ids": "repeat", "names": {"productSpecification.name": "specName"}}}
    server.ignored = {"specName"}
    async with connect("provisioning", apis=apis) as client:
        found = await ProvisioningBackend(client).lines_by_customer_id.get_many([Key("org-1", "cus-1")])
    assert found == [(MOBILE_LINE, FIXED_LINE)]
    assert server.seen[0].query[1:3] == ["specName=MobileLine", "specName=FixedLine"]


async def test_lines_of_a_v5_backend(server: Any, connect: Any) -> None:
    """The filter follows the version's path."""
    server.rows["product"] = [{**MOBILE, "relatedParty": [party_v5("cus-1")]}]
    async with connect("provisioning", apis={"productInventory": {"version": "v5"}}) as client:
        found = await ProvisioningBackend(client).lines_by_customer_id.get_many([Key("org-1", "cus-1")])
    assert found == [(MOBILE_LINE,)]
    assert server.seen[0].query[0] == "relatedParty.partyOrPartyRole.id=cus-1"


async def test_lines_of_others(server: Any, connect: Any) -> None:
    """An ignored filter is an error, never another company's lines."""
    server.rows["product"] = [MOBILE, {**MOBILE, "id": "lin-9", "relatedParty": [party("cus-9")]}]
    server.ignored = {"relatedParty.id"}
    async with connect("provisioning") as client:
        (found,) = await ProvisioningBackend(client).lines_by_customer_id.get_many([Key("org-1", "cus-1")])
    assert isinstance(found, BackendFilterIgnored)
    assert "backends.provisioning.apis.productInventory.owner_parameter" in found.message


async def test_one_unreadable_row_breaks_the_list(server: Any, connect: Any) -> None:
    """A list with a row left out would be wrong; the error says which row."""
    server.rows["product"] = [MOBILE, {**MOBILE, "id": "lin-2", "status": 7}]
    async with connect("provisioning") as client:
        (found,) = await ProvisioningBackend(client).lines_by_customer_id.get_many([Key("org-1", "cus-1")])
    assert isinstance(found, BackendContractBroken)
    assert "`$[1].status`" in found.message


async def test_packages_of_a_customer(server: Any, connect: Any) -> None:
    """Packages only."""
    server.rows["product"] = [MOBILE, PACKAGE]
    async with connect("provisioning") as client:
        found = await ProvisioningBackend(client).gss_packages_by_customer_id.get_many([Key("org-1", "cus-1")])
    assert found == [(GSS_PACKAGE,)]
    assert server.seen[0].query[1] == "productSpecification.name=GssPackage"


ENDED = {**MOBILE, "id": "lin-0", "status": "terminated", "startDate": "2026-01-01T00:00:00Z"}
OLDER = {**MOBILE, "id": "lin-2", "status": "suspended", "startDate": "2020-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("rows", "line_id"),
    [([ENDED, MOBILE, OLDER], "lin-1"), ([ENDED, OLDER], "lin-2"), ([ENDED], "lin-0"), ([OPTION], None), ([], None)],
)
async def test_the_line_in_use(server: Any, connect: Any, rows: list[dict[str, Any]], line_id: str | None) -> None:
    """Numbers and SIMs are given out again: a line that has not ended comes first, then the newest."""
    server.rows["product"] = rows
    async with connect("provisioning") as client:
        provisioning = ProvisioningBackend(client)
        (by_number,) = await provisioning.line_by_number.get_many(["+393451234567"])
        (by_sim,) = await provisioning.line_by_sim_id.get_many([Key("org-1", "sim-1")])
    assert by_number == (None if line_id is None else CustomerLine("cus-1", line_id))
    assert (by_sim.id if isinstance(by_sim, MobileLine) else by_sim) == line_id
    assert [seen.query[0] for seen in server.seen] == [
        "realizingResource.value=%2B393451234567",
        "realizingResource.id=sim-1",
    ]


async def test_a_number_filter_that_is_ignored(server: Any, connect: Any) -> None:
    """Another's line is never taken for the one with the number; the profile can name the filter."""
    server.rows["product"] = [MOBILE]
    server.ignored = {"realizingResource.value", "msisdn"}
    async with connect("provisioning") as client:
        (found,) = await ProvisioningBackend(client).line_by_number.get_many(["+390000000000"])
    assert isinstance(found, BackendFilterIgnored)
    assert 'backends.provisioning.apis.productInventory.names."realizingResource.value"' in found.message
    apis = {"productInventory": {"names": {"realizingResource.value": "msisdn"}}}
    async with connect("provisioning", apis=apis) as client:
        (place,) = await ProvisioningBackend(client).line_by_number.get_many(["+393451234567"])
    assert place == CustomerLine("cus-1", "lin-1")
    assert server.seen[-1].query[0] == "msisdn=%2B393451234567"
