"""From what the parts of the gateway counted to samples; read when somebody asks, so that counting stays plain."""

import gc
import os
import resource
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from gateway.adapters._breaker import BreakerState
from gateway.adapters._counts import CallCounts
from gateway.admission import Admission
from gateway.counting import Histogram
from gateway.http.answers import Answers
from gateway.http.health import Health
from gateway.http.request_counts import RequestCounts
from gateway.metrics import series
from gateway.metrics.loop_lag import LoopLag
from gateway.metrics.series import Sample, Series
from gateway.serving import OpenConnections
from gateway.store.store import Store

PAGE_BYTES = resource.getpagesize()
STATM = Path("/proc/self/statm")

DEPENDENCY_STATES = ("up", "failing", "unknown")
BREAKER_STATES = tuple(state.value for state in BreakerState)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What counts."""

    requests: RequestCounts
    answers: Answers
    admission: Admission
    calls: Mapping[str, CallCounts]
    """By backend."""
    health: Health
    store: Store
    connections: OpenConnections
    loop_lag: LoopLag
    started_at: float
    """In seconds since 1970."""


def samples(parts: Parts) -> Sequence[Sample]:
    """All of it, now."""
    return [
        *_of_requests(parts),
        *_of_backends(parts),
        *_of_sharing(parts.store),
        *_of_cache(parts.store),
        *_of_process(parts),
    ]


def _sample(of: Series, value: float, *labels: str) -> Sample:
    return Sample(of.name, labels, value)


def _distribution(of: Series, values: Histogram, *labels: str) -> Sample:
    return Sample(of.name, labels, values.sum, tuple(values.counts))


def _one_of(of: Series, states: Sequence[str], state: str, *labels: str) -> Iterator[Sample]:
    for each in states:
        yield _sample(of, int(each == state), *labels, each)


def _of_requests(parts: Parts) -> Iterator[Sample]:
    by_operation: dict[tuple[str, str], Histogram] = {}
    for (kind, operation, outcome), durations in parts.requests.durations.items():
        yield _sample(series.REQUESTS, durations.count, kind, operation, outcome)
        by_operation.setdefault((kind, operation), Histogram(durations.bounds)).include(durations)
    for labels, durations in by_operation.items():
        yield _distribution(series.REQUEST_SECONDS, durations, *labels)
    answers, documents = parts.answers, parts.admission.documents
    for how, number in (("kept", answers.given_kept), ("joined", answers.given_joined), ("made", answers.given_made)):
        yield _sample(series.ANSWERS, number, how)
    yield _sample(series.DOCUMENTS, documents.hits, "hit")
    yield _sample(series.DOCUMENTS, documents.misses, "miss")
    yield _sample(series.DOCUMENTS_KEPT, len(documents))


def _of_backends(parts: Parts) -> Iterator[Sample]:
    for backend, calls in parts.calls.items():
        for api, counts in calls.read().items():
            for outcome, durations in counts.outcomes.items():
                yield _distribution(series.CALL_SECONDS, durations, backend, api, outcome)
            yield _distribution(series.CALL_KEYS, counts.batches, backend, api)
            yield _sample(series.CALLS_AT_ONCE, counts.calls_at_once, backend, api)
            yield _sample(series.CALLS_RUNNING, counts.running, backend, api)
            yield _sample(series.CALLS_WAITING, counts.waiting, backend, api)
            yield _sample(series.CALLS_REFUSED, counts.refused, backend, api)
            yield _sample(series.RETRIES, counts.retries, backend, api)
            yield _sample(series.RETRIES_DENIED, counts.retries_denied, backend, api)
            yield _sample(series.HEDGES, counts.hedges, backend, api)
            yield from _one_of(series.BREAKER, BREAKER_STATES, counts.breaker_state.value, backend, api)
    for dependency, state in parts.health.states().items():
        yield from _one_of(series.DEPENDENCY, DEPENDENCY_STATES, state, dependency)


def _of_sharing(store: Store) -> Iterator[Sample]:
    for source, shared in store.shared:
        yield _sample(series.KEYS_ASKED, shared.keys_asked, source)
        yield _sample(series.KEYS_JOINED, shared.keys_joined, source)
        yield _sample(series.SHARED_CALLS, shared.calls, source)
        yield _sample(series.MERGED_CALLS, shared.calls_merged, source)


def _of_cache(store: Store) -> Iterator[Sample]:
    for source, cached in store.cached:
        yield _sample(series.CACHE_KEYS, cached.hits, source, "process")
        yield _sample(series.CACHE_KEYS, cached.hits_in_redis, source, "redis")
        yield _sample(series.CACHE_KEYS, cached.served_stale, source, "stale")
        yield _sample(series.CACHE_KEYS, cached.misses, source, "miss")
        yield _sample(series.FILLS_DROPPED, cached.fills_dropped, source)
    yield _sample(series.CACHE_ENTRIES, len(store.process))
    yield _sample(series.CACHE_BYTES, store.process.bytes)
    yield _sample(series.CACHE_EVICTIONS, store.process.evictions)
    yield _sample(series.REDIS_FAILURES, store.redis_failures)
    yield _sample(series.REDIS_WAITING, store.cache.writes_waiting)
    yield _sample(series.REDIS_DROPPED, store.cache.writes_dropped)


def _of_process(parts: Parts) -> Iterator[Sample]:
    yield _sample(series.CONNECTIONS, parts.connections.count)
    yield _distribution(series.LOOP_LAG, parts.loop_lag)
    yield _sample(series.RESIDENT, _resident_bytes())
    times = os.times()
    yield _sample(series.CPU, times.user + times.system)
    yield _sample(series.STARTED, parts.started_at)
    for generation, counted in enumerate(gc.get_stats()):
        yield _sample(series.COLLECTIONS, counted["collections"], str(generation))


def _resident_bytes() -> int:
    """What the process holds now; where the system does not say, the most that it ever held."""
    try:
        return int(STATM.read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
