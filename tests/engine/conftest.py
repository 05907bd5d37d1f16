"""What the tests of the engine share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def own_garbage() -> Iterator[None]:
    """A test whose executors drop coroutines collects them itself: their warnings are not for another test to meet."""
    yield
    gc.collect()
