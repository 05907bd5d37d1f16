"""Loaders of Giga Smart Share packages."""

from typing import Protocol

from gateway.domain.gss_package import GssPackage, GssUsage
from gateway.domain.key import Key, Source
from gateway.loaders.loader import Loader


class GssPackageBackend(Protocol):
    """Provisioning, as far as packages go."""

    @property
    def gss_package_by_id(self) -> Source[Key, GssPackage]: ...

    @property
    def gss_packages_by_customer_id(self) -> Source[Key, tuple[GssPackage, ...]]: ...


class GssUsageBackend(Protocol):
    """Billing, as far as packages go."""

    @property
    def gss_usage_by_package_id(self) -> Source[Key, GssUsage]: ...


class GssPackageLoaders:
    """Giga Smart Share packages, by what they are asked for."""

    def __init__(self, provisioning: GssPackageBackend, billing: GssUsageBackend) -> None:
        self.by_id = Loader(provisioning.gss_package_by_id)
        self.by_customer_id = Loader(provisioning.gss_packages_by_customer_id)
        self.usage_by_package_id = Loader(billing.gss_usage_by_package_id)
