"""Configuration: one frozen value, read once from TOML and the environment; a bad value stops the start by name."""

from gateway.config.loading import load_backends, load_settings
from gateway.config.naming import ENVIRONMENT_PREFIX
from gateway.config.profile import API_DEFAULTS, NO_API, Batching, Profile, profiles_of
from gateway.config.resilience import BreakerPolicy, RetryPolicy
from gateway.config.settings import (
    ApiKeyAuth,
    Auth,
    BackendSettings,
    BackendsSettings,
    BasicAuth,
    CacheSettings,
    CallerTokenAuth,
    ClientCredentialsAuth,
    IdentitySettings,
    LimitSettings,
    MetricsSettings,
    NoAuth,
    RedisSettings,
    ServerSettings,
    Settings,
    SharingSettings,
    TlsSettings,
    TracingSettings,
)

__all__ = [
    "API_DEFAULTS",
    "ENVIRONMENT_PREFIX",
    "NO_API",
    "ApiKeyAuth",
    "Auth",
    "BackendSettings",
    "BackendsSettings",
    "BasicAuth",
    "Batching",
    "BreakerPolicy",
    "CacheSettings",
    "CallerTokenAuth",
    "ClientCredentialsAuth",
    "IdentitySettings",
    "LimitSettings",
    "MetricsSettings",
    "NoAuth",
    "Profile",
    "RedisSettings",
    "RetryPolicy",
    "ServerSettings",
    "Settings",
    "SharingSettings",
    "TlsSettings",
    "TracingSettings",
    "load_backends",
    "load_settings",
    "profiles_of",
]
