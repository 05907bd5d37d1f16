"""The backends' contracts are valid, say what TM Forum says, and are exactly what the adapters send and read."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

import jsonschema_rs
import msgspec
import pytest
import schemathesis
import yaml
from msgspec import inspect

from gateway.adapters._call import Answer, Call
from gateway.adapters._client import BackendClient
from gateway.adapters.billing import BillingBackend
from gateway.adapters.crm import CrmBackend
from gateway.adapters.provisioning import ProvisioningBackend
from gateway.config import BackendSettings
from gateway.domain.company import CompanySearch
from gateway.domain.key import Key
from gateway.errors import BackendUnavailable

T = TypeVar("T")
Json = dict[str, Any]

CONTRACTS = Path(__file__).parents[2] / "contracts"
BACKENDS = ("billing", "provisioning", "crm")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
V5_ONLY = {"partyOrPartyRole", "entity"}
"""Where v5 puts references: tolerated by the adapters, and no part of contracts that speak v4."""


@cache
def contract(backend: str) -> Json:
    """The parsed document of a backend."""
    document: Json = yaml.safe_load((CONTRACTS / f"{backend}.yaml").read_text())
    return document


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation object of everything that can be called."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def resolved(document: Json, node: Json) -> Json:
    """The node itself, or what its `$ref` leads to in the same document."""
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def bodies(document: Json) -> Iterator[tuple[str, Json]]:
    """Every JSON body that is sent or answered, with where it is."""
    for path, method, operation in operations(document):
        holders = {f"{method} {path} {status}": answer for status, answer in operation["responses"].items()}
        if "requestBody" in operation:
            holders[f"{method} {path} request"] = operation["requestBody"]
        for where, holder in holders.items():
            yield where, resolved(document, holder)["content"]["application/json"]


def validation_errors(document: Json, schema: Json, example: Any) -> list[str]:
    """What is wrong with an example; formats count."""
    rooted = {**schema, "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(rooted, validate_formats=True)
    return [error.message for error in validator.iter_errors(example)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_contract_is_openapi_3_1(backend: str) -> None:
    """Each contract is a valid OpenAPI 3.1 document of valid JSON Schemas, in which every operation has its own id."""
    document = contract(backend)
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_body_has_a_valid_example(backend: str) -> None:
    """Every request and every answer is shown by an example that its own schema accepts."""
    document = contract(backend)
    for where, body in bodies(document):
        assert body.get("examples"), f"{where} has no example"
        for name, example in body["examples"].items():
            value = resolved(document, example)["value"]
            assert validation_errors(document, body["schema"], value) == [], f"{where}, example {name}"


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_schema_has_a_valid_example(backend: str) -> None:
    """Every schema is shown by an example that it accepts, and so is every parameter that takes free values."""
    document = contract(backend)
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("examples"), f"{name} has no example"
        for example in schema["examples"]:
            assert validation_errors(document, schema, example) == [], name
    for path, _, operation in operations(document):
        for parameter in (resolved(document, node) for node in operation.get("parameters", [])):
            if "enum" not in parameter["schema"]:
                assert validation_errors(document, parameter["schema"], parameter["example"]) == [], path


def names_without_a_source(document: Json, official: dict[str, dict[str, list[str]]]) -> Iterator[str]:
    """Properties that TM Forum's schemas don't have and that give no reason for being an extension."""
    for name, schema in document["components"]["schemas"].items():
        if schema["type"] == "array":
            continue
        sources = [official[f"{tmf['api']} v{tmf['version']}"][tmf["schema"]] for tmf in schema["x-tmf"]]
        for field, described in schema["properties"].items():
            is_official = all(field in source for source in sources)
            if not is_official and not described.get("x-extension-reason"):
                yield f"{name}.{field}"
            if resolved(document, described.get("items", described)).get("properties") and "properties" in described:
                yield f"{name}.{field}: an object of its own belongs under components, with its x-tmf"


def official_names() -> dict[str, dict[str, list[str]]]:
    """API and version -> schema -> the properties that it has in TM Forum's own file."""
    return msgspec.json.decode((CONTRACTS / "tmf-names.json").read_bytes(), type=dict[str, dict[str, list[str]]])


@pytest.mark.parametrize("backend", BACKENDS)
def test_names_are_tm_forums(backend: str) -> None:
    """Every field of a contract is in TM Forum's official file, or says why it is not."""
    assert list(names_without_a_source(contract(backend), official_names())) == []


def test_a_misspelt_field_is_found_and_an_extension_needs_a_reason() -> None:
    """A field that TM Forum does not have is reported, unless the contract gives the reason for it."""
    bill: Json = {
        "type": "object",
        "x-tmf": [{"api": "TMF678", "version": "4.0.0", "schema": "CustomerBill"}],
        "properties": {"billNo": {}, "bilDate": {}, "pdf": {"x-extension-reason": "no document API"}},
    }
    document = {"components": {"schemas": {"CustomerBill": bill}}}
    assert list(names_without_a_source(document, official_names())) == ["CustomerBill.bilDate"]


def test_changelog_names_the_versions() -> None:
    """The newest entry of the changelog of each contract is the version that the contract says, a semantic one."""
    changelog = (CONTRACTS / "CHANGELOG.md").read_text()
    newest = {backend: re.findall(rf"^## {backend} (\S+) ", changelog, re.MULTILINE)[0] for backend in BACKENDS}
    assert newest == {backend: contract(backend)["info"]["version"] for backend in BACKENDS}
    assert all(re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version) for version in newest.values())


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

    async def call(self, api: str, call: Call, decoder: msgspec.json.Decoder[T]) -> Answer[T]:
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
        inspect.CustomType: "date-time",
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
