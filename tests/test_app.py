"""The composition root: what a request's loaders stand on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from gateway.adapters._client import BackendClient
from gateway.adapters.billing import BillingBackend
from gateway.adapters.crm import CrmBackend
from gateway.adapters.provisioning import ProvisioningBackend
from gateway.app import request_loaders
from gateway.config import BackendSettings, BackendsSettings, IdentitySettings, RedisSettings, Settings
from gateway.domain.company import CompanyAccounts
from gateway.loaders import Loaders
from gateway.store.store import Store

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Crm:
    """A CRM with one customer, which counts."""

    def __init__(self) -> None:
        self.calls = 0
        self.accounts = ["acc-1"]

    async def handle(self, _request: web.BaseRequest) -> web.Response:
        """The same to everybody."""
        self.calls += 1
        accounts = [{"id": id} for id in self.accounts]
        return web.json_response([{"id": "cus-1", "engagedParty": {"id": "org-1"}, "account": accounts}])


@pytest.fixture
async def crm() -> AsyncIterator[tuple[Crm, str]]:
    """The CRM and where it is."""
    backend = Crm()
    async with RawTestServer(backend.handle) as server:
        yield backend, str(server.make_url("")).rstrip("/")


async def test_what_requests_share_and_what_a_write_needs_fresh(crm: tuple[Crm, str]) -> None:
    """The second request asks nobody; its fresh loaders ask each time, and never see what is kept."""
    backend, url = crm
    settings = Settings(
        backends=BackendsSettings(*(BackendSettings(url=url) for _ in range(3))),
        identity=IdentitySettings(issuer="urn:test", jwks_url=url),
        redis=RedisSettings(cache_url="redis://127.0.0.1:1/0"),
    )

    def clock() -> datetime:
        return NOW

    async with (
        BackendClient("crm", settings.backends.crm, list_max_rows=10, clock=clock) as client,
        BackendClient("billing", settings.backends.billing, list_max_rows=10, clock=clock) as other,
        BackendClient("provisioning", settings.backends.provisioning, list_max_rows=10, clock=clock) as third,
        Store(settings, clock) as store,
    ):
        new_loaders = request_loaders(
            settings.backends, store, BillingBackend(other, clock), ProvisioningBackend(third), CrmBackend(client)
        )

        async def accounts(loaders: Loaders) -> object:
            return await loaders.company.accounts_by_company_id.load("org-1")

        expected = CompanyAccounts("org-1", ("cus-1",), ("acc-1",))
        assert [await accounts(new_loaders()), await accounts(new_loaders())] == [expected] * 2
        assert backend.calls == 1
        backend.accounts = []
        request = new_loaders()
        assert await accounts(request) == expected
        for calls in (2, 3):
            assert await accounts(request.fresh()) == CompanyAccounts("org-1", ("cus-1",), ())
            assert backend.calls == calls
