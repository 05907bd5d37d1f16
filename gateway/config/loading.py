"""Reads the settings: a TOML file, then the environment, which wins; every fault is a ConfigurationError by path."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_origin

import msgspec

from gateway.config.checks import check, check_backend
from gateway.config.naming import ENVIRONMENT_PREFIX, meant, setting_error, struct_of
from gateway.config.profile import API_DEFAULTS, Profile
from gateway.config.settings import BackendSettings, Settings
from gateway.errors import ConfigurationError

_FILE = "file:"


def load_settings(file: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """From the TOML file (if any) and the environment, which wins; ConfigurationError begins with the setting.

    `TELCO_GATEWAY_BACKENDS__CRM__URL` sets `backends.crm.url`; lists and tables are written as JSON. Any text may be
    written as `file:/run/secrets/name` and is then read from that file, without the line's end.
    """
    document = _document(file, environment)
    _open_required_tables(document)
    document = _with_secrets(document, "")
    try:
        settings = msgspec.convert(document, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise setting_error(error, "", document, Settings) from None
    check(settings)
    return settings


def load_backends(file: Path | None, environment: Mapping[str, str] = os.environ) -> dict[str, BackendSettings]:
    """By the same rules only the backends that file and environment have, by name; of the rest nothing is read."""
    backends = _document(file, environment).get("backends", {})
    if not isinstance(backends, dict):
        raise ConfigurationError("backends: expected a table such as [backends.crm].")
    for name in backends:
        if name not in API_DEFAULTS:
            raise ConfigurationError(f"backends.{name}: no such setting{meant(name, API_DEFAULTS)}")
    return {name: _backend(name, backends[name]) for name in API_DEFAULTS if name in backends}


def _backend(name: str, document: Any) -> BackendSettings:
    path = f"backends.{name}"
    document = _with_secrets(document, path)
    try:
        backend = msgspec.convert(document, BackendSettings, strict=False)
    except msgspec.ValidationError as error:
        raise setting_error(error, path, document, BackendSettings) from None
    check_backend(name, backend)
    return backend


def _document(file: Path | None, environment: Mapping[str, str]) -> dict[str, Any]:
    """What the file says, and the environment over it; secrets are still named by their files."""
    document = {} if file is None else _read_toml(file)
    for variable, text in sorted(environment.items()):
        if variable.startswith(ENVIRONMENT_PREFIX):
            _set(document, variable, text)
    return document


def _open_required_tables(document: dict[str, Any]) -> None:
    """Puts an empty table where a required one is missing, so that the error names the setting in it."""
    backends = document.setdefault("backends", {})
    if isinstance(backends, dict):
        for name in API_DEFAULTS:
            backends.setdefault(name, {})
    document.setdefault("identity", {})


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror}); name a TOML file.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8 text; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: is not TOML: {error}.") from None


def _set(document: dict[str, Any], variable: str, text: str) -> None:
    """Puts one variable's value where its name says, in the spelling that the settings have."""
    parts = variable.removeprefix(ENVIRONMENT_PREFIX).split("__")
    here: dict[str, Any] = document
    annotation: Any = Settings
    done: list[str] = []
    for index, part in enumerate(parts):
        known = _known(annotation, here, done)
        name = next((name for name in (*known, *here) if name.lower() == part.lower()), None)
        if name is None and known:
            raise ConfigurationError(f"{variable}: no such setting{meant(part.lower(), known)}")
        name = name or part
        annotation = known.get(name, str if annotation is not Any else Any)
        done.append(name)
        if index == len(parts) - 1:
            here[name] = _value(variable, text, annotation)
            return
        inner = here.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ConfigurationError(f"{variable}: '{'.'.join(done)}' is a value, not a table.")
        here = inner


def _known(annotation: Any, here: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    """The settings at a place, with their types; empty where any name may stand."""
    match path:
        case ["backends", str(backend), "apis"]:
            return dict.fromkeys(API_DEFAULTS[backend], Profile)
        case _:
            pass
    chosen = struct_of(annotation, here)
    if chosen is None:
        return {}
    tags = {} if chosen.__struct_config__.tag is None else {str(chosen.__struct_config__.tag_field): str}
    members = [chosen, *(member for member in getattr(annotation, "__args__", ()) if struct_of(member, {}) is not None)]
    fields = {field.encode_name: field.type for member in members for field in msgspec.structs.fields(member)}
    return {**tags, **fields}


def _value(variable: str, text: str, annotation: Any) -> Any:
    """The text itself, which msgspec converts by type later; JSON where a list or a table is asked for."""
    is_container = get_origin(annotation) in (dict, tuple) or struct_of(annotation, {}) is not None
    if not is_container or text.startswith(_FILE):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise ConfigurationError(
            f'{variable}: is not JSON; write a list as ["a", "b"], a table as {{"a": "b"}}.'
        ) from None


def _with_secrets(value: Any, path: str) -> Any:
    """The same document with each `file:` text replaced by what its file says."""
    if isinstance(value, dict):
        return {name: _with_secrets(inner, f"{path}.{name}".lstrip(".")) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_secrets(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    if not isinstance(value, str) or not value.startswith(_FILE):
        return value
    file = Path(value.removeprefix(_FILE))
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigurationError(f"{path}: the file {file} cannot be read ({reason}).") from None
