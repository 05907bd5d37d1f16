"""A class that the configuration names in place of a TM Forum one: found or refused by name, and never believed."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from examples.flat_billing import FlatBilling
from gateway.adapters.billing import BillingBackend
from gateway.adapters.crm import CrmBackend
from gateway.adapters.implementation import ECHO_NOTHING, given_by, implementation
from gateway.adapters.json_api import JsonApi
from gateway.adapters.provisioning import ProvisioningBackend
from gateway.app import composed
from gateway.config import BackendSettings, BackendsSettings, IdentitySettings, Settings, load_settings
from gateway.domain.balance import Balance
from gateway.domain.data_volume import DataVolume
from gateway.domain.gss_package import GssUsage
from gateway.domain.key import Key, Source
from gateway.domain.line import CustomerLine
from gateway.domain.sim import SimCodes
from gateway.errors import BackendFilterIgnored, BackendUnsupported, ConfigurationError, GatewayError, InternalError
from gateway.loaders import Billing
from gateway.store.guarded import guarded
from tests.resolvers.memory import INVOICES, LINES, MemorySource

HERE = "tests.adapters.test_implementation"
A1, A2, B1, _B2 = INVOICES
USAGE = GssUsage({"lin-1": DataVolume(5)}, None)
CODES = SimCodes("a", "cus-a", "1234", None, None, None)
STANDARDS = (BillingBackend, ProvisioningBackend, CrmBackend)


class Careless:
    """Believes whatever its backend says, and lacks most of what is asked for."""

    def __init__(self, _api: JsonApi) -> None:
        """It has tables in place of a backend."""

    @cached_property
    def invoice_by_id(self) -> Source[Key, Any]:
        """Another invoice under an id, and one of another company."""
        return MemorySource({"bil-a1": A1, "bil-a2": A1, "bil-b1": B1})

    @cached_property
    def invoices_by_account_id(self) -> Source[Key, Any]:
        """A stranger's row at the end of a list."""
        return MemorySource({"acc-a": (A1, A2), "acc-b": (B1, A1), "acc-none": ()})

    @cached_property
    def balance_by_product_id(self) -> Source[Key, Balance]:
        """Always the same one."""
        return MemorySource({"lin-1": Balance("lin-1", None), "lin-2": Balance("lin-1", None)})


class CarelessProvisioning:
    """The same, of records that are found by something that they refer to."""

    def __init__(self, _api: JsonApi) -> None:
        """It has tables in place of a backend."""

    @cached_property
    def line_by_sim_id(self) -> Source[Key, Any]:
        """Another SIM's line."""
        return MemorySource({"sim-1": LINES[0], "sim-2": LINES[0], "sim-f": LINES[5]})

    @cached_property
    def line_by_number(self) -> Source[str, Any]:
        """Its records hold no number, and no company."""
        return MemorySource({"+39": CustomerLine("cus-a", "lin-1")})

    @cached_property
    def sim_codes_by_id(self) -> Source[Key, SimCodes]:
        """Its records hold no id, but a company."""
        return MemorySource({"sim-1": CODES})


