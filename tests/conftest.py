"""What tests of every layer use."""

from collections.abc import AsyncIterator

import aiohttp
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Other patterns for the engine than those of every run, and one operation to look at."""
    parser.addoption("--engine-seed", default="0", help="the first seed of the engine's differential tests")
    parser.addoption("--engine-seeds", default="50", help="how many seeds, one after the other")
    parser.addoption("--engine-operation", default="hand:aliases", help="what test_replay executes, such as nasty:17")


@pytest.fixture
async def http_client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps no cookies and follows no redirect it is not told to."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
