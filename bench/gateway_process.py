"""The gateway as `telco-gateway serve` runs it; a scenario is a file of settings."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench import issuer
from bench.server_process import ServerProcess, server_process
from gateway.config import ServerSettings, Settings

SERVE = (sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--config")
L1_BYTES = 32 * 1024 * 1024


class Scenario(NamedTuple):
    """How the gateway is set up; everything else is as it comes."""

    sharing: bool
    cache: bool
    workers: int = 1
    engine: str = "breadth"

    def unknown_settings(self) -> list[str]:
        """Settings of this scenario that this version of the gateway does not have, so that it cannot be measured."""
        needed = {"sharing": self.sharing, "cache": self.cache, "engine": self.engine != "breadth"}
        unknown = [name for name, is_needed in needed.items() if is_needed and name not in _names(Settings)]
        has_workers = self.workers == 1 or "workers" in _names(ServerSettings)
        return unknown if has_workers else [*unknown, "server.workers"]


def settings(scenario: Scenario, backends_url: str, redis_url: str) -> str:
    """gateway.toml."""
    known = _names(Settings)
    parts = [
        f'engine = "{scenario.engine}"' if "engine" in known else "",
        f'[identity]\nissuer = "{issuer.NAME}"\njwks_url = "{backends_url}/jwks"',
        f'[redis]\ncache_url = "{redis_url}"',
        "[server]\nport = 0" + (f"\nworkers = {scenario.workers}" if scenario.workers > 1 else ""),
        f"[sharing]\nenabled = {_word(scenario.sharing)}" if "sharing" in known else "",
        _cache(scenario) if "cache" in known else "",
        _backend("billing", backends_url, "customerBill"),
        _backend("provisioning", backends_url, "productInventory"),
        _backend("crm", backends_url),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _names(struct: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(struct)}


def _cache(scenario: Scenario) -> str:
    return f"[cache]\nenabled = {_word(scenario.cache)}\nprocess_max_bytes = {L1_BYTES}"


def _backend(name: str, url: str, list_api: str = "") -> str:
    """The backend takes several owners in one filter, and pages of 1,000 rows: its profile says so.

    Eight owners at once, since answers of a megabyte and more cost each row more than the call they save.
    """
    profile = 'limit_max = 1000\nbatch_owners = "comma"\nbatch_max = 8'
    api = f"\n\n[backends.{name}.apis.{list_api}]\n{profile}" if list_api else ""
    return f'[backends.{name}]\nurl = "{url}"{api}'


def _word(truth: bool) -> str:
    return "true" if truth else "false"


@contextmanager
def gateway_process(
    directory: Path, name: str, scenario: Scenario, backends_url: str, redis_url: str, cores: set[int]
) -> Iterator[ServerProcess]:
    """A gateway that logs to a file as it does by default: a line for each request and each backend call."""
    configuration = directory / f"{name}.toml"
    configuration.write_text(settings(scenario, backends_url, redis_url))
    with server_process([*SERVE, str(configuration)], log=directory / f"{name}.log", cores=cores) as process:
        yield process