class Changing:
    """Gives whatever it is told to."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def get_many(self, keys: Sequence[Key]) -> Sequence[Any]:
        """As it was told."""
        return [self.values.get(key.id) for key in keys]


class Loose:
    """Three sources of anything."""

    def __init__(self, _api: JsonApi) -> None:
        self.source = Changing()

    @cached_property
    def invoice_by_id(self) -> Source[Key, Any]:
        """Not only invoices."""
        return self.source

    @cached_property
    def invoices_by_account_id(self) -> Source[Key, Any]:
        """Not only lists."""
        return self.source

    @cached_property
    def gss_usage_by_package_id(self) -> Source[Key, Any]:
        """Not only usage."""
        return self.source


class Plain:
    """Its sources are no cached properties, so they could not be replaced by kept ones."""

    def __init__(self, _api: JsonApi) -> None:
        """It asks nothing."""

    @property
    def invoice_by_id(self) -> None:
        """Anything."""


class Unmakeable:
    """It wants more than it is given."""


async def made(connect: Any, named: str, backend: str = "billing", standard: type[Any] = BillingBackend) -> Any:
    """The object of the class that is named."""
    async with connect(backend) as client:
        return implementation(client, named, standard)


async def test_a_module_is_what_loaders_ask_for(connect: Any) -> None:
    """The example has all of the sources, which mypy proves, each of them checked."""
    async with connect("billing") as client:
        billing: Billing = FlatBilling(JsonApi(client))
        chosen = implementation(client, "examples.flat_billing:FlatBilling", BillingBackend)
    assert type(chosen) is type(billing)
    names = [name for name, value in vars(BillingBackend).items() if isinstance(value, cached_property)]
    assert {type(getattr(chosen, name)).__name__ for name in names} == {"Checked"}


async def test_records_of_others_are_not_shown(connect: Any, logged: list[dict[str, Any]]) -> None:
    """A record under another id or of another company is none; a list with a stranger's row fails whole."""
    billing = await made(connect, f"{HERE}:Careless")
    found = await billing.invoice_by_id.get_many([Key("a", "bil-a1"), Key("a", "bil-a2"), Key("a", "bil-b1")])
    assert found == [A1, None, None]
    assert len([event for event in logged if event["event"] == "backend_rows_dropped"]) == 2
    own, foreign, none, unknown = await billing.invoices_by_account_id.get_many(
        [Key("a", "acc-a"), Key("b", "acc-b"), Key("a", "acc-none"), Key("a", "acc-x")]
    )
    assert (own, none, unknown) == ((A1, A2), (), None)
    assert isinstance(foreign, BackendFilterIgnored)
    assert "invoices_by_account_id" in foreign.message
    assert await billing.balance_by_product_id.get_many([Key("a", "lin-1"), Key("a", "lin-2")]) == [
        Balance("lin-1", None),
        None,
    ]


async def test_what_a_record_refers_to_is_looked_at(connect: Any) -> None:
    """The line of a SIM must be one that has it: a fixed line, which has none, is not. Of what does not hold its key
    the company is looked at, where it says one."""
    provisioning = await made(connect, f"{HERE}:CarelessProvisioning", "provisioning", ProvisioningBackend)
    by_sim = provisioning.line_by_sim_id
    assert await by_sim.get_many([Key("a", "sim-1"), Key("a", "sim-2"), Key("a", "sim-f")]) == [LINES[0], None, None]
    assert await provisioning.line_by_number.get_many(["+39", "+40"]) == [CustomerLine("cus-a", "lin-1"), None]
    assert await provisioning.sim_codes_by_id.get_many([Key("a", "sim-1"), Key("b", "sim-1")]) == [CODES, None]


@pytest.mark.parametrize("kind", [list, tuple])
async def test_a_list_in_any_shape_is_read_row_by_row(connect: Any, kind: Callable[[Any], Any]) -> None:
    """A stranger's row is found in a Python list too; what is handed on is a tuple, as the domain promises."""
    billing = await made(connect, f"{HERE}:Loose")
    billing.source.values = {"acc-a": kind([A1, A2]), "acc-b": kind([B1, A1]), "acc-none": kind([])}
    own, foreign, none = await billing.invoices_by_account_id.get_many(
        [Key("a", "acc-a"), Key("b", "acc-b"), Key("a", "acc-none")]
    )
    assert (own, none) == ((A1, A2), ())
    assert isinstance(foreign, BackendFilterIgnored)


@pytest.mark.parametrize(
    ("source", "given", "why"),
    [
        ("invoices_by_account_id", (each for each in [A1]), "gave generator, not a list of Invoice"),
        ("invoices_by_account_id", A1, "gave Invoice, not a list of Invoice"),
        ("invoices_by_account_id", {"acc-a": A1}, "gave dict, not a list of Invoice"),
        ("invoices_by_account_id", [A1, {"account_id": "acc-a"}], "gave dict, not Invoice"),
        ("invoices_by_account_id", [A1, None], "gave NoneType, not Invoice"),
        ("invoice_by_id", object(), "gave object, not Invoice"),
        ("invoice_by_id", [A1], "gave list, not Invoice"),
        ("invoice_by_id", Balance("bil-a1", None), "gave Balance, not Invoice"),
        ("gss_usage_by_package_id", (USAGE,), "gave tuple, not GssUsage"),
    ],
)
async def test_what_is_no_record_is_a_fault(
    connect: Any, logged: list[dict[str, Any]], source: str, given: object, why: str
) -> None:
    """It cannot be looked at, so nobody sees it: INTERNAL_ERROR for each key, and the log says what came."""
    billing = await made(connect, f"{HERE}:Loose")
    billing.source.values = {"1": given}
    with pytest.raises(TypeError, match=f"^{source} {re.escape(why)}$"):
        await getattr(billing, source).get_many([Key("a", "1")])
    (error,) = await guarded(getattr(billing, source), [Key("a", "1")])
    assert type(error) is InternalError
    assert [event["how"] for event in logged if event["event"] == "source_failed"] == ["raised"]


