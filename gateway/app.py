"""The composition root: the only place that chooses implementations and puts them together."""

import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from starlette.types import ASGIApp

from gateway.adapters._client import BackendClient
from gateway.adapters._counts import CallCounts
from gateway.adapters.billing import BillingBackend
from gateway.adapters.crm import CrmBackend
from gateway.adapters.identity import SigningKeys
from gateway.adapters.implementation import implementation
from gateway.adapters.provisioning import ProvisioningBackend
from gateway.admission import Admission
from gateway.config import BackendSettings, BackendsSettings, CallerTokenAuth, ServerSettings, Settings
from gateway.context import Clock, Context
from gateway.domain.viewer import Viewer
from gateway.engine import Engine
from gateway.http import create_app
from gateway.http.answers import Answers
from gateway.http.authentication import Authenticator
from gateway.http.detached import Detached
from gateway.http.health import Health
from gateway.http.request_counts import RequestCounts
from gateway.loaders import Loaders
from gateway.metrics import Fleet, LoopLag, Parts, metrics_served
from gateway.schema import build_graph
from gateway.serving import Bounds, Drain, OpenConnections, serving
from gateway.store.fallback import Fallback
from gateway.store.store import Store
from gateway.tracing import FLUSH_SECONDS, traced

IDLE_LINGER_SECONDS = 1.0
"""How long idle connections stay once the port is closed: a client that asks as we close must not find them gone."""

ALONE = Fleet()

B = TypeVar("B")


def real_time() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@asynccontextmanager
async def gateway(
    settings: Settings,
    clock: Clock = real_time,
    *,
    listener: socket.socket | None = None,
    metrics_listener: socket.socket | None = None,
    fleet: Fleet = ALONE,
) -> AsyncIterator[str]:
    """Serves the graph where the settings say, in front of their backends; yields the base URL once it listens.

    Listeners that were opened before are used in place of new ones. `fleet`: which of several workers this is.
    """
    async with (
        composed(settings, clock) as (app, parts),
        metrics_served(settings.metrics, fleet, parts, metrics_listener),
        serving(
            app,
            host=settings.server.host,
            port=settings.server.port,
            grace_seconds=settings.server.drain_seconds,
            bounds=_bounds(settings.server),
            drain=_drain(settings.server, parts.health),
            connections=parts.connections,
            listener=listener,
        ) as url,
    ):
        yield url


@asynccontextmanager
async def composed(settings: Settings, clock: Clock = real_time) -> AsyncIterator[tuple[ASGIApp, Parts]]:
    """The gateway as an ASGI application, and what counts in it; connections are opened when they are first needed."""
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(traced(settings.tracing))
        calls: dict[str, CallCounts] = {}

        async def client(name: str, backend: BackendSettings) -> BackendClient:
            made = BackendClient(name, backend, list_max_rows=settings.limits.list_max_rows, clock=clock, tracer=tracer)
            calls[name] = made.counts
            return await stack.enter_async_context(made)

        backends = settings.backends
        billing_client = await client("billing", backends.billing)
        provisioning_client = await client("provisioning", backends.provisioning)
        crm_client = await client("crm", backends.crm)
        billing = _own(billing_client, backends.billing, BillingBackend) or BillingBackend(billing_client, clock)
        provisioning = _own(provisioning_client, backends.provisioning, ProvisioningBackend) or ProvisioningBackend(
            provisioning_client
        )
        crm = _own(crm_client, backends.crm, CrmBackend) or CrmBackend(crm_client)
        keys = await stack.enter_async_context(SigningKeys(settings.identity))
        store = await stack.enter_async_context(Store(settings, clock))
        new_loaders = request_loaders(settings.backends, store, billing, provisioning, crm)

        def new_context(viewer: Viewer, request_id: str) -> Context:
            return Context(viewer=viewer, loaders=new_loaders(), clock=clock, request_id=request_id)

        graph, mutations = build_graph(), Detached()
        parts = Parts(
            requests=RequestCounts(),
            answers=shared_answers(settings, store, clock),
            admission=Admission(
                graph.schema, settings.limits, introspection=settings.server.introspection, policy=graph.policy
            ),
            calls=calls,
            health=_health(calls, keys, store),
            store=store,
            connections=OpenConnections(),
            loop_lag=LoopLag(),
            started_at=real_time().timestamp(),
        )
        app = create_app(
            admission=parts.admission,
            engine=Engine(reference=settings.engine == "reference"),
            new_context=new_context,
            answers=parts.answers,
            authenticator=Authenticator(settings.identity, keys, clock, store.revocations),
            catch_up=store.generations.catch_up,
            server=settings.server,
            limits=settings.limits,
            mutations=mutations,
            counts=parts.requests,
            health=parts.health,
            tracer=tracer,
        )
        yield app, parts
        await mutations.ended(settings.limits.mutation_timeout_seconds)


def seconds_to_end(settings: Settings) -> float:
    """The longest that the gateway takes to end of its own accord, but for a few moments of tidying up.

    Requests come first, mutations whose clients have left next, and spans last.
    """
    server = settings.server
    drain = server.drain_delay_seconds + server.drain_seconds
    return drain + settings.limits.mutation_timeout_seconds + FLUSH_SECONDS


def _own(client: BackendClient, settings: BackendSettings, standard: type[B]) -> B | None:
    """The class that the settings name in place of the standard one, which speaks TM Forum's APIs; None without one."""
    named = settings.implementation
    return None if named is None else implementation(client, named, standard)


def shared_answers(settings: Settings, store: Store, clock: Clock) -> Answers:
    """What requests that ask the same share of their answers: as of the records, what the settings say."""
    backends = settings.backends
    return Answers(
        store.process,
        store.generations,
        clock,
        joins=settings.sharing.enabled,
        keeps=settings.cache.enabled,
        by_caller=any(
            isinstance(each.auth, CallerTokenAuth) for each in (backends.billing, backends.provisioning, backends.crm)
        ),
    )


def _health(calls: Mapping[str, CallCounts], keys: SigningKeys, store: Store) -> Health:
    backends = {name: counts.state for name, counts in calls.items()}
    return Health({**backends, "identity": keys.state, "redis": store.redis_state})


def _drain(server: ServerSettings, health: Health) -> Drain:
    return Drain(
        delay_seconds=server.drain_delay_seconds,
        linger_seconds=min(IDLE_LINGER_SECONDS, server.drain_seconds),
        on_begin=health.drain,
    )


def _bounds(server: ServerSettings) -> Bounds:
    return Bounds(
        header_timeout_seconds=server.header_timeout_seconds,
        header_max_bytes=server.header_max_bytes,
        header_max_count=server.header_max_count,
        idle_timeout_seconds=server.idle_timeout_seconds,
        max_connections=server.max_connections,
    )


def request_loaders(
    settings: BackendsSettings,
    store: Store,
    billing: BillingBackend,
    provisioning: ProvisioningBackend,
    crm: CrmBackend,
) -> Callable[[], Loaders]:
    """Makes the loaders of a request, on what requests share; and those that nothing is kept behind."""
    told = Fallback(crm.accounts_by_company_id, billing.accounts_by_company_id)
    accounts = store.accounts(
        crm.accounts_by_company_id, billing.accounts_by_company_id, settings.crm.auth, settings.billing.auth
    )
    new_fresh = partial(Loaders, billing, provisioning, crm, told)
    return partial(
        Loaders,
        store.kept(billing, settings.billing.auth),
        store.kept(provisioning, settings.provisioning.auth),
        store.kept(crm, settings.crm.auth),
        accounts,
        new_fresh=new_fresh,
    )
