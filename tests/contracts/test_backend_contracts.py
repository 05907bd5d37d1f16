"""The backends' contracts are valid, show what they mean by examples, and call everything what TM Forum calls it."""

import re
from collections.abc import Iterator

import jsonschema_rs
import msgspec
import pytest
import schemathesis

from tests.contracts.contract import BACKENDS, CONTRACTS, Json, contract, operations, resolved, validation_errors


def bodies(document: Json) -> Iterator[tuple[str, Json]]:
    """Every JSON body that is sent or answered, with where it is."""
    for path, method, operation in operations(document):
        holders = {f"{method} {path} {status}": answer for status, answer in operation["responses"].items()}
        if "requestBody" in operation:
            holders[f"{method} {path} request"] = operation["requestBody"]
        for where, holder in holders.items():
            yield where, resolved(document, holder)["content"]["application/json"]


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
            if "properties" in described.get("items", described):
                yield f"{name}.{field}: an object stands under components, with its own x-tmf"


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