def test_what_echoes_nothing_is_listed() -> None:
    """The records of every other source hold what they are asked for by, and the page names those that do not."""
    echoing: set[str] = set()
    silent: set[str] = set()
    for standard in STANDARDS:
        for name in (name for name, value in vars(standard).items() if isinstance(value, cached_property)):
            record = given_by(standard, name).record
            fields = {
                field for each in (record, *record.__subclasses__()) for field in getattr(each, "__struct_fields__", ())
            }
            (echoing if name.partition("_by_")[2] in fields else silent).add(name)
    assert silent == ECHO_NOTHING
    assert "line_by_sim_id" in echoing
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "backend-not-tmf.md").read_text("utf-8")
    (listed,) = re.findall(r"hold nothing to compare: (.*?)\. ", page, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == ECHO_NOTHING


async def test_what_is_missing_says_so(connect: Any, logged: list[dict[str, Any]]) -> None:
    """Each key has an error that names the source; the log has told of it at the start."""
    billing = await made(connect, f"{HERE}:Careless")
    (told,) = [event for event in logged if event["event"] == "backend_sources_missing"]
    assert told["sources"] == ["accounts_by_company_id", "gss_usage_by_package_id"]
    found: Sequence[GatewayError] = await billing.gss_usage_by_package_id.get_many([Key("a", "1"), Key("a", "2")])
    assert {type(error) for error in found} == {BackendUnsupported}
    assert [error.message for error in found] == [
        "The billing backend does not tell this: its implementation has no gss_usage_by_package_id."
    ] * 2


WRONG = [
    ("examples.nowhere:FlatBilling", "there is no module 'examples.nowhere'; install it beside the gateway"),
    ("examples.flat_billing:FlatBiling", "the module 'examples.flat_billing' has no class 'FlatBiling'"),
    ("examples.flat_billing:KINDS", "the module 'examples.flat_billing' has no class 'KINDS'"),
    (f"{HERE}:Plain", f"invoice_by_id of {HERE}:Plain must be a functools.cached_property of its own"),
    (f"{HERE}:Unmakeable", f"{HERE}:Unmakeable cannot be made: Unmakeable() takes no arguments"),
]


@pytest.mark.parametrize(("named", "why"), WRONG)
async def test_a_wrong_name_stops_the_start(named: str, why: str) -> None:
    """The setting is named, and what to change."""
    url = "http://127.0.0.1:1"
    settings = Settings(
        backends=BackendsSettings(BackendSettings(url=url, implementation=named), *[BackendSettings(url=url)] * 2),
        identity=IdentitySettings(issuer="urn:test", jwks_url=url),
    )
    with pytest.raises(ConfigurationError) as caught:
        async with composed(settings):
            pass
    assert caught.value.message.startswith(f"backends.billing.implementation: {why}")


@pytest.mark.parametrize("text", ["import missing_of_the_module", "this is no Python", "1 / 0"])
async def test_a_module_that_cannot_be_imported(
    connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Its own fault is said with it, and is not taken for a wrong name."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_billing.py").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        await made(connect, "broken_billing:Billing")
    assert caught.value.message.startswith(
        "backends.billing.implementation: the module 'broken_billing' cannot be imported ("
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            'implementation = "flat_billing"',
            "backends.billing.implementation: 'flat_billing' is not the place of a class; "
            "write it as package.module:Class.",
        ),
        (
            'implementation = "flat.billing:Billing"\napis = { customerBill = { limit_max = 10 } }',
            "backends.billing.apis: is for TM Forum's APIs, which backends.billing.implementation does not speak; "
            "leave one of them out.",
        ),
    ],
)
def test_what_the_settings_can_tell(tmp_path: Path, lines: str, message: str) -> None:
    """A place that cannot be one, and profiles that nobody would read, are refused when settings are read."""
    file = tmp_path / "gateway.toml"
    others = "".join(f'[backends.{name}]\nurl = "http://127.0.0.1:1"\n' for name in ("provisioning", "crm"))
    identity = '[identity]\nissuer = "urn:test"\njwks_url = "http://127.0.0.1:1"\n'
    file.write_text(f'{identity}{others}[backends.billing]\nurl = "http://127.0.0.1:1"\n{lines}\n')
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, {})
    assert caught.value.message == message
