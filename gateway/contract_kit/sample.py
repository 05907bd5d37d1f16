"""Ids to ask for: named by whoever runs the check, or seen in what backends listed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.contract_kit.contract import Contract, Json

KEPT_OF_A_KIND = 500


class Samples:
    """Ids by kind of record (company, customer, account…): those that were named come first."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._of_kind: dict[str, dict[str, None]] = {kind: {id: None} for kind, id in named.items()}
        self._named = named

    def of_kind(self, kind: str | None) -> Sequence[str]:
        """Known ids of a kind."""
        return list(self._of_kind.get(kind or "", ()))

    def named(self, kind: str | None) -> str | None:
        """The id that was named for a kind."""
        return self._named.get(kind or "")

    def see(self, contract: Contract, schema: Json, document: Any) -> None:
        """Remembers the ids in a document, of the kinds that its schema says they are."""
        for kind, id in _ids(contract, schema, document):
            known = self._of_kind.setdefault(kind, {})
            if len(known) < KEPT_OF_A_KIND:
                known[id] = None


def _ids(contract: Contract, schema: Json, document: Any) -> Iterator[tuple[str, str]]:
    schema = contract.resolved(schema)
    if isinstance(document, list):
        for element in document:
            yield from _ids(contract, schema.get("items", {}), element)
    elif isinstance(document, dict):
        for name, described in schema.get("properties", {}).items():
            if name in document:
                yield from _ids(contract, described, document[name])
    elif isinstance(document, str) and document and "x-identifies" in schema:
        yield str(schema["x-identifies"]), document
