"""Everything that can be set, as frozen values; a setting's name is its path, `backends.crm.url`."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gateway.config.resilience import BreakerPolicy, RetryPolicy, Seconds

GraceSeconds = Annotated[float, Meta(ge=0, le=86_400)]
Count = Annotated[int, Meta(ge=1)]


class Secretive(msgspec.Struct, frozen=True):
    """Settings of which one is a secret: what is printed or logged of them is their name."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<secret>)"


class NoAuth(msgspec.Struct, frozen=True, tag_field="type", tag="none", forbid_unknown_fields=True):
    """The backend asks for nothing."""


class ApiKeyAuth(Secretive, frozen=True, tag_field="type", tag="api_key", forbid_unknown_fields=True):
    """A key in a header."""

    key: str
    header: str = "X-API-Key"


class BasicAuth(Secretive, frozen=True, tag_field="type", tag="basic", forbid_unknown_fields=True):
    """HTTP basic authentication."""

    username: str
    password: str


class ClientCredentialsAuth(
    Secretive, frozen=True, tag_field="type", tag="client_credentials", forbid_unknown_fields=True
):
    """OAuth 2 client credentials."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""


class CallerTokenAuth(msgspec.Struct, frozen=True, tag_field="type", tag="caller_token", forbid_unknown_fields=True):
    """The caller's own bearer token is passed on."""


Auth = NoAuth | ApiKeyAuth | BasicAuth | ClientCredentialsAuth | CallerTokenAuth


class TlsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to trust, and the certificate to show (mTLS); paths of PEM files."""

    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None


class BackendSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the three systems behind the gateway."""

    url: str
    auth: Auth = msgspec.field(default_factory=NoAuth)
    tls: TlsSettings = msgspec.field(default_factory=TlsSettings)
    connect_timeout_seconds: Seconds = 0.5
    timeout_seconds: Seconds = 2.0
    max_connections: Count = 100
    """Calls at once."""
    queue_max: Annotated[int, Meta(ge=0, le=100_000)] = 200
    """Calls that wait for one of these to end; more are refused at once."""
    retry: RetryPolicy = msgspec.field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = msgspec.field(default_factory=BreakerPolicy)
    implementation: str | None = None
    """`package.module:Class`, for a system that speaks no TM Forum APIs."""
    apis: dict[str, dict[str, Any]] = {}
    """Profile settings that differ from the default, by API: `[backends.crm.apis.troubleTicket]`."""


class BackendsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The three systems behind the gateway."""

    billing: BackendSettings
    provisioning: BackendSettings
    crm: BackendSettings


Role = Literal["USER_ADMIN", "TELCO_MANAGER", "OPERATOR"]


class IdentitySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose tokens are taken, and how they are read."""

    issuer: str
    jwks_url: str
    tls: TlsSettings = msgspec.field(default_factory=TlsSettings)
    audience: str = "telco-gateway"
    algorithms: tuple[Literal["RS256", "ES256"], ...] = ("RS256", "ES256")
    leeway_seconds: GraceSeconds = 5.0
    role_claim: str = "role"
    company_claim: str = "company_id"
    scope_claim: str = "scope"
    session_claim: str = "sid"
    roles: dict[str, Role] = msgspec.field(
        default_factory=lambda: {"USER_ADMIN": "USER_ADMIN", "TELCO_MANAGER": "TELCO_MANAGER", "OPERATOR": "OPERATOR"}
    )
    """The value of the role claim -> one of our roles."""


class RedisSettings(Secretive, frozen=True, forbid_unknown_fields=True):
    """Where what may be lost is kept; the address may hold a password."""

    cache_url: str = "redis://127.0.0.1:6379/0"
    timeout_seconds: Seconds = 0.1


class CacheSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is remembered of the backends' answers."""

    enabled: bool = True
    process_max_bytes: Count = 32 * 1024 * 1024


class SharingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How requests share the calls that are under way."""

    enabled: bool = True
    gather_seconds: Annotated[float, Meta(ge=0, le=1)] = 0.0


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one request may ask for."""

    body_max_bytes: Count = 1_000_000
    tokens_max: Count = 2_000
    depth_max: Count = 15
    fields_max: Count = 2_000
    objects_max: Count = 5_000
    values_max: Count = 50_000
    list_max_rows: Count = 10_000
    request_timeout_seconds: Seconds = 5.0
    mutation_timeout_seconds: Seconds = 15.0
    requests_at_once: Count = 256
    """Of one worker; more wait for their turn."""
    turn_seconds: Seconds = 1.0
    """How long they wait before they are refused."""


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the gateway listens, and to which browsers it answers."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8000
    cors_origins: tuple[str, ...] = ()
    """Origins as browsers send them, or `localhost` for any port of localhost and 127.0.0.1."""
    graphiql: bool = False
    introspection: bool = True
    drain_seconds: GraceSeconds = 5.0
    drain_delay_seconds: GraceSeconds = 0.0
    """From SIGTERM, when /readyz says so, to the closing of the port."""
    slow_operation_seconds: Seconds = 1.0
    """Operations that take longer leave a line with their plan."""
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    """Processes that serve; `demo` has one."""
    max_connections: Count = 10_000
    """Of one worker."""
    header_timeout_seconds: Seconds = 10.0
    header_max_bytes: Annotated[int, Meta(ge=1_024)] = 32_768
    header_max_count: Count = 100
    idle_timeout_seconds: Seconds = 75.0


class MetricsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where Prometheus reads the numbers of all workers; nowhere without a port."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] | None = None


class TracingSettings(Secretive, frozen=True, forbid_unknown_fields=True):
    """Where spans go, and how many; nowhere without an address. The headers may hold a key."""

    otlp_url: str | None = None
    headers: dict[str, str] = {}
    sample_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.1
    service_name: str = "telco-gateway"
    timeout_seconds: Seconds = 5.0


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set."""

    backends: BackendsSettings
    identity: IdentitySettings
    redis: RedisSettings = msgspec.field(default_factory=RedisSettings)
    cache: CacheSettings = msgspec.field(default_factory=CacheSettings)
    sharing: SharingSettings = msgspec.field(default_factory=SharingSettings)
    limits: LimitSettings = msgspec.field(default_factory=LimitSettings)
    server: ServerSettings = msgspec.field(default_factory=ServerSettings)
    metrics: MetricsSettings = msgspec.field(default_factory=MetricsSettings)
    tracing: TracingSettings = msgspec.field(default_factory=TracingSettings)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    engine: Literal["breadth", "reference"] = "breadth"
    """`reference` runs operations by graphql-core's own executor, to tell a fault of the engine from another."""
