"""What a schema says of each attribute, as a flat table that two versions can be compared by."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.contract_kit.contract import Contract, Json

WORDS = frozenset(
    {"title", "description", "example", "examples", "default", "deprecated", "$comment", "$ref", "summary"}
)
"""What a schema says to people only."""
STRUCTURE = frozenset({"properties", "items", "required"})
DEPTH_MAX = 20


class Attribute(msgspec.Struct, frozen=True):
    """The rules for the values of one attribute, and whether it has to be there."""

    rules: Mapping[str, Any]
    is_required: bool


def attributes_of(contract: Contract, schema: Json) -> dict[str, Attribute]:
    """By path, `[].relatedParty[].id`; the whole is "". A schema within itself is entered once."""
    found: dict[str, Attribute] = {}
    _collect(contract, schema, "", True, (), found)
    return found


def _collect(
    contract: Contract,
    schema: Json,
    path: str,
    is_required: bool,
    within: tuple[str, ...],
    found: dict[str, Attribute],
) -> None:
    reference = str(schema.get("$ref", ""))
    schema = contract.resolved(schema)
    found[path] = Attribute(rules_of(schema), is_required)
    if len(within) > DEPTH_MAX or (reference and reference in within):
        return
    within = (*within, reference) if reference else within
    if "items" in schema:
        _collect(contract, schema["items"], f"{path}[]", True, within, found)
    for name, described in schema.get("properties", {}).items():
        inner = f"{path}.{name}".lstrip(".")
        _collect(contract, described, inner, name in schema.get("required", ()), within, found)


def rules_of(schema: Json) -> dict[str, Any]:
    """The keywords that values are held to."""
    kept = {name: _without_words(rule) for name, rule in schema.items() if name not in WORDS | STRUCTURE}
    return {name: rule for name, rule in kept.items() if not name.startswith("x-")}


def _without_words(rule: Any) -> Any:
    if isinstance(rule, list):
        return [_without_words(each) for each in rule]
    if isinstance(rule, dict):
        return {name: _without_words(each) for name, each in rule.items() if name not in WORDS}
    return rule
