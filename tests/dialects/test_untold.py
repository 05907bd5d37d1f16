"""A gateway that was not told of a dialect is never wrong: it answers alike, or says what it could not read."""

from collections.abc import Iterator

import pytest

from gateway.simulator.dialects import DIALECTS
from gateway.simulator.world import World
from tests.dialects.comparison import lost, shape_of
from tests.dialects.conftest import OPTIONS, signed_in
from tests.dialects.reads import READS
from tests.journeys.journey import Answer, Journey, running

LOST: dict[str, dict[str, set[str]]] = {
    "BACKEND_REJECTED": {"short_pages": {"company.lines", "company.gssPackages", "company.tickets"}},
    "BACKEND_FILTER_IGNORED": {
        "v5": {
            *("company.lines", "company.gssPackages", "company.tickets"),
            *("viewer.company.lines", "viewer.company.gssPackages", "viewer.company.tickets"),
        },
        "no_batches": {
            "company.gssPackages.nodes.members.nodes.line.credit",
            "viewer.company.gssPackages.nodes.members.nodes.line.credit",
            "viewer.company.lines.nodes.credit",
            "nodes.credit",
        },
    },
}
"""By code and dialect, what cannot be read until the profile says how; `literal_commas` is not among them, for it is
found out."""


# A page that is cut in silence looks like the end of a list: `limit_max` has to be told.
NEEDS_TELLING = ("silent_pages",)


@pytest.fixture(params=[name for name, it in DIALECTS.items() if it.profile and name not in NEEDS_TELLING])
def untold(request: pytest.FixtureRequest, world: World) -> Iterator[tuple[str, Journey]]:
    """A dialect, and a gateway that takes all backends for plain ones."""
    name: str = request.param
    with signed_in(running(world, OPTIONS)) as journey:
        for backend in ("billing", "provisioning", "crm"):
            journey.backend(backend, f"/control/dialects/{name}", "PUT")
        yield name, journey


def test_what_cannot_be_read_is_an_error(untold: tuple[str, Journey], plain_answers: dict[str, Answer]) -> None:
    """Every value that comes is right, no list is empty or short without an error, and nobody else's row is there."""
    dialect, journey = untold
    missing: dict[str, set[str]] = {}
    for name, read in READS.items():
        for path, code in lost(plain_answers[name], read.asked(journey)).items():
            missing.setdefault(code, set()).add(shape_of(path))
    assert missing == {code: paths[dialect] for code, paths in LOST.items() if dialect in paths}
