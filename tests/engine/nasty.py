"""A graph of everything graphql-core allows: any field may be any kind of resolver and answer with anything.

What a field answers follows from its type, its place and the pattern; a schema's variant only says how it is asked.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_schema,
    is_abstract_type,
)

from gateway.engine import Attribute, Batched, TypeByClass
from tests.engine.pattern import VARIANTS, Fate, Later, Pattern, Raised, error_at

SDL = """
directive @experimental_disableErrorPropagation on QUERY | MUTATION | SUBSCRIPTION

scalar Even
scalar Json
enum Colour { RED GREEN BLUE }

input Span { from: Int = 1, to: Int! = 9, marks: [Int!] = [1, 2] }
input Filter {
  text: String = "any", colours: [Colour!] = [RED], span: Span = {to: 3}, spans: [Span], even: Even, id: ID
  deep: Filter
}

interface Node { id: ID! }
interface Named implements Node { id: ID!, name(upper: Boolean! = false): String }
interface Place implements Named & Node {
  id: ID!, name(upper: Boolean! = false): String, size: Int!, near(first: Int = 2, filter: Filter): [Place]
  owner: Owner!
}
union Owner = Person | Robot | Note
union Anything = City | Village | Person | Robot | Note | Link

type City implements Place & Named & Node {
  id: ID!, name(upper: Boolean! = false): String, size: Int!, near(first: Int = 2, filter: Filter): [Place]
  owner: Owner!, mayor: Person!, grid: [[Int]], strictGrid: [[Int!]!]!, rows: [[Place!]]!, people: Float
  colour: Colour!, colours: [Colour!], even: Even, twin: City
}
type Village implements Place & Named & Node {
  id: ID!, name(upper: Boolean! = false): String, size: Int!, near(first: Int = 2, filter: Filter): [Place]
  owner: Owner!, church: Boolean, well: Even!, people: [Person!]!, cube: [[[Anything]!]]
}
type Person implements Named & Node {
  id: ID!, name(upper: Boolean! = false): String, age: Int, where: String, friends: [Person], home: Place, boss: Person!
  likes(first: Int! = 1): [Anything!]
  echo(filter: Filter, colour: Colour = GREEN, numbers: [Int!]! = [1], json: Json, even: Even, id: ID): String
}
type Robot implements Node { id: ID!, model: String!, parts: [[Robot!]!]!, maker: Owner, serials: [ID!] }
type Note { text: String, length: Int!, about: Anything, tags: [String!]! }
type Link {
  next: Link!, weak: Link, value: Int!, ratio: Float!, things: [Anything!]!, maybe: [Anything], json: Json
  where: String
}

