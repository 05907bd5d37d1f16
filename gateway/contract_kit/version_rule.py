"""Which number of a contract's version has to rise for its changes: the rule of contracts/CHANGELOG.md."""

import re
from collections.abc import Sequence

from gateway.contract_kit.change import Change, Effect
from gateway.contract_kit.contract import Contract

NUMBERS = ("first", "second", "third")
WHY = (
    "a backend that kept the contract no longer does",
    "the gateway reads or sends something new that a backend may lack",
    "only words change, or less is asked",
)
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")

Version = tuple[int, int, int]


def version_verdict(old: Contract, new: Contract, found: Sequence[Change]) -> str:
    """What the version did, and what it should have done."""
    before, after = _version(old), _version(new)
    if before is None or after is None:
        return f"versions are three numbers such as 1.0.0, not {(old if before is None else new).version!r}"
    if not found and old.document == new.document:
        return f"both are {new.version}, and the same"
    index = _risen(found)
    least = _raised(before, index)
    why = f"because {WHY[index]}"
    if after < least:
        return f"the version went from {old.version} to {new.version}; it should be {_text(least)}: {why}"
    return f"the version went from {old.version} to {new.version}, as it should: {why}"


def _risen(found: Sequence[Change]) -> int:
    """Which number has to rise, counted from 0."""
    effects = {change.effect for change in found}
    return 0 if Effect.BREAKING in effects else 1 if Effect.NEW in effects else 2


def _raised(version: Version, index: int) -> Version:
    numbers = [*version[:index], version[index] + 1, 0, 0][:3]
    return numbers[0], numbers[1], numbers[2]


def _version(contract: Contract) -> Version | None:
    match = _VERSION.fullmatch(contract.version)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3]))


def _text(version: Version) -> str:
    return ".".join(map(str, version))
