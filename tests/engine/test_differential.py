"""The breadth executor ends as the reference could have: every operation, in every pattern."""

import logging
from collections.abc import Iterator, Sequence

import pytest
import structlog
from graphql import Executor

from tests.engine.differential import found_between, operation_named
from tests.engine.documents import Operation
from tests.engine.operations import NASTY_COUNT, PRODUCT_COUNT, hand_written, operations_of

pytestmark = [
    pytest.mark.usefixtures("own_garbage"),
    # The reference cancels tasks before their first step. Where the coroutine is dropped while a named tuple is made,
    # whose constructor sees no builtins, the warning about it fails in its turn.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning"),
]

SHOWN = 2


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The product's resolvers log what they drop, here thousands of times."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fifty seeds, from the one that is asked for."""
    if "engine_seed" in metafunc.fixturenames:
        first = int(metafunc.config.getoption("--engine-seed"))
        count = 1 if metafunc.function is test_replay else int(metafunc.config.getoption("--engine-seeds"))
        metafunc.parametrize("engine_seed", range(first, first + count))


def test_four_hundred_operations() -> None:
    """As many operations as were promised, all different."""
    assert NASTY_COUNT + PRODUCT_COUNT == 400
    texts = {operation.text for graph in ("nasty", "product") for operation in operations_of(graph)}
    assert len(texts) == 400


async def test_generated(engine_seed: int) -> None:
    """400 operations, in one pattern each time."""
    await hold(engine_seed, [*operations_of("nasty"), *operations_of("product")])


async def test_hand_written(engine_seed: int) -> None:
    """What a generator rarely writes."""
    await hold(engine_seed, hand_written())


async def test_replay(engine_seed: int, request: pytest.FixtureRequest) -> None:
    """One operation in one pattern: `--engine-operation nasty:17 --engine-seed 3`."""
    await hold(engine_seed, [operation_named(request.config.getoption("--engine-operation"))])


@pytest.mark.parametrize("delays", [1, 2, 3])
async def test_the_reference_at_other_times(delays: int) -> None:
    """What is asked of the other executor holds between the reference and itself, whatever comes first."""
    operations = [*operations_of("nasty")[::4], *hand_written()]
    for operation in operations:
        for seed in range(delays, 20, 3):
            assert not await found_between(operation, seed, Executor, delays)


async def hold(seed: int, operations: Sequence[Operation]) -> None:
    """Shows the shortest operations that differ."""
    failed = [found for operation in operations if (found := await found_between(operation, seed))]
    failed.sort(key=lambda found: sum(map(len, found)))
    shown = "\n\n".join("\n".join(found) for found in failed[:SHOWN])
    assert not failed, f"{len(failed)} of {len(operations)} operations differ\n\n{shown}"
