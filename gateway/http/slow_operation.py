"""An operation that took long: what it ran and what it asked for, for whoever is to make it quicker."""

from collections.abc import Sequence
from typing import Any

import structlog

from gateway.domain.caller import Caller, MadeCall
from gateway.engine import AdmittedOperation
from gateway.http.request_record import OPERATION_SHOWN_CHARACTERS

log = structlog.get_logger()

FIELDS_SHOWN = 20
"""Of each level."""


def log_slow(operation: AdmittedOperation, caller: Caller, seconds: float) -> None:
    """One line with the fields by level and the calls by path; never a variable, a literal or an alias."""
    name = operation.operation_name
    log.warning(
        "slow_operation",
        operation=name and name[:OPERATION_SHOWN_CHARACTERS],
        operation_type=operation.kind,
        seconds=round(seconds, 3),
        levels=[_shown(level) for level in operation.outline()],
        backend_calls=_by_path(caller.calls),
    )


def _shown(level: Sequence[str]) -> str:
    more = f" and {len(level) - FIELDS_SHOWN} more" if len(level) > FIELDS_SHOWN else ""
    return " ".join(level[:FIELDS_SHOWN]) + more


def _by_path(calls: Sequence[MadeCall]) -> list[dict[str, Any]]:
    """Calls of one path together: how many, for how many keys, and the longest, in seconds."""
    by_path: dict[tuple[str, str, str], list[MadeCall]] = {}
    for call in calls:
        by_path.setdefault((call.backend, call.method, call.path), []).append(call)
    return [
        {
            "call": " ".join(key),
            "calls": len(made),
            "keys": sum(call.keys for call in made),
            "longest_seconds": round(max(call.seconds for call in made), 3),
        }
        for key, made in by_path.items()
    ]
