"""The page for backend teams says what they will see."""

import re
from collections import Counter
from pathlib import Path

from gateway.adapters._congestion import FIRST
from gateway.adapters._http import KEEPALIVE_SECONDS
from gateway.config import BackendSettings, BreakerPolicy, RetryPolicy
from tests.journeys.journey import Journey

PAGE = (Path(__file__).parents[2] / "docs" / "what-your-system-will-see.md").read_text("utf-8")


def test_the_calls_of_the_first_screen(journey: Journey) -> None:
    """As many of each kind as the page says, on a gateway that remembers nothing but who holds what."""
    with journey.calls() as calls:
        journey.operation("company_overview", id=journey.demo.company_id)
    told: Counter[str] = Counter()
    for count, resource in re.findall(r"(\d+) `(?:GET|POST) /(\w+)", PAGE):
        told[resource] += int(count)
    found = Counter(resource for resource, _ in calls) | {"customer": 1}
    assert found["product"] in (told["product"] - 1, told["product"])  # a line by id may come with the others
    assert found | {"product": told["product"]} == told


def test_the_numbers() -> None:
    """Those of the defaults."""
    backend = BackendSettings(url="http://127.0.0.1")
    for number in (
        f"`max_connections` ({backend.max_connections})",
        f"kept for {KEEPALIVE_SECONDS:g} s",
        f"{backend.connect_timeout_seconds:g} s for its connection and {backend.timeout_seconds:g} s in all",
        f"up to {RetryPolicy().pause_seconds * 1000:g} ms",
        f"half of {BreakerPolicy().calls_min} calls",
        f"none for {BreakerPolicy().open_seconds:g} s",
    ):
        assert number in PAGE
    assert FIRST == 10
    assert "begins with ten" in PAGE
