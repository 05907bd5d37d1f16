"""The words of a backend: of states and kinds, and the role of the party that a record belongs to."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.config.profile import CONTRACT_NAMES
from gateway.contract_kit.api import Api
from gateway.contract_kit.contract import Operation
from gateway.contract_kit.listing import Row
from gateway.contract_kit.shape import as_read

PARTIES = "relatedParty"
OWNERS = ("customer", "company")
"""What records may belong to, where the contract has no filter that would say it."""
ROLE = re.compile(r"[A-Za-z][A-Za-z _-]{0,40}")
"""What may be the name of a role: the only word of a record that is ever shown."""


def check_words(api: Api, operation: Operation, rows: list[Row]) -> None:
    """Words of states and kinds that the gateway does not know are shown as unknown, until they are mapped."""
    for name, schema in api.item(operation).get("properties", {}).items():
        words = api.contract.resolved(schema).get("x-words")
        came = [_folded(row[name]) for row in rows if isinstance(row.get(name), str)]
        if words is None or not came:
            continue
        where, promise = f"GET {api.resource(operation)} 200", f"`{name}` is one of the contract's words"
        unknown = Counter(word for word in came if word not in _known(api, words))
        if not unknown:
            api.holds(where, promise)
            continue
        said = f"{len(unknown)} other word{'s' if len(unknown) > 1 else ''}, in {unknown.total()} of {len(rows)} rows"
        setting = "names" if set(words) & set(CONTRACT_NAMES.get(api.key, ())) else "states"
        advice = f"they are shown as unknown: map them in {api.setting_path(setting)}"
        api.tolerates(where, promise, expected=", ".join(words), came=said, advice=advice)


def _known(api: Api, words: list[str]) -> set[str]:
    ours = {_folded(word) for word in words}
    theirs = {_folded(other) for other, word in api.profile.states.items() if _folded(word) in ours}
    return ours | theirs | {_folded(api.profile.names.get(word, word)) for word in words}


def _folded(word: str) -> str:
    return word.strip().casefold()


def check_owners(api: Api, operation: Operation, rows: list[Row]) -> None:
    """A record that names no owner is never shown: nobody could be told from a stranger."""
    schema = api.contract.resolved(api.item(operation).get("properties", {}).get(PARTIES, {}))
    if "role" not in api.contract.resolved(schema.get("items", {})).get("properties", {}) or not rows:
        return
    where = f"GET {api.resource(operation)} 200"
    promise = f"each record names its owner, a party with the role `{api.profile.owner_role}`"
    parties = [list(_parties(row)) for row in rows]
    lacking = [each for each in parties if not any(_is_owner(api, party, each) for party in each)]
    if not lacking:
        api.holds(where, promise, "owner_role")
        return
    came = f"{len(lacking)} of {len(rows)} rows do not"
    role = _role_of_known(api, lacking)
    if role is not None:
        api.needs(where, promise, "owner_role", role, f"{came}; records that are known have `{role}`")
        api.learn(owner_role=role)
    else:
        setting = api.setting_path("owner_role")
        api.fails(
            where, promise, expected="every row", came=came, advice=f"they are never shown: fix them, or set {setting}"
        )


def _parties(row: Row) -> Iterator[Mapping[str, Any]]:
    parties = as_read(row).get(PARTIES)
    for party in parties if isinstance(parties, list) else ():
        if isinstance(party, dict):
            yield party


def _is_owner(api: Api, party: Mapping[str, Any], parties: list[Mapping[str, Any]]) -> bool:
    """As the gateway sees it: by the role, or by the type where nobody has a role."""
    role = party.get("role")
    if isinstance(role, str):
        return role.casefold() == api.profile.owner_role.casefold()
    return all(each.get("role") is None for each in parties) and party.get("@referredType") in (
        "Customer",
        "Organization",
    )


def _role_of_known(api: Api, lacking: list[list[Mapping[str, Any]]]) -> str | None:
    """The one role that parties have whom other lists show as such records' owners."""
    parameters = [each for operation in api.operations for each in operation.parameters]
    kinds = [each.identifies for each in parameters if each.name == f"{PARTIES}.id"] or list(OWNERS)
    known = {id for kind in kinds for id in api.samples.of_kind(kind)}
    roles = {str(party.get("role")) for parties in lacking for party in parties if party.get("id") in known}
    role = next(iter(roles), "")
    return role if len(roles) == 1 and ROLE.fullmatch(role) else None