type Query {
  node(id: ID): Node, named: [Named!], places(filter: Filter): [Place!]!, anything(first: Int): [Anything]
  owner: Owner, city: City, person: Person, link: Link, mustLink: Link!, robots: [Robot], count: Int, where: String!
  echo(filter: Filter, colours: [[Colour]], span: Span! = {to: 5}, json: Json): String
}
type Mutation {
  build(name: String!, span: Span): City, tear(id: ID!): Boolean!, link: Link!, note(text: String): Note, count: Int
}
"""

COLOURS = {"RED": 1, "GREEN": ("green",), "BLUE": ["unhashable"]}
"""What resolvers get and give for the names of the enum."""

WRONG: Mapping[str, Sequence[Any]] = {
    "Int": (2**31, -(2**31) - 1, 1.5, 2.0, True, "7", "x", math.nan, math.inf, {}),
    "Float": (math.nan, math.inf, True, "1.5", "x", [], 7),
    "String": (7, 1.5, True, math.nan, {"a": 1}, ["x"], b"x"),
    "ID": (7, 1.5, True, math.nan, {}, 2**70),
    "Boolean": ("yes", 2, 0, math.nan, [], 0.0),
    "Even": (3, "x", 0, Undefined, -1),
    "Json": (Undefined, {"a": None}, 0),
    "Colour": ("RED", 2, ["other"], ("green",), True, {}),
}
NO_LIST = ("text", 7, {"a": 1}, b"bytes", object)
NO_OBJECT: Sequence[Any] = ("text", 7, {}, {"name": "of a dict", "__typename": "Person"}, object())


def _even(value: Any) -> Any:
    if value == -1:
        return None
    if not isinstance(value, int) or value % 2:
        raise ValueError(f"not even: {value!r}")
    return value


class Row:
    """A parent: its place, and attributes that are read when asked for; each object type has its own subclass."""

    type_name = "?"

    def __init__(self, place: str, depth: int, pattern: Pattern) -> None:
        self.place = place
        self.depth = depth
        self.pattern = pattern

    def __getattr__(self, name: str) -> Any:
        if name == "_Row__typename" and crc32(self.place.encode()) % 2:
            return self.type_name
        field = None if name.startswith("_") else _plain_schema().type_map[self.type_name].fields.get(name)  # type: ignore[attr-defined]
        if field is None:
            raise AttributeError(name)
        if field.args or name == "where":
            return lambda info, **arguments: _maybe_later(self, name, arguments, info)
        return _maybe_later(self, name, {}, None)


class MappingRow(Row, Mapping[str, Any]):
    """A parent that is a mapping, as JSON would be."""

    def __getitem__(self, name: str) -> Any:
        if name == "__typename":
            return self.type_name
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@cache
def _plain_schema() -> GraphQLSchema:
    return build_schema(SDL)


ROWS: Mapping[str, type[Row]] = MappingProxyType(
    {
        name: type(name, (MappingRow if name == "Note" else Row,), {"type_name": name})
        for name, graphql_type in _plain_schema().type_map.items()
        if isinstance(graphql_type, GraphQLObjectType) and not name.startswith("__")
    }
)


def root_of(pattern: Pattern, kind: str) -> Row:
    """The root value of an operation."""
    return ROWS[kind.capitalize()]("", 0, pattern)


# What a field answers.


def _answer(parent: Any, name: str, arguments: Mapping[str, Any], info: Any, pattern: Pattern) -> tuple[Any, Fate]:
    """A field's value, or what it raises, and its fate."""
    owner = getattr(parent, "type_name", type(parent).__name__)
    place = f"{getattr(parent, 'place', '?')}.{name}" + (repr(sorted(arguments.items())) if arguments else "")
    pattern.calls.append(f"{owner}{place}")
    fate = pattern.fate(place)
    field = _plain_schema().type_map[owner].fields.get(name) if owner in ROWS else None  # type: ignore[attr-defined]
    if field is None:
        return None, fate
    if fate.kind == "raise":
        return Raised(error_at(place, fate.choice)), fate
    if fate.kind == "normal" and name == "echo":
        return repr(sorted(arguments.items())), fate
    if fate.kind == "normal" and name == "where":
        return _seen(info), fate
    return _value(field.type, place, getattr(parent, "depth", 9) + 1, pattern, fate), fate


def _seen(info: GraphQLResolveInfo[Any]) -> str:
    """What a resolver can read off its info."""
    nodes = [(node.loc.start, node.alias and node.alias.value) for node in info.field_nodes if node.loc]
    return repr(
        [
            *(info.field_name, str(info.return_type), info.parent_type.name, info.path.as_list(), info.path.typename),
            *(nodes, sorted(info.fragments), info.operation.operation.value, sorted(info.variable_values.coerced)),
            *(type(info.root_value).__name__, type(info.context).__name__),
        ]
    )


