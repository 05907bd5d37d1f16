"""What a new version of a contract asks of backends that kept the old one."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import msgspec

from gateway.contract_kit.attribute import Attribute, attributes_of, rules_of
from gateway.contract_kit.contract import Contract, Json, Operation, Parameter
from gateway.contract_kit.strictness import Turn, turns
from gateway.errors import ConfigurationError


class Effect(Enum):
    """What a change means for a backend that kept the old version."""

    BREAKING = "breaking"
    NEW = "new"
    GONE = "gone"
    LOOSER = "looser"


class Change(msgspec.Struct, frozen=True):
    """One change: where it is, and what it is."""

    effect: Effect
    where: str
    what: str


Schema = tuple[Contract, Json]


def check_comparable(old: Contract, new: Contract) -> None:
    """ConfigurationError for two contracts of different systems: no operation in common, and another title."""
    if old.title != new.title and not _by_name(old).keys() & _by_name(new).keys():
        raise ConfigurationError(
            f"{old.name}, {new.name}: are not two versions of one contract: they have no operation in common; "
            "name the same backend's contract twice, the older one first."
        )


def changes(old: Contract, new: Contract) -> list[Change]:
    """All of them, what breaks first."""
    order = list(Effect)
    return sorted(_changes(old, new), key=lambda change: order.index(change.effect))


def _changes(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    for name in {**before, **after}:
        if name not in before:
            yield Change(Effect.NEW, name, "it is asked")
        elif name not in after:
            yield Change(Effect.GONE, name, "it is no longer asked")
        else:
            yield from _of_operation(old, new, before[name], after[name])


def _by_name(contract: Contract) -> dict[str, Operation]:
    return {f"{operation.method} {operation.path}": operation for operation in contract.operations}


def _of_operation(old: Contract, new: Contract, before: Operation, after: Operation) -> Iterator[Change]:
    where = f"{after.method} {after.path}"
    yield from _of_parameters(where, before, after)
    if before.body is not None and after.body is not None:
        yield from _of_sent(f"{where} body", (old, before.body), (new, after.body))
    elif before.body is None and after.body is not None:
        yield Change(Effect.NEW, f"{where} body", "it is sent")
    elif after.body is None and before.body is not None:
        yield Change(Effect.BREAKING, f"{where} body", "it is no longer sent")
    for status in {**before.answers, **after.answers}:
        place = f"{where} {status}"
        if status not in after.answers:
            effect = Effect.BREAKING if status.startswith("2") else Effect.GONE
            yield Change(effect, place, "it is no answer any more")
        elif status not in before.answers:
            yield Change(Effect.LOOSER, place, "it is an answer too")
        else:
            yield from _of_given(place, (old, before.answers[status]), (new, after.answers[status]))


def _of_parameters(where: str, before: Operation, after: Operation) -> Iterator[Change]:
    olds = {(each.place, each.name): each for each in before.parameters}
    news = {(each.place, each.name): each for each in after.parameters}
    for key in {**olds, **news}:
        place = f"{where} ?{key[1]}" if key[0] == "query" else f"{where} {key[0]} {key[1]}"
        if key not in olds:
            yield Change(Effect.NEW, place, "it is sent")
        elif key not in news:
            yield Change(Effect.GONE, place, "it is no longer sent")
        elif key[1] == "fields":
            yield from _of_fields(place, olds[key], news[key])
        else:
            yield from _of_sent_rules(place, rules_of(olds[key].schema), rules_of(news[key].schema))
            items = (_items(olds[key].schema), _items(news[key].schema))
            yield from _of_sent_rules(f"{place}[]", *items)


def _items(schema: Json) -> dict[str, Any]:
    return rules_of(schema.get("items", {}))


def _of_fields(place: str, before: Parameter, after: Parameter) -> Iterator[Change]:
    """The attributes that are asked for, whichever sets they are in."""
    olds, news = ({name for words in each.words for name in words.split(",")} for each in (before, after))
    yield from (Change(Effect.NEW, place, f"`{name}` is asked for") for name in sorted(news - olds))
    yield from (Change(Effect.GONE, place, f"`{name}` is no longer asked for") for name in sorted(olds - news))


def _of_sent(place: str, old: Schema, new: Schema) -> Iterator[Change]:
    """A body that the gateway sends: a backend has to accept it."""
    before, after = attributes_of(*old), attributes_of(*new)
    for path in {**before, **after}:
        where = f"{place} `{path}`" if path else place
        if path not in before:
            yield Change(Effect.NEW, where, "it is sent")
        elif path not in after:
            yield Change(Effect.GONE, where, "it is no longer sent")
        else:
            if before[path].is_required and not after[path].is_required:
                yield Change(Effect.BREAKING, where, "it may be left out")
            yield from _of_sent_rules(where, before[path].rules, after[path].rules)


def _of_sent_rules(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for keyword, turn in turns(old, new).items():
        what = f"{keyword} was {_said(old.get(keyword))}, is {_said(new.get(keyword))}"
        if turn is Turn.STRICTER:
            yield Change(Effect.LOOSER, where, f"{what}: less is sent")
        elif keyword == "enum" and turn is Turn.LOOSER:
            yield Change(Effect.NEW, where, f"{what}: more words are sent")
        else:
            yield Change(Effect.BREAKING, where, f"{what}: other values are sent")


def _of_given(place: str, old: Schema, new: Schema) -> Iterator[Change]:
    """A body that a backend gives: the gateway reads it."""
    before, after = attributes_of(*old), attributes_of(*new)
    for path in {**before, **after}:
        where = f"{place} `{path}`" if path else place
        if path not in before:
            yield _added(where, after[path], is_new_inside=_parent(path) not in before)
        elif path not in after:
            yield Change(Effect.GONE, where, "it is no longer read")
        else:
            if after[path].is_required and not before[path].is_required:
                yield Change(Effect.BREAKING, where, "it has to be there")
            elif before[path].is_required and not after[path].is_required:
                yield Change(Effect.LOOSER, where, "it may be left out")
            yield from _of_given_rules(where, before[path].rules, after[path].rules)


def _added(where: str, attribute: Attribute, *, is_new_inside: bool) -> Change:
    if attribute.is_required and not is_new_inside:
        return Change(Effect.BREAKING, where, "it is new, and has to be there")
    return Change(Effect.NEW, where, "it is read")


def _parent(path: str) -> str:
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


def _of_given_rules(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for keyword, turn in turns(old, new).items():
        what = f"{keyword} was {_said(old.get(keyword))}, is {_said(new.get(keyword))}"
        effect = Effect.LOOSER if turn is Turn.LOOSER else Effect.BREAKING
        yield Change(effect, where, what)


def _said(rule: Any) -> str:
    return "nothing" if rule is None else msgspec.json.encode(rule).decode()
