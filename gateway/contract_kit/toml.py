"""A profile as a piece of the gateway's configuration."""

import json
import re
from collections.abc import Mapping

from gateway.config import API_DEFAULTS, profiles_of

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def profile_toml(backend: str, profile: Mapping[str, Mapping[str, object]]) -> str:
    """The tables `[backends.<backend>.apis.<API>]`, in the order of the APIs; empty for a backend by the book."""
    profiles_of(backend, profile)  # what is written is a configuration, or this says why not
    tables = [
        "\n".join(
            [f"[backends.{backend}.apis.{api}]", *(f"{name} = {written(value)}" for name, value in settings.items())]
        )
        for api in API_DEFAULTS[backend]
        if (settings := profile.get(api))
    ]
    return "\n\n".join(tables)


def written(value: object) -> str:
    """A value as TOML has it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {written(inner)}" for name, inner in value.items()) + " }"
    # JSON's spelling of text, numbers and booleans is TOML's; DEL is what JSON leaves as it is and TOML forbids.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else written(name)