def _value(graphql_type: GraphQLOutputType, place: str, depth: int, pattern: Pattern, fate: Fate) -> Any:
    if isinstance(graphql_type, GraphQLNonNull):
        graphql_type = graphql_type.of_type
    if fate.kind == "null":
        return (None, None, None, Undefined)[fate.choice % 4]
    if fate.kind in ("error", "raise"):
        return error_at(place, fate.choice)
    if isinstance(graphql_type, GraphQLList):
        return _list(graphql_type.of_type, place, depth, pattern, fate)
    if isinstance(graphql_type, GraphQLScalarType | GraphQLEnumType):
        return _leaf(graphql_type.name, place, fate)
    return _object(graphql_type, place, depth, pattern, fate)


def _leaf(name: str, place: str, fate: Fate) -> Any:
    choice = fate.choice
    if fate.kind == "wrong":
        return WRONG[name][choice % len(WRONG[name])]
    if name == "Colour":
        return list(COLOURS.values())[choice % 3]
    if name == "Json":
        return {"place": place, "list": [choice, None, {"x": 1.5}]}
    texts = {"Int": choice % 1000, "Float": choice / 8, "Boolean": choice % 2 == 0, "Even": choice * 2}
    return texts.get(name, place)


def _object(graphql_type: Any, place: str, depth: int, pattern: Pattern, fate: Fate) -> Any:
    possible = _plain_schema().get_possible_types(graphql_type) if is_abstract_type(graphql_type) else [graphql_type]
    if fate.kind == "wrong":
        if fate.choice % 3:
            return NO_OBJECT[fate.choice % len(NO_OBJECT)]
        possible = [_plain_schema().type_map["Robot"]]
    return ROWS[possible[fate.choice % len(possible)].name](place, depth, pattern)


def _list(item_type: GraphQLOutputType, place: str, depth: int, pattern: Pattern, fate: Fate) -> Any:
    if fate.kind == "wrong" and fate.choice % 2:
        return NO_LIST[fate.choice % len(NO_LIST)]
    count = (2, 3, 1, 4, 2, 1, 0)[fate.choice % 97 % 7] if depth < 3 else fate.choice % 97 % (3 if depth < 5 else 2)
    items = [_item(item_type, f"{place}[{index}]", depth, pattern) for index in range(count)]
    broken = error_at(place, fate.choice) if fate.kind == "wrong" else None
    container = fate.choice % 11
    if pattern.waits and container < 2:
        return _async_iterated(items, fate.turns, broken)
    if broken or container == 2:
        return _iterated(items, broken)
    if container == 3:
        return dict(enumerate(items)).values()
    return (tuple, deque)[container % 2](items) if container < 6 else items


def _item(item_type: GraphQLOutputType, place: str, depth: int, pattern: Pattern) -> Any:
    fate = pattern.fate(place)
    value = _value(item_type, place, depth, pattern, fate)
    if not pattern.waits or fate.choice % 5:
        return value
    return Later(Raised(value) if fate.kind == "raise" else value, fate.turns)


def _iterated(items: Sequence[Any], broken: Exception | None) -> Iterator[Any]:
    yield from items
    if broken:
        raise broken


async def _async_iterated(items: Sequence[Any], turns: int, broken: Exception | None) -> AsyncIterator[Any]:
    for index, item in enumerate(items):
        if index < turns:
            await asyncio.sleep(0)
        yield item
    if broken:
        raise broken


# How a field is asked.


def _maybe_later(parent: Any, name: str, arguments: Mapping[str, Any], info: Any) -> Any:
    value, fate = _answer(parent, name, arguments, info, parent.pattern)
    return Later(value, fate.turns) if parent.pattern.waits and fate.choice % 3 == 0 else _raised(value)


def _raised(value: Any) -> Any:
    if isinstance(value, Raised):
        raise value.error
    return value


def _by_default(name: str) -> None:
    """graphql-core reads the attribute, and calls it where it can be called."""


def _sync(name: str) -> Callable[..., Any]:
    def resolve(parent: Any, info: GraphQLResolveInfo[Pattern], **arguments: Any) -> Any:
        return _raised(_answer(parent, name, arguments, info, info.context)[0])

    return resolve


