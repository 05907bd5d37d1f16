"""What tests of every layer use."""

from collections.abc import AsyncIterator

import aiohttp
import pytest


@pytest.fixture
async def http_client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps no cookies and follows no redirect it is not told to."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
