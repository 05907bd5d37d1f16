"""Every series there is: its name, its kind, its labels and what it says."""

from typing import Literal

import msgspec

from gateway.counting import KEYS, SECONDS


class Series(msgspec.Struct, frozen=True):
    """One metric; beside its `labels` each sample has its worker's number."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One value of a series, or of a histogram the sum, with how many values lay between its bounds."""

    series: str
    labels: tuple[str, ...]
    value: float
    counts: tuple[int, ...] = ()


def _counter(name: str, help: str, *labels: str) -> Series:
    return Series(f"telco_gateway_{name}_total", "counter", help, labels)


def _gauge(name: str, help: str, *labels: str) -> Series:
    return Series(f"telco_gateway_{name}", "gauge", help, labels)


def _histogram(name: str, bounds: tuple[float, ...], help: str, *labels: str) -> Series:
    return Series(f"telco_gateway_{name}", "histogram", help, labels, bounds)


WORKER_UP = _gauge("worker_up", "Whether the worker gave its numbers within a second.")

REQUESTS = _counter("requests", "Requests to the graph that ended.", "operation_type", "operation", "outcome")
REQUEST_SECONDS = _histogram(
    "request_duration_seconds", SECONDS, "How long requests to the graph took.", "operation_type", "operation"
)
ANSWERS = _counter(
    "answers",
    "Answers that may be shared, so none with PIN or PUK: kept, joined while another made it, or made.",
    "how",
)
DOCUMENTS = _counter("documents", "Documents looked up with their plans: hit, or miss and parsed.", "result")
DOCUMENTS_KEPT = _gauge("documents_kept", "Documents that are kept with their plans.")

CALL_SECONDS = _histogram(
    "backend_call_duration_seconds", SECONDS, "How long calls to backends took.", "backend", "api", "outcome"
)
CALL_KEYS = _histogram("backend_call_keys", KEYS, "How many keys a call to a backend asked for.", "backend", "api")
CALLS_AT_ONCE = _gauge("backend_calls_at_once", "Calls that may be made at once, by how it keeps up.", "backend", "api")
CALLS_RUNNING = _gauge("backend_calls_running", "Calls that are being made.", "backend", "api")
CALLS_WAITING = _gauge("backend_calls_waiting", "Calls that wait for their turn.", "backend", "api")
CALLS_REFUSED = _counter("backend_calls_refused", "Calls that were not made, to spare the backend.", "backend", "api")
RETRIES = _counter("backend_retries", "Attempts beyond the first.", "backend", "api")
RETRIES_DENIED = _counter("backend_retries_denied", "Retries that the budget did not allow.", "backend", "api")
HEDGES = _counter("backend_hedges", "Second attempts beside a slow first one.", "backend", "api")
BREAKER = _gauge("backend_breaker_state", "1 for the state that the API's breaker is in.", "backend", "api", "state")
DEPENDENCY = _gauge("dependency_state", "1 for the state that /readyz tells of it.", "dependency", "state")

KEYS_ASKED = _counter("sharing_keys_asked", "Keys that requests asked for.", "source")
KEYS_JOINED = _counter("sharing_keys_joined", "Keys that another request was asking for already.", "source")
SHARED_CALLS = _counter("sharing_calls", "Times a source was asked for all of them.", "source")
MERGED_CALLS = _counter("sharing_calls_merged", "Those of them that served more than one request.", "source")

CACHE_KEYS = _counter(
    "cache_keys", "Keys looked up: in process, in redis, stale for an error, or miss.", "source", "result"
)
FILLS_DROPPED = _counter("cache_fills_dropped", "Answers not kept: something was written meanwhile.", "source")
CACHE_ENTRIES = _gauge("cache_entries", "Entries of the process's cache, whole answers included.")
CACHE_BYTES = _gauge("cache_bytes", "What they take, by its own count.")
CACHE_EVICTIONS = _counter("cache_evictions", "Entries that made room for others.")
REDIS_FAILURES = _counter("redis_failures", "Commands that Redis did not answer in time.")
REDIS_WAITING = _gauge("redis_writes_waiting", "Values that wait to be written to Redis.")
REDIS_DROPPED = _counter("redis_writes_dropped", "Values that were given up instead.")

CONNECTIONS = _gauge("connections", "Open connections of clients.")
LOOP_LAG = _histogram("event_loop_lag_seconds", SECONDS, "How late the event loop came to what was due.")
RESIDENT = _gauge("process_resident_bytes", "Memory that the process holds.")
CPU = _counter("process_cpu_seconds", "Processor time, user and system.")
STARTED = _gauge("process_start_time_seconds", "When the process began to serve, in seconds since 1970.")
COLLECTIONS = _counter("process_garbage_collections", "Runs of Python's collector.", "generation")

ALL = tuple(each for each in list(vars().values()) if isinstance(each, Series))
"""In the order above, in which they are rendered."""
