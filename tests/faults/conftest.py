"""One stage for all bad days: its processes start once."""

from collections.abc import Iterator

import pytest

from tests.faults.stage import Stage


@pytest.fixture(scope="session")
def whole_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The processes."""
    stage = Stage(tmp_path_factory.mktemp("stage"))
    try:
        yield stage
    finally:
        stage.end()


@pytest.fixture
def stage(whole_stage: Stage) -> Iterator[Stage]:
    """With everybody well, before and after."""
    whole_stage.knobs()
    yield whole_stage
    whole_stage.knobs()
