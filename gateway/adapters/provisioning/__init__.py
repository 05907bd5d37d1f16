"""Provisioning: lines, options and packages as products (TMF637), SIMs as resources (TMF639)."""

from functools import cached_property

from gateway.adapters._api import Api
from gateway.adapters._client import BackendClient
from gateway.adapters.provisioning.gss_package import gss_package_by_id, gss_packages_by_customer_id
from gateway.adapters.provisioning.line import line_by_id, line_by_number, line_by_sim_id, lines_by_customer_id
from gateway.adapters.provisioning.line_option import option_by_id
from gateway.adapters.provisioning.sim import sim_by_id, sim_codes_by_id
from gateway.domain.gss_package import GssPackage
from gateway.domain.key import Key, Source
from gateway.domain.line import CustomerLine, Line
from gateway.domain.line_option import LineOption
from gateway.domain.sim import Sim, SimCodes


class ProvisioningBackend:
    """What provisioning knows, by what it is asked for."""

    def __init__(self, client: BackendClient) -> None:
        self._products = Api(client, "productInventory")
        self._resources = Api(client, "resourceInventory")

    @cached_property
    def line_by_id(self) -> Source[Key, Line]:
        """One line."""
        return line_by_id(self._products)

    @cached_property
    def lines_by_customer_id(self) -> Source[Key, tuple[Line, ...]]:
        """All lines of a customer."""
        return lines_by_customer_id(self._products)

    @cached_property
    def line_by_sim_id(self) -> Source[Key, Line]:
        """The line that a SIM serves."""
        return line_by_sim_id(self._products)

    @cached_property
    def line_by_number(self) -> Source[str, CustomerLine]:
        """Which line has a number now."""
        return line_by_number(self._products)

    @cached_property
    def option_by_id(self) -> Source[Key, LineOption]:
        """One option of a line."""
        return option_by_id(self._products)

    @cached_property
    def gss_package_by_id(self) -> Source[Key, GssPackage]:
        """One package."""
        return gss_package_by_id(self._products)

    @cached_property
    def gss_packages_by_customer_id(self) -> Source[Key, tuple[GssPackage, ...]]:
        """All packages of a customer."""
        return gss_packages_by_customer_id(self._products)

    @cached_property
    def sim_by_id(self) -> Source[Key, Sim]:
        """One SIM, without its codes."""
        return sim_by_id(self._resources)

    @cached_property
    def sim_codes_by_id(self) -> Source[Key, SimCodes]:
        """The codes of one SIM: the only read of PIN and PUK."""
        return sim_codes_by_id(self._resources)
