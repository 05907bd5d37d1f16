"""The backends' contracts as the tests read them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

CONTRACTS = Path(__file__).parents[2] / "contracts"
BACKENDS = ("billing", "provisioning", "crm")

Json = dict[str, Any]
"""A part of a document."""


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


def validation_errors(document: Json, schema: Json, example: Any) -> list[str]:
    """What is wrong with an example; formats count."""
    rooted = {**schema, "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(rooted, validate_formats=True)
    return [error.message for error in validator.iter_errors(example)]
