"""What a backend's words mean, by the profile of its API; each word is looked up once and then known."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from gateway.adapters._wire import Characteristic, Characteristics, Parties, RelatedParty, customer_ids, text_of
from gateway.config import Profile

E = TypeVar("E", bound=Enum)

WORDS_KEPT = 1_000
"""Different words remembered of one kind: more than any backend has, and a bound for one that makes them up."""


class Words(dict[Any, E]):
    """What a backend's words mean to us. A word is worked out when it first comes; then it is a look-up."""

    def __init__(self, meaning: Callable[[Any], E]) -> None:
        super().__init__()
        self._meaning = meaning

    def __missing__(self, word: Any) -> E:
        meaning = self._meaning(word)
        if len(self) < WORDS_KEPT:
            self[word] = meaning
        return meaning


class Dialect:
    """How one API of one backend speaks; `profile` is what the settings say of it."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._owner_role = profile.owner_role.casefold()
        self._characteristics = {name: theirs.casefold() for name, theirs in profile.names.items()}

    def name(self, contract_name: str) -> str:
        """What this backend calls it."""
        return self.profile.names[contract_name]

    def states(self, states: Mapping[str, E], unknown: E) -> Words[E]:
        """Our states by a backend's words, in any case and with stray spaces; `states` has the contract's words, in
        lower case."""

        def meaning(word: str | None) -> E:
            return unknown if word is None else states.get(self._contract_word(word), unknown)

        return Words(meaning)

    def json_kinds(self, kinds: Mapping[str, E], unknown: E) -> Words[E]:
        """As `kinds`, by words as they stand in JSON."""
        by_word = self.kinds(kinds, unknown)
        return Words(lambda json: by_word[None if json is None else text_of(json)])

    def kinds(self, kinds: Mapping[str, E], unknown: E) -> Words[E]:
        """Our kinds by a backend's words; `kinds` has the contract's names, which the profile may call otherwise."""
        theirs = {_folded(self.name(name)): kind for name, kind in reversed([*kinds.items()])}

        def meaning(word: str | None) -> E:
            return unknown if word is None else theirs.get(_folded(word), unknown)

        return Words(meaning)

    def characteristics(self, rows: Sequence[Characteristic] | None) -> Characteristics:
        """The characteristics of one record, under the contract's names."""
        return Characteristics(rows, self._characteristics)

    def characteristic(self, name: str) -> Callable[[Sequence[Characteristic] | None], bytes | None]:
        """Reads one characteristic of many records, under the contract's name, as JSON: `characteristics` reads all of
        one record, which takes longer than finding one."""
        folded = self._characteristics[name]

        def value(rows: Sequence[Characteristic] | None) -> bytes | None:
            found = None
            for row in rows or ():
                if row.name.casefold() == folded:
                    found = row.value
            return None if found is None else bytes(found)

        return value

    def is_owner(self, party: RelatedParty) -> bool:
        """Whether it is there in the owner's role, in any case."""
        return party.role is not None and party.role.casefold() == self._owner_role

    def owner_id(self, parties: Parties) -> str | None:
        """The id of the party in the owner's role; without any roles, that of the customer; None when there is none."""
        owner_role = self.profile.owner_role
        for party in parties or ():
            if party.role == owner_role or self.is_owner(party):
                return party.id if party.party_or_party_role is None else party.party_id
        return next((id for id in customer_ids(parties, role=None)), None)

    def _contract_word(self, word: str) -> str:
        theirs = _folded(word)
        ours = next((ours for other, ours in self.profile.states.items() if _folded(other) == theirs), word)
        return _folded(ours)


def _folded(word: str) -> str:
    return word.strip().casefold()
