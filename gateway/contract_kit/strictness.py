"""Whether a rule for values became stricter or looser."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class Turn(Enum):
    """Where a rule went; `OTHER` is neither, so that old values and new ones do not fit each other."""

    STRICTER = "stricter"
    LOOSER = "looser"
    OTHER = "other"


def turns(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Turn]:
    """By keyword, for each rule that is not what it was."""
    return {
        name: _turn(name, old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)
    }


def _turn(name: str, old: Any, new: Any) -> Turn:
    if old is None:
        return Turn.STRICTER
    if new is None:
        return Turn.LOOSER
    if name in ("type", "enum"):
        before, after = _set(name, old), _set(name, new)
        return Turn.STRICTER if after < before else Turn.LOOSER if after > before else Turn.OTHER
    if name in LOWER_BOUNDS:
        return Turn.STRICTER if new > old else Turn.LOOSER
    if name in UPPER_BOUNDS:
        return Turn.STRICTER if new < old else Turn.LOOSER
    return Turn.OTHER


def _set(name: str, rule: Any) -> set[str]:
    values = {str(value) for value in (rule if isinstance(rule, list) else [rule])}
    return values | {"integer"} if name == "type" and "number" in values else values
