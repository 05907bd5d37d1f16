"""The backends' contracts are exactly what the adapters send and read: nothing is missing, nothing is left over."""

import json
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import inspect

from gateway.adapters._call import Answer, Call
from gateway.adapters._client import BackendClient
from gateway.adapters._decoding import WireDecoder
from gateway.adapters.billing import BillingBackend
from gateway.adapters.crm import CrmBackend
from gateway.adapters.provisioning import ProvisioningBackend
from gateway.config import BackendSettings
from gateway.domain.company import CompanySearch
from gateway.domain.key import Key
from gateway.errors import BackendUnavailable
from tests.contracts.contract import BACKENDS, Json, contract, operations, resolved, validation_errors

T = TypeVar("T")

NOW = datetime(2026, 11, 24, tzinfo=UTC)
V5_ONLY = {"partyOrPartyRole", "entity"}
"""Where v5 puts references: tolerated by the adapters, and no part of contracts that speak v4."""


class Consumed(NamedTuple):
    """One call that an adapter made, and the type it would have decoded the answer to."""

    method: str
    path: str
    parameters: dict[str, list[str]]
    body: bytes | None
    answer: inspect.Type


class RecordingClient(BackendClient):
    """Keeps every call and sends none of them."""

    def __init__(self, name: str) -> None:
        settings = BackendSettings(url="http://127.0.0.1:9")
        super().__init__(name, settings, list_max_rows=100, clock=lambda: NOW)
        self.calls: list[Consumed] = []

    async def call(self, api: str, call: Call, decoder: WireDecoder[T]) -> Answer[T]:
        """As every call fails, each source goes no further than its first one."""
        parameters = parse_qs(urlsplit(call.target).query, strict_parsing="?" in call.target)
        path = self.profiles[api].base_path + call.path
        self.calls.append(Consumed(call.method, path, parameters, call.body, inspect.type_info(decoder.type)))
        raise BackendUnavailable(self.name, "nothing listens")


def adapters_of(backend: str, client: BackendClient) -> BillingBackend | ProvisioningBackend | CrmBackend:
    """All sources of a backend."""
    if backend == "billing":
        return BillingBackend(client, lambda: NOW)
    return ProvisioningBackend(client) if backend == "provisioning" else CrmBackend(client)


async def consumed(backend: str) -> list[Consumed]:
    """Every kind of call that the adapters of a backend make: each source is asked for one key, then for two."""
    client = RecordingClient(backend)
    adapters = adapters_of(backend, client)
    names = [name for name in dir(adapters) if not name.startswith("_")]
    assert names
    searches = [CompanySearch("01234500153", None, 0, 20), CompanySearch(None, "Brambilla", 0, 20)]
    for name in names:
        keys = searches if name == "companies_by_search" else [Key("org-1", "a-1"), Key("org-1", "a-2")]
        source = getattr(adapters, name)
        await source.get_many(keys[:1])
        await source.get_many(keys)
    return client.calls


Attributes = dict[str, tuple[str, bool]]
"""Path of an attribute, `relatedParty[].id` -> its kind, and whether it must be there."""


def read(type_: inspect.Type, path: str = "", required: bool = True) -> Attributes:
    """What a Struct reads."""
    match type_:
        case inspect.UnionType():
            (inner,) = [option for option in type_.types if not isinstance(option, inspect.NoneType)]
            return read(inner, path, required)
        case inspect.ListType() | inspect.VarTupleType():
            return {path: ("array", required), **read(type_.item_type, f"{path}[]")}
        case inspect.StructType():
            attributes: Attributes = {path: ("object", required)}
            for field in type_.fields:
                if field.encode_name not in V5_ONLY:
                    attributes |= read(field.type, f"{path}.{field.encode_name}", field.required)
            return attributes
    kinds: dict[type[inspect.Type], str] = {
        inspect.StrType: "string",
        inspect.DateTimeType: "date-time",
        inspect.DecimalType: "number",
        inspect.BoolType: "boolean",
        inspect.RawType: "any",
    }
    return {path: (kinds[type(type_)], required)}


def promised(document: Json, schema: Json, path: str = "", required: bool = True) -> Attributes:
    """What a schema describes."""
    schema = resolved(document, schema)
    if schema.get("type") == "array":
        return {path: ("array", required), **promised(document, schema["items"], f"{path}[]")}
    if schema.get("type") == "object":
        attributes: Attributes = {path: ("object", required)}
        for name, described in schema["properties"].items():
            attributes |= promised(document, described, f"{path}.{name}", name in schema.get("required", []))
        return attributes
    return {path: (schema.get("format") or schema.get("type", "any"), required)}


@pytest.mark.parametrize("backend", BACKENDS)
async def test_what_adapters_send_is_the_contract(backend: str) -> None:
    """The adapters use every operation and every query parameter of the contract, with its values, and no other."""
    document = contract(backend)
    calls = await consumed(backend)
    declared = {(method, path): operation for path, method, operation in operations(document)}
    assert {(call.method, call.path) for call in calls} == set(declared)
    for (method, path), operation in declared.items():
        parameters = {node["name"]: node for node in (resolved(document, p) for p in operation.get("parameters", []))}
        own = [call for call in calls if (call.method, call.path) == (method, path)]
        queried = {name for name, parameter in parameters.items() if parameter["in"] == "query"}
        assert {name for call in own for name in call.parameters} == queried, path
        for name in queried:
            sent = {value for call in own for value in call.parameters.get(name, [])}
            assert sent == set(parameters[name]["schema"].get("enum", sent)), f"{path} {name}"
        for call in own:
            if call.body is not None:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                sent_body = json.loads(call.body)
                assert validation_errors(document, schema, sent_body) == []


@pytest.mark.parametrize("backend", BACKENDS)
async def test_what_adapters_read_is_the_contract(backend: str) -> None:
    """The adapters read every attribute of the contract, of the same kind, and no other; what they cannot do without
    is required by the contract."""
    document = contract(backend)
    calls = await consumed(backend)
    for path, method, operation in operations(document):
        (answer,) = [answer for status, answer in operation["responses"].items() if status in ("200", "201")]
        described = promised(document, answer["content"]["application/json"]["schema"])
        wanted: Attributes = {}
        for call in calls:
            if (call.method, call.path) == (method, path):
                wanted |= read(call.answer)
        where = f"{method} {path}"
        assert {name: kind for name, (kind, _) in wanted.items()} == {
            name: kind for name, (kind, _) in described.items()
        }, where
        indispensable = {name for name, (_, required) in wanted.items() if required}
        assert indispensable <= {name for name, (_, required) in described.items() if required}, where
