"""What a new version of a contract asks of backends that kept the old one, and what its number has to do."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.contract_kit.change import Change, Effect, changes
from gateway.contract_kit.contract import Contract, read_contract
from gateway.contract_kit.report_changes import changes_report
from gateway.contract_kit.version_rule import version_verdict
from gateway.errors import ConfigurationError
from tests.contracts.contract import BACKENDS, contract

Json = dict[str, Any]

PATH = "/things"
OLD: Json = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1.2.3"},
    "paths": {
        PATH: {
            "get": {
                "tags": ["thing"],
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {"name": "fields", "in": "query", "schema": {"type": "string", "enum": ["id,name"]}},
                    {"name": "kind", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Things"}}}},
                    "206": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Things"}}}},
                    "404": {"content": {"application/json": {"schema": {"type": "object"}}}},
                },
            },
            "post": {
                "tags": ["thing"],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"201": {"content": {"application/json": {"schema": {"type": "object"}}}}},
            },
        }
    },
    "components": {
        "schemas": {
            "Things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
            "Thing": {
                "type": "object",
                "description": "A thing.",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "minLength": 1},
                    "name": {"type": "string"},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                },
            },
        }
    },
}

THING = OLD["components"]["schemas"]["Thing"]


def changed(change: Callable[[Json], object], version: str = "1.2.3") -> tuple[Contract, Contract]:
    """The contract, and the same after a change."""
    document = copy.deepcopy(OLD)
    change(document)
    document["info"]["version"] = version
    return Contract(OLD, "old"), Contract(document, "new")


def get(document: Json) -> Json:
    """The operation that lists."""
    operation: Json = document["paths"][PATH]["get"]
    return operation


def thing(document: Json) -> Json:
    """The schema of one."""
    schema: Json = document["components"]["schemas"]["Thing"]
    return schema


def given(document: Json) -> Json:
    """The schema that is answered, apart from the one that is sent."""
    schemas = document["components"]["schemas"]
    schemas["Given"] = copy.deepcopy(THING)
    schemas["Given"]["properties"]["parts"]["items"] = {"$ref": "#/components/schemas/Given"}
    schemas["Things"]["items"] = {"$ref": "#/components/schemas/Given"}
    given: Json = schemas["Given"]
    return given


ANSWERS = ("GET /things 200", "GET /things 206")


@pytest.mark.parametrize(
    ("change", "effect", "wheres", "what"),
    [
        (
            lambda d: given(d)["required"].append("name"),
            Effect.BREAKING,
            [f"{a} `[].name`" for a in ANSWERS],
            "it has to be there",
        ),
        (
            lambda d: (
                given(d)["properties"].update(code={"type": "string"})
                or d["components"]["schemas"]["Given"]["required"].append("code")
            ),
            Effect.BREAKING,
            [f"{a} `[].code`" for a in ANSWERS],
            "it is new, and has to be there",
        ),
        (
            lambda d: given(d)["properties"]["name"].update(type="integer"),
            Effect.BREAKING,
            [f"{a} `[].name`" for a in ANSWERS],
            'type was "string", is "integer"',
        ),
        (
            lambda d: given(d)["properties"]["name"].update(enum=["x"]),
            Effect.BREAKING,
            [f"{a} `[].name`" for a in ANSWERS],
            'enum was nothing, is ["x"]',
        ),
        (
            lambda d: given(d)["properties"]["name"].update(type=["string", "number"]),
            Effect.LOOSER,
            [f"{a} `[].name`" for a in ANSWERS],
            'type was "string", is ["string","number"]',
        ),
        (
            lambda d: given(d)["properties"]["id"].pop("minLength"),
            Effect.LOOSER,
            [f"{a} `[].id`" for a in ANSWERS],
            "minLength was 1, is nothing",
        ),
        (
            lambda d: given(d)["properties"].update(code={"type": "string"}),
            Effect.NEW,
            [f"{a} `[].code`" for a in ANSWERS],
            "it is read",
        ),
        (
            lambda d: given(d)["properties"].pop("name"),
            Effect.GONE,
            [f"{a} `[].name`" for a in ANSWERS],
            "it is no longer read",
        ),
        (lambda d: get(d)["responses"].pop("206"), Effect.BREAKING, ["GET /things 206"], "it is no answer any more"),
        (lambda d: get(d)["responses"].pop("404"), Effect.GONE, ["GET /things 404"], "it is no answer any more"),
        (
            lambda d: get(d)["parameters"][0]["schema"].update(maximum=500),
            Effect.BREAKING,
            ["GET /things ?limit"],
            "maximum was 100, is 500: other values are sent",
        ),
        (
            lambda d: get(d)["parameters"][0]["schema"].update(maximum=50),
            Effect.LOOSER,
            ["GET /things ?limit"],
            "maximum was 100, is 50: less is sent",
        ),
        (
            lambda d: get(d)["parameters"][2]["schema"]["items"].update(enum=["a", "b", "c"]),
            Effect.NEW,
            ["GET /things ?kind[]"],
            'enum was ["a","b"], is ["a","b","c"]: more words are sent',
        ),
        (
            lambda d: get(d)["parameters"][1]["schema"].update(enum=["id,name,parts"]),
            Effect.NEW,
            ["GET /things ?fields"],
            "`parts` is asked for",
        ),
        (
            lambda d: get(d)["parameters"].append({"name": "since", "in": "query", "schema": {"type": "string"}}),
            Effect.NEW,
            ["GET /things ?since"],
            "it is sent",
        ),
        (lambda d: get(d)["parameters"].pop(0), Effect.GONE, ["GET /things ?limit"], "it is no longer sent"),
        (
            lambda d: d["paths"].update({"/others": {"get": OLD["paths"][PATH]["get"]}}),
            Effect.NEW,
            ["GET /others"],
            "it is asked",
        ),
        (lambda d: d["paths"][PATH].pop("post"), Effect.GONE, ["POST /things"], "it is no longer asked"),
        (
            lambda d: d["paths"][PATH]["post"].pop("requestBody"),
            Effect.BREAKING,
            ["POST /things body"],
            "it is no longer sent",
        ),
    ],
)
def test_one_change(change: Callable[[Json], object], effect: Effect, wheres: list[str], what: str) -> None:
    """Each kind of change is told once for each place, with what it means for a backend that kept the old contract."""
    assert changes(*changed(change)) == [Change(effect, where, what) for where in wheres]


def test_what_is_sent_may_be_left_out() -> None:
    """An attribute of a body that may be missing breaks a backend that counts on it; in an answer it breaks nobody."""
    found = changes(*changed(lambda document: thing(document).pop("required")))
    assert [(change.effect, change.where) for change in found] == [
        (Effect.BREAKING, "POST /things body `id`"),
        *((Effect.LOOSER, f"{answer} `[].id`") for answer in ANSWERS),
    ]


def test_words_are_no_changes() -> None:
    """Descriptions, examples and extensions change nothing that a backend has to do."""
    old, new = changed(
        lambda document: thing(document).update({"description": "Otherwise.", "examples": [{"id": "1"}], "x-note": 1})
    )
    assert changes(old, new) == []


@pytest.mark.parametrize(
    ("change", "version", "verdict"),
    [
        (
            lambda d: given(d)["required"].append("name"),
            "2.0.0",
            "the version went from 1.2.3 to 2.0.0, as it should: ",
        ),
        (
            lambda d: given(d)["required"].append("name"),
            "1.3.0",
            "the version went from 1.2.3 to 1.3.0; it should be 2.0.0: ",
        ),
        (
            lambda d: given(d)["properties"].update(code={}),
            "1.3.0",
            "the version went from 1.2.3 to 1.3.0, as it should: ",
        ),
        (
            lambda d: given(d)["properties"].update(code={}),
            "1.2.4",
            "the version went from 1.2.3 to 1.2.4; it should be 1.3.0: ",
        ),
        (lambda d: d["info"].update(title="Others"), "1.2.4", "the version went from 1.2.3 to 1.2.4, as it should: "),
        (
            lambda d: d["info"].update(title="Others"),
            "1.2.3",
            "the version went from 1.2.3 to 1.2.3; it should be 1.2.4: ",
        ),
        (lambda d: None, "1.2.3", "both are 1.2.3, and the same"),
        (lambda d: d["info"].update(title="Others"), "next", "versions are three numbers such as 1.0.0, not 'next'"),
    ],
)
def test_the_version(change: Callable[[Json], object], version: str, verdict: str) -> None:
    """The number that the changelog's rule asks for is compared with what the contract says."""
    old, new = changed(change, version)
    assert version_verdict(old, new, changes(old, new)).startswith(verdict)


