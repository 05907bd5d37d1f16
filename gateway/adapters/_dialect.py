"""What a backend's words mean, by the profile of its API; each word is looked up once and then known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from gateway.adapters._wire import Characteristic, Characteristics, Parties, RelatedParty, customer_ids
from gateway.config import Profile

E = TypeVar("E", bound=Enum)

WORDS_KEPT = 1_000
"""Different words remembered for one enum: more than any backend has, and a bound for one that makes them up."""


class Dialect:
    """How one API of one backend speaks; `profile` is what the settings say of it."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._owner_role = profile.owner_role.casefold()
        self._characteristics = {name: theirs.casefold() for name, theirs in profile.names.items()}
        self._known: defaultdict[type[Enum], dict[str | None, Any]] = defaultdict(dict)

    def name(self, contract_name: str) -> str:
        """What this backend calls it."""
        return self.profile.names[contract_name]

    def state(self, word: str | None, states: Mapping[str, E], unknown: E) -> E:
        """Our state for a backend's word, in any case and with stray spaces; `states` has contract words in lower
        case, and there is one such table for each enum."""
        try:
            meaning: E = self._known[type(unknown)][word]
        except KeyError:
            return self._learned(word, self._state(word, states, unknown))
        return meaning

    def kind(self, word: str | None, kinds: Mapping[str, E], unknown: E) -> E:
        """Our kind for a backend's word; `kinds` has the contract's names, which the profile may call otherwise."""
        try:
            meaning: E = self._known[type(unknown)][word]
        except KeyError:
            return self._learned(word, self._kind(word, kinds, unknown))
        return meaning

    def characteristics(self, rows: Sequence[Characteristic] | None) -> Characteristics:
        """The characteristics of one record, under the contract's names."""
        return Characteristics(rows, self._characteristics)

    def is_owner(self, party: RelatedParty) -> bool:
        """Whether it is there in the owner's role, in any case."""
        return party.role is not None and party.role.casefold() == self._owner_role

    def owner_id(self, parties: Parties) -> str | None:
        """The id of the party in the owner's role; without any roles, that of the customer; None when there is none."""
        owner_role = self.profile.owner_role
        for party in parties or ():
            if party.role == owner_role or self.is_owner(party):
                return party.party_id
        return next((id for id in customer_ids(parties, role=None)), None)

    def _learned(self, word: str | None, meaning: E) -> E:
        known = self._known[type(meaning)]
        if len(known) < WORDS_KEPT:
            known[word] = meaning
        return meaning

    def _state(self, word: str | None, states: Mapping[str, E], unknown: E) -> E:
        if word is None:
            return unknown
        theirs = _folded(word)
        ours = next((ours for other, ours in self.profile.states.items() if _folded(other) == theirs), word)
        return states.get(_folded(ours), unknown)

    def _kind(self, word: str | None, kinds: Mapping[str, E], unknown: E) -> E:
        if word is None:
            return unknown
        return next((kind for name, kind in kinds.items() if _folded(self.name(name)) == _folded(word)), unknown)


def _folded(word: str) -> str:
    return word.strip().casefold()
