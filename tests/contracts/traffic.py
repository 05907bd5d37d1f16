"""Whether what went over the wire is what a contract says: the gateway's requests, and backends' answers."""

import json
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

from tests.contracts.contract import Json, contract, operations, resolved

Operation = tuple[str, str, Json]
"""Path, method and operation object."""


def operation_of(backend: str, method: str, path: str) -> Operation | None:
    """What the contract has for a request; a path's parameter is the rest of it, whatever is in it."""
    for template, verb, operation in operations(contract(backend)):
        fixed, is_record, _ = template.partition("{")
        if verb == method and (path.startswith(fixed) and len(path) > len(fixed) if is_record else path == template):
            return template, verb, operation
    return None


def request_errors(backend: str, method: str, path: str, query: str, body: bytes = b"") -> list[str]:
    """What the contract does not say of a request; `query` is percent-encoded, as it was sent."""
    found = operation_of(backend, method, path)
    if found is None:
        return [f"{backend}: {method} {path.rpartition('/')[0]}/… is not in the contract"]
    template, _, operation = found
    where = f"{backend}: {method} {template}"
    parameters = {
        node["name"]: node for node in (resolved(contract(backend), p) for p in operation.get("parameters", []))
    }
    errors = []
    for name, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)):
        if name not in parameters:
            errors.append(f"{where} has no parameter {name}")
            continue
        schema = parameters[name]["schema"]
        errors += [f"{where} {name}: {text}" for text in _errors(backend, schema, _typed(schema, value))]
    if "requestBody" in operation:
        content = resolved(contract(backend), operation["requestBody"])["content"]
        errors += [
            f"{where}: {text}" for text in _errors(backend, content["application/json"]["schema"], json.loads(body))
        ]
    elif body:
        errors.append(f"{where} has no body")
    return errors


def answer_errors(backend: str, method: str, path: str, status: int, body: bytes) -> list[str]:
    """What the contract does not say of an answer to a request that it has."""
    found = operation_of(backend, method, path)
    if found is None:
        return []
    template, _, operation = found
    where = f"{backend}: {method} {template} {status}"
    if str(status) not in operation["responses"]:
        return [f"{where} is not in the contract"]
    content = resolved(contract(backend), operation["responses"][str(status)])["content"]
    return [f"{where}: {text}" for text in _errors(backend, content["application/json"]["schema"], json.loads(body))]


def _typed(schema: Json, value: str) -> Any:
    """A parameter's text as its schema means it."""
    if schema["type"] == "array":
        return value.split(",")
    if schema["type"] == "integer" and value.isascii() and value.isdigit():
        return int(value)
    return value


def _errors(backend: str, schema: Json, value: Any) -> list[str]:
    return [error.message for error in _validator(backend, json.dumps(schema)).iter_errors(value)]


@cache
def _validator(backend: str, schema: str) -> jsonschema_rs.Draft202012Validator:
    rooted = {**json.loads(schema), "components": contract(backend)["components"]}
    return jsonschema_rs.Draft202012Validator(rooted, validate_formats=True)