def test_the_report() -> None:
    """What breaks comes first, the version last."""
    old, new = changed(lambda d: (given(d)["required"].append("name"), get(d)["parameters"].pop(0)))
    found = changes(old, new)
    report = changes_report(found, version_verdict(old, new, found))
    assert report.startswith(
        "BREAKING: a backend that keeps the old contract does not keep the new one\n  GET /things 200 `[].name`\n"
    )
    assert report.index("GONE") > report.index("BREAKING")
    assert report.endswith("it should be 2.0.0: because a backend that kept the contract no longer does.\n")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_contract_is_itself(backend: str) -> None:
    """No contract of ours differs from itself."""
    same = Contract(contract(backend), backend)
    assert changes(same, same) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is neither YAML nor JSON (line 2)."),
        ("[]", "is no OpenAPI document; it has no paths."),
        ("openapi: 3.1.0", "is no OpenAPI document; it has no paths."),
        (
            "paths: {/a: {get: {responses: {'200': {$ref: '#/components/none'}}}}}",
            "#/components/none leads nowhere.",
        ),
        ('{"openapi": "3.0.0", "paths": {"/x": 5}}', "paths./x: is no object."),
        ("{info: 5, paths: {}}", "info: is no object."),
        ("paths: {/x: {get: 5}}", "paths./x.get: is no object."),
        ("paths: {/x: {get: {}}}", "paths./x.get: has no `responses`."),
        ("paths: {/x: {parameters: [{name: limit}]}}", "paths./x.parameters[0].in: is no text."),
        ("paths: {/x: {get: {tags: 5, responses: {}}}}", "paths./x.get.tags: is no array."),
        ("paths: {/x: {get: {responses: {200: []}}}}", "paths./x.get.responses.200: is no object."),
        (
            "{paths: {}, components: {schemas: {A: {properties: {b: {minLength: one}}}}}}",
            "components.schemas.A.properties.b.minLength: is no number.",
        ),
        ("{paths: {}, components: {schemas: {A: {items: true}}}}", "components.schemas.A.items: is no object."),
    ],
)
def test_unreadable_contracts(tmp_path: Path, text: str, message: str) -> None:
    """What is no contract says so, by the name of its file."""
    file = tmp_path / "contract.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as failed:
        changes(read_contract(file), read_contract(file))
    assert failed.value.message == f"{file}: {message}"