def _maybe(name: str) -> Callable[..., Any]:
    def resolve(parent: Any, info: GraphQLResolveInfo[Pattern], **arguments: Any) -> Any:
        value, fate = _answer(parent, name, arguments, info, info.context)
        return Later(value, fate.turns) if fate.choice % 2 else _raised(value)

    return resolve


def _async(name: str) -> Callable[..., Any]:
    async def resolve(parent: Any, info: GraphQLResolveInfo[Pattern], **arguments: Any) -> Any:
        value, fate = _answer(parent, name, arguments, info, info.context)
        await _turns(fate.turns)
        return _raised(value)

    return resolve


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _many(name: str, parents: Sequence[Any], pattern: Pattern, arguments: Mapping[str, Any]) -> list[Any]:
    values = [_answer(parent, name, arguments, None, pattern)[0] for parent in parents]
    return [value.error if isinstance(value, Raised) else value for value in values]


def _batch_fate(name: str, pattern: Pattern, arguments: Mapping[str, Any]) -> Fate:
    """Of a batch as a whole: it depends on no parent, so that one parent's batch fares as everybody's does."""
    fate = pattern.fate(f"batch {name}{sorted(arguments.items())!r}")
    if fate.kind == "raise":
        raise error_at(f"batch {name}", fate.choice)
    return fate


def _batched(name: str) -> Any:
    def many(parents: Sequence[Any], context: Pattern, **arguments: Any) -> Sequence[Any]:
        _batch_fate(name, context, arguments)
        return _many(name, parents, context, arguments)

    return Batched(many)


def _batched_async(name: str) -> Any:
    async def many(parents: Sequence[Any], context: Pattern, **arguments: Any) -> Sequence[Any]:
        fate = _batch_fate(name, context, arguments)
        await _turns(fate.turns)
        return tuple(_many(name, parents, context, arguments))

    return Batched(many)


def _batched_maybe(name: str) -> Any:
    def many(parents: Sequence[Any], context: Pattern, **arguments: Any) -> Any:
        fate = _batch_fate(name, context, arguments)
        values = _many(name, parents, context, arguments)
        return Later(values, fate.turns) if fate.choice % 2 else values

    return Batched(many)


def _attribute(name: str) -> Any:
    return Attribute(name)


FLAVOURS: Mapping[str, Sequence[Callable[[str], Any]]] = {
    "sync": (_by_default, _attribute, _sync, _batched),
    "plain": (_by_default, _sync, _maybe, _async),
    "batched": (_attribute, _batched, _batched_async, _batched_maybe),
    "mixed": (_by_default, _attribute, _sync, _maybe, _async, _batched, _batched_async, _batched_maybe),
    "async": (_async, _batched_async),
}


def _flavour(variant: str, owner: str, name: str, field: GraphQLField) -> Any:
    flavours = FLAVOURS[variant]
    if name == "where":
        flavours = [each for each in flavours if each in (_by_default, _sync, _maybe, _async)] or (_sync,)
    elif field.args or owner == "Note":
        flavours = [each for each in flavours if each is not _attribute]
    return flavours[crc32(f"{variant} {owner}.{name}".encode()) % len(flavours)](name)


def _serial(name: str, resolve: Any) -> Callable[..., Any]:
    """Keeps when a root field of a mutation began and ended."""

    async def wrapped(parent: Any, info: GraphQLResolveInfo[Pattern], **arguments: Any) -> Any:
        info.context.serial.append(f"{info.path.key} began")
        value, fate = _answer(parent, name, arguments, info, info.context)
        await _turns(fate.turns)
        info.context.serial.append(f"{info.path.key} ended")
        return _raised(value)

    return wrapped


# What type a row has.

STRANGE_TYPES = (None, "Nowhere", "Node", "Query", 7, "Colour")


def _type_fate(value: Any, pattern: Pattern, what: str) -> Fate:
    return pattern.fate(f"{what} {getattr(value, 'place', value.__class__.__name__)}")


