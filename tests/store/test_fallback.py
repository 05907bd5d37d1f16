"""A second source makes good what the first cannot say, and nothing worse."""

from collections.abc import Sequence

import pytest

from gateway.errors import BackendUnavailable, GatewayError, InternalError
from gateway.store.fallback import Fallback

DOWN = BackendUnavailable("crm", "down")


class Source:
    """Gives its answers, or raises."""

    def __init__(self, answers: dict[str, str | GatewayError] | Exception) -> None:
        self._answers = answers

    async def get_many(self, keys: Sequence[str]) -> Sequence[str | GatewayError | None]:
        """One for each key."""
        if isinstance(self._answers, Exception):
            raise self._answers
        return [self._answers.get(key) for key in keys]


@pytest.mark.parametrize("failure", [BackendUnavailable("billing", "down"), ZeroDivisionError()])
async def test_a_second_source_that_raises_takes_nothing_away(failure: Exception) -> None:
    """What the first one knows is answered; its own error stands for the rest."""
    fallback = Fallback(Source({"a": "A", "b": DOWN}), Source(failure))
    assert await fallback.get_many(["a", "b"]) == ["A", DOWN]


async def test_a_first_source_that_raises_is_made_good() -> None:
    """An error that is raised is each key's; a fault of our own is not hidden."""
    assert await Fallback(Source(DOWN), Source({"a": "A"})).get_many(["a", "b"]) == ["A", DOWN]
    (value,) = await Fallback(Source(ZeroDivisionError()), Source({"a": "A"})).get_many(["a"])
    assert isinstance(value, InternalError)
