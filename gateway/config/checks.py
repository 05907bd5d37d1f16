"""What types cannot say of the settings: addresses, origins, and text that goes into HTTP headers."""

import re
from urllib.parse import urlsplit

import msgspec

from gateway.config.naming import environment_name
from gateway.config.profile import API_DEFAULTS, profiles_of
from gateway.config.settings import ApiKeyAuth, Auth, BackendSettings, Settings
from gateway.errors import ConfigurationError

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
IMPLEMENTATION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def check(settings: Settings) -> None:
    """ConfigurationError names the first setting that cannot be used."""
    for name in API_DEFAULTS:
        check_backend(name, getattr(settings.backends, name))
    _check_address("identity.jwks_url", settings.identity.jwks_url)
    if settings.tracing.otlp_url is not None:
        _check_address("tracing.otlp_url", settings.tracing.otlp_url)
    _check_redis("redis.cache_url", settings.redis.cache_url)
    for origin in settings.server.cors_origins:
        _check_origin("server.cors_origins", origin)
    if not settings.identity.algorithms:
        raise ConfigurationError("identity.algorithms: is empty; name one at least, or leave it out.")
    _check_not_empty("identity.issuer", settings.identity.issuer)


def check_backend(name: str, backend: BackendSettings) -> None:
    """The same for one backend's settings, `[backends.<name>]`."""
    _check_address(f"backends.{name}.url", backend.url)
    token_url = getattr(backend.auth, "token_url", None)
    if token_url is not None:
        _check_address(f"backends.{name}.auth.token_url", token_url)
    _check_auth(f"backends.{name}.auth", backend.auth)
    _check_implementation(f"backends.{name}", backend)
    profiles_of(name, backend.apis)


def _check_address(path: str, address: str) -> None:
    """An absolute http or https address of a host; credentials have settings of their own."""
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that cannot be one
        valid = False
    if not valid or any(character.isspace() for character in address):
        raise ConfigurationError(
            f"{path}: is not an http or https address; write it as https://host or https://host:port."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{path}: holds a user name or password; set them under `auth` instead.")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"{path}: holds a query or fragment; leave out what follows '?' or '#'.")


def _check_redis(path: str, address: str) -> None:
    """An address that the Redis client takes; a database is a number."""
    try:
        parts = urlsplit(address)
        is_number = re.fullmatch(r"/?\d*", parts.path) is not None
        valid = parts.scheme == "unix" or (parts.scheme in ("redis", "rediss") and parts.port != 0 and is_number)
    except ValueError:
        valid = False
    if not valid:
        raise ConfigurationError(
            f"{path}: is not the address of a Redis; write it as redis://host:6379/0 (or set {environment_name(path)})."
        )


def _check_origin(path: str, origin: str) -> None:
    """What a browser sends as `Origin`: in lower case, without a path; nothing stands for all of them."""
    if origin != "localhost" and ORIGIN.fullmatch(origin) is None:
        raise ConfigurationError(
            f"{path}: '{origin}' is no origin; write it as https://host or https://host:port, or 'localhost'."
        )


def _check_implementation(path: str, backend: BackendSettings) -> None:
    """The place of a class; the profiles of TM Forum's APIs are not for it."""
    if backend.implementation is None:
        return
    if IMPLEMENTATION.fullmatch(backend.implementation) is None:
        raise ConfigurationError(
            f"{path}.implementation: '{backend.implementation}' is not the place of a class; "
            "write it as package.module:Class."
        )
    if backend.apis:
        raise ConfigurationError(
            f"{path}.apis: is for TM Forum's APIs, which {path}.implementation does not speak; leave one of them out."
        )


def _check_not_empty(path: str, text: str) -> None:
    """Text without which nobody can be told from anybody; an empty file, or a variable that was not set, gives it."""
    if not text.strip():
        raise ConfigurationError(f"{path}: is empty; write what it is, or look at the file: or variable it comes from.")


def _check_auth(path: str, auth: Auth) -> None:
    """Text that can go into a header: a line's end in it would be another header."""
    if isinstance(auth, ApiKeyAuth) and HEADER_NAME.fullmatch(auth.header) is None:
        raise ConfigurationError(f"{path}.header: is not the name of a header; write it as X-API-Key.")
    for name, text in msgspec.structs.asdict(auth).items():
        if name != "scope":
            _check_not_empty(f"{path}.{name}", text)
        if any(character < " " or character == "\x7f" for character in text):
            raise ConfigurationError(f"{path}.{name}: holds a control character, such as a line's end; leave it out.")