def _type_name(value: Any, info: GraphQLResolveInfo[Pattern], abstract_type: Any) -> Any:
    fate = _type_fate(value, info.context, abstract_type.name)
    if fate.kind == "raise":
        raise error_at(f"type of {getattr(value, 'place', '?')}", fate.choice)
    if fate.kind == "wrong":
        return STRANGE_TYPES[fate.choice % len(STRANGE_TYPES)]
    return getattr(value, "type_name", None)


async def _type_name_later(value: Any, info: GraphQLResolveInfo[Pattern], abstract_type: Any) -> Any:
    await _turns(_type_fate(value, info.context, abstract_type.name).turns)
    return _type_name(value, info, abstract_type)


def _type_name_maybe_later(value: Any, info: GraphQLResolveInfo[Pattern], abstract_type: Any) -> Any:
    later = _type_fate(value, info.context, abstract_type.name).choice % 2
    return (_type_name_later if later else _type_name)(value, info, abstract_type)


TYPE_RESOLVERS: Mapping[str, Sequence[Any]] = {
    "sync": (_type_name, TypeByClass({row: name for name, row in ROWS.items()}), None),
    "plain": (_type_name, _type_name_later, _type_name_maybe_later, None),
    "batched": (TypeByClass({row: name for name, row in ROWS.items()}),),
    "mixed": (_type_name, _type_name_maybe_later, TypeByClass({row: name for name, row in ROWS.items()}), None),
    "async": (_type_name_later,),
}


def _is_type_of(name: str) -> Callable[[Any, GraphQLResolveInfo[Pattern]], bool]:
    def is_type_of(value: Any, info: GraphQLResolveInfo[Pattern]) -> bool:
        fate = _type_fate(value, info.context, f"is {name}")
        if fate.kind == "raise":
            raise error_at(f"is {name}: {getattr(value, 'place', '?')}", fate.choice)
        return isinstance(value, ROWS[name]) and fate.kind != "wrong"

    return is_type_of


def _is_type_of_maybe_later(name: str) -> Callable[[Any, GraphQLResolveInfo[Pattern]], Any]:
    ask = _is_type_of(name)

    async def later(value: Any, info: GraphQLResolveInfo[Pattern]) -> bool:
        await _turns(_type_fate(value, info.context, f"is {name}").turns)
        return ask(value, info)

    def is_type_of(value: Any, info: GraphQLResolveInfo[Pattern]) -> Any:
        return (later if _type_fate(value, info.context, f"is {name}").choice % 2 else ask)(value, info)

    return is_type_of


@cache
def nasty_schema(variant: str) -> GraphQLSchema:
    """The graph with the resolvers of a variant."""
    assert variant in VARIANTS
    schema = build_schema(SDL)
    for name, value in COLOURS.items():
        schema.type_map["Colour"].values[name].value = value  # type: ignore[attr-defined]
    even: Any = schema.type_map["Even"]
    even.coerce_output_value = even.coerce_input_value = _even
    for number, (name, graphql_type) in enumerate(schema.type_map.items()):
        if name.startswith("__"):
            continue
        if isinstance(graphql_type, GraphQLInterfaceType | GraphQLUnionType):
            resolvers = TYPE_RESOLVERS[variant]
            graphql_type.resolve_type = resolvers[number % len(resolvers)]
        elif isinstance(graphql_type, GraphQLObjectType):
            _bind(graphql_type, variant)
    return schema


def _bind(graphql_type: GraphQLObjectType, variant: str) -> None:
    owner = graphql_type.name
    for name, field in graphql_type.fields.items():
        field.resolve = _flavour(variant, owner, name, field)
        if owner == "Mutation" and variant != "sync":
            field.resolve = _serial(name, field.resolve)
    if owner in ("Query", "Mutation") or variant == "batched":
        return
    graphql_type.is_type_of = (_is_type_of if variant == "sync" else _is_type_of_maybe_later)(owner)
