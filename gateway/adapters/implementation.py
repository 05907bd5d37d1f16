"""A backend's own class, found by its name in the configuration, and believed no more than its backend is."""

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

import structlog

from gateway.adapters._client import BackendClient
from gateway.adapters._source import backend_id
from gateway.adapters.json_api import JsonApi
from gateway.domain.key import Key, Source
from gateway.errors import BackendFilterIgnored, BackendUnsupported, ConfigurationError, GatewayError

log = structlog.get_logger()

ECHO_NOTHING = frozenset(
    {
        "companies_by_search",
        "company_id_by_customer_id",
        "gss_usage_by_package_id",
        "line_by_number",
        "sim_codes_by_id",
    }
)
"""Sources whose records do not hold what they were asked for by: whose they are, only `JsonApi` has looked at."""

B = TypeVar("B")
K = TypeVar("K", bound=Key | str)
V = TypeVar("V")


def implementation(client: BackendClient, named: str, standard: type[B]) -> B:
    """An object of the class that `named` says, `package.module:Class`, in the place of one of the `standard` class.

    Its sources are those of the standard one, by name, each checked; one that it does not have answers with
    BackendUnsupported. ConfigurationError where it cannot be had, or its sources would not be kept and shared.
    """
    setting = f"backends.{client.name}.implementation"
    chosen = _class(setting, named)
    try:
        backend = chosen(JsonApi(client))
    except Exception as error:
        raise ConfigurationError(f"{setting}: {named} cannot be made: {error}") from error
    missing = []
    for name in _sources(standard):
        if name in _sources(chosen):
            source: Source[Any, Any] = Checked(client.name, name, getattr(backend, name), given_by(standard, name))
        elif hasattr(chosen, name):
            raise ConfigurationError(f"{setting}: {name} of {named} must be a functools.cached_property of its own.")
        else:
            missing.append(name)
            source = Unsupported(client.name, name)
        vars(backend)[name] = source
    if missing:
        log.warning("backend_sources_missing", backend=client.name, implementation=named, sources=missing)
    return cast("B", backend)


def _sources(backend: type[Any]) -> list[str]:
    return [name for name, value in vars(backend).items() if isinstance(value, cached_property)]


def _class(setting: str, named: str) -> type[Any]:
    module_name, _, class_name = named.partition(":")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _unusable(setting, module_name, error) from error
        message = f"{setting}: there is no module '{module_name}'; install it beside the gateway, or correct its name."
        raise ConfigurationError(message) from None
    except Exception as error:
        raise _unusable(setting, module_name, error) from error
    chosen = getattr(module, class_name, None)
    if not isinstance(chosen, type):
        raise ConfigurationError(f"{setting}: the module '{module_name}' has no class '{class_name}'.")
    return chosen


def _unusable(setting: str, module_name: str, error: Exception) -> ConfigurationError:
    what = f"{type(error).__name__}: {error}"
    return ConfigurationError(f"{setting}: the module '{module_name}' cannot be imported ({what}).")


class Given(NamedTuple):
    """What a source gives for a key: one `record`, or a list of them."""

    record: type[Any]
    is_list: bool


def given_by(standard: type[Any], name: str) -> Given:
    """What the standard class says that its source gives: `Source[Key, tuple[Invoice, ...]]` is a list of invoices."""
    _, value = get_args(get_type_hints(vars(standard)[name].func)["return"])
    return Given(get_args(value)[0], is_list=True) if get_origin(value) is tuple else Given(value, is_list=False)


class Checked(Generic[K, V]):
    """A source whose records must echo what they were asked for by, as its name says: `invoices_by_account_id`.

    A list with a row of somebody else fails whole, a record of somebody else is none: whatever the code behind it
    forgot to look at. A record without that attribute, or without any value in it, is somebody else's too; but for the
    sources that ECHO_NOTHING, of which the company is looked at, where their records say one. What is no such record
    at all is a fault: TypeError.
    """

    def __init__(self, backend: str, name: str, source: Source[K, V], given: Given) -> None:
        self._backend = backend
        self._name = name
        self._attribute = None if name in ECHO_NOTHING else name.partition("_by_")[2]
        self._source = source
        self._given = given

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """Values in the order of `keys`; lists as tuples, whatever sequences they came as."""
        values = await self._source.get_many(keys)
        if len(values) != len(keys):
            raise RuntimeError(f"{self._name} gave {len(values)} values for {len(keys)} keys")
        return [self._own(key, value) for key, value in zip(keys, values, strict=True)]

    def _own(self, key: K, value: V | GatewayError | None) -> V | GatewayError | None:
        if value is None or isinstance(value, GatewayError):
            return value
        if self._given.is_list:
            rows = self._rows(value)
            return cast("V", rows) if all(self._is_echo(key, row) for row in rows) else self._ignored()
        self._require_record(value)
        if self._is_echo(key, value):
            return value
        log.warning("backend_rows_dropped", backend=self._backend, path=self._name, rows=1)
        return None

    def _rows(self, value: object) -> tuple[object, ...]:
        """A list that can be read again, as it was checked; not what is gone once it was looked at."""
        if not isinstance(value, list | tuple):
            raise TypeError(f"{self._name} gave {type(value).__name__}, not a list of {self._given.record.__name__}")
        rows = tuple(value)
        for row in rows:
            self._require_record(row)
        return rows

    def _require_record(self, record: object) -> None:
        if not isinstance(record, self._given.record):
            raise TypeError(f"{self._name} gave {type(record).__name__}, not {self._given.record.__name__}")

    def _is_echo(self, key: K, record: object) -> bool:
        if self._attribute is not None and getattr(record, self._attribute, None) != backend_id(key):
            return False
        return not isinstance(key, Key) or getattr(record, "company_id", key.company_id) == key.company_id

    def _ignored(self) -> BackendFilterIgnored:
        message = (
            f"The {self._backend} backend answered with rows of others for {self._name}: see which {self._attribute} "
            f"its implementation asks for."
        )
        return BackendFilterIgnored(self._backend, message)


class Unsupported:
    """Stands for a source that an implementation does not have."""

    def __init__(self, backend: str, name: str) -> None:
        message = f"The {backend} backend does not tell this: its implementation has no {name}."
        self._error = BackendUnsupported(backend, message)

    async def get_many(self, keys: Sequence[object]) -> Sequence[GatewayError]:
        """The same error for each key."""
        return [self._error] * len(keys)
