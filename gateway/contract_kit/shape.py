"""Whether JSON has the shape that a schema promises; what is wrong is said by paths and types, never by values."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import jsonschema_rs
import msgspec

from gateway.contract_kit.contract import Contract, Json

V5_REFERENCES = ("partyOrPartyRole", "entity")
"""Where v5 puts what a reference leads to: one level down. The gateway reads both."""

TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}


class Deviation(msgspec.Struct, frozen=True, order=True):
    """Where something else came than was promised; `path` is as in `relatedParty[].id`."""

    path: str
    expected: str
    came: str


class Shape:
    """What one schema of a contract promises."""

    def __init__(self, contract: Contract, schema: Json) -> None:
        self._validator = jsonschema_rs.Draft202012Validator(
            contract.rooted(schema), validate_formats=True, formats={"date-time": _is_moment}
        )

    def deviations(self, document: Any) -> list[Deviation]:
        """What is wrong with a document, each once."""
        errors = self._validator.iter_errors(as_read(document))
        return sorted({deviation for error in errors for deviation in _deviations(error)})

    def deviations_of_rows(self, rows: Sequence[Any]) -> dict[Deviation, int]:
        """What is wrong with rows, with the number of rows that have it."""
        return dict(Counter(deviation for row in rows for deviation in self.deviations(row)))


def as_read(value: Any) -> Any:
    """JSON as the gateway reads it: null is absent, and v5's nested references are where v4 has them."""
    if isinstance(value, list):
        return [as_read(element) for element in value]
    if not isinstance(value, dict):
        return value
    plain = {name: as_read(inner) for name, inner in value.items() if inner is not None}
    for name in V5_REFERENCES:
        if "id" not in plain and isinstance(plain.get(name), dict):
            plain = {**plain.pop(name), **plain}
    return plain


def has_v5_references(value: Any) -> bool:
    """Whether a reference is nested as in v5, however deep."""
    if isinstance(value, list):
        return any(map(has_v5_references, value))
    if not isinstance(value, dict):
        return False
    nested = "id" not in value and any(isinstance(value.get(name), dict) for name in V5_REFERENCES)
    return nested or any(map(has_v5_references, value.values()))


def values_at(value: Any, path: str) -> Iterator[Any]:
    """Every value that a path leads to; arrays are entered, so `relatedParty.id` gives the id of each party."""
    name, _, rest = path.partition(".")
    for element in value if isinstance(value, list) else [value]:
        found = element.get(name) if isinstance(element, dict) else None
        if rest:
            yield from values_at(found, rest)
        elif isinstance(found, list):
            yield from found
        elif found is not None:
            yield found


def type_of(value: Any) -> str:
    """The type of a value, in JSON's words."""
    return TYPES.get(type(value), "something else")


def _is_moment(text: str) -> bool:
    """Whether the gateway reads it as a date-time: any spelling of ISO 8601, with or without an offset."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _deviations(error: jsonschema_rs.ValidationError) -> Iterator[Deviation]:
    path, kind, given = _path(error.instance_path), error.kind.name, error.kind.as_dict()
    match kind:
        case "type":
            yield Deviation(path, " or ".join(given["types"]), type_of(error.instance))
        case "required":
            yield Deviation(f"{path}.{given['property']}".lstrip("."), "an attribute", "nothing")
        case "anyOf" | "oneOf":
            missing = [
                one.kind.as_dict()["property"] for way in given["context"] for one in way if one.kind.name == "required"
            ]
            expected = " or ".join(missing) if len(missing) == len(given["context"]) else "one of several forms"
            yield Deviation(path, expected, "nothing" if missing else type_of(error.instance))
        case "enum":
            yield Deviation(path, f"one of {', '.join(map(str, given['options']))}", "another word")
        case "format":
            yield Deviation(path, str(given["format"]), "a string that is none")
        case "minLength":
            yield Deviation(path, "a string that is not empty", "an empty string")
        case _:
            yield Deviation(path, kind, "something else")


def _path(parts: Sequence[str | int]) -> str:
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
