"""How settings are named in messages: by path, with the nearest name for one that does not exist."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any, get_args

import msgspec

from gateway.errors import ConfigurationError

ENVIRONMENT_PREFIX = "TELCO_GATEWAY_"

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_ELEMENT = re.compile(r"\[(\d+|\.\.\.)\]")
_MEMBER = re.compile(r"^Object (?P<kind>contains unknown|missing required) field `(?P<name>[^`]*)`$")


def meant(name: str, known: Iterable[str]) -> str:
    """The end of a message on an unknown name: the nearest known one, or all there are."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; there are {', '.join(names)}." if names else "."


def environment_name(path: str) -> str:
    """The variable that sets a path: `backends.crm.url` gives TELCO_GATEWAY_BACKENDS__CRM__URL."""
    return ENVIRONMENT_PREFIX + path.upper().replace(".", "__")


def setting_error(
    error: msgspec.ValidationError, prefix: str, document: Mapping[str, Any], root: type[msgspec.Struct]
) -> ConfigurationError:
    """msgspec's error on a document of `root`, which stands at `prefix`, in the words of settings."""
    place = _PLACE.match(str(error))
    what, inner = (place["what"], place["path"] or "") if place else (str(error), "")
    path = ".".join(part for part in (prefix, inner) if part)
    member = _MEMBER.match(what)
    if member is None:
        choices = _choices(_type_at(root, inner, document)) if "enum value" in what else []
        if what.startswith("Invalid value"):
            choices = _tags(root, inner, document)
        what = f"must be one of {', '.join(choices)}" if choices else f"{what[:1].lower()}{what[1:]}"
        return ConfigurationError(f"{path}: {what}.")
    path = f"{path}.{member['name']}" if path else member["name"]
    if member["kind"] == "missing required":
        return ConfigurationError(f"{path}: is missing; set it in the file or as {environment_name(path)}.")
    here = _type_at(root, inner, document)
    known = [field.encode_name for field in msgspec.structs.fields(here)] if _is_struct(here) else []
    return ConfigurationError(f"{path}: no such setting{meant(member['name'], known)}")


def _type_at(root: type[msgspec.Struct], inner: str, document: Any) -> Any:
    """The type that a path below `root` has; a tagged union is the member that the document chooses."""
    here: Any = root
    for part in filter(None, _ELEMENT.sub("", inner).split(".")):
        document = document.get(part, {}) if isinstance(document, Mapping) else {}
        types = {field.encode_name: field.type for field in msgspec.structs.fields(here)} if _is_struct(here) else {}
        here = struct_of(types.get(part), document) or types.get(part)
    return here


def _tags(root: type[msgspec.Struct], inner: str, document: Any) -> list[str]:
    """The words of the tag that stands at a path below `root`, such as `auth.type`."""
    *outer, union, _ = inner.split(".")
    holder = _type_at(root, ".".join(outer), document)
    types = {field.encode_name: field.type for field in msgspec.structs.fields(holder)}
    return [str(member.__struct_config__.tag) for member in get_args(types[union]) if _is_struct(member)]


def _choices(annotation: Any) -> list[str]:
    """The words that a type allows, or the elements of a list or table of it."""
    if isinstance(annotation, str):
        return [annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [member.value for member in annotation]
    return [word for inner in get_args(annotation) for word in _choices(inner)]


def struct_of(annotation: Any, document: Any) -> type[msgspec.Struct] | None:
    """The Struct that an annotation means for this document; None where it is no Struct."""
    choices = [choice for choice in (annotation, *get_args(annotation)) if _is_struct(choice)]
    tag = document.get("type") if isinstance(document, Mapping) else None
    tagged = [choice for choice in choices if tag is not None and choice.__struct_config__.tag == tag]
    return next(iter(tagged or choices), None)


def _is_struct(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)
