"""Whose a record is, and that nobody learns more from a failure."""

from gateway.domain import global_id
from gateway.domain.company import CompanyAccounts
from gateway.domain.line import CustomerLine
from gateway.domain.viewer import SCOPES_OF_ROLE, Role, Viewer
from gateway.errors import BackendTimeout, NotFound
from gateway.resolvers import line as line_resolvers
from gateway.resolvers import node as node_resolvers
from gateway.resolvers.ownership import accounts_of
from tests.resolvers.memory import LATE, MemoryBackend, MemorySource, context_on

ADMIN = Viewer("admin", Role.USER_ADMIN, "a", SCOPES_OF_ROLE[Role.USER_ADMIN])
FOREIGN = "+393450003"


async def test_a_company_one_may_not_see_is_not_even_asked_for() -> None:
    """The directory is closed to others before any backend hears of it."""
    backend = MemoryBackend()
    (own, other) = await accounts_of(["a", "b"], context_on(backend, ADMIN))
    assert isinstance(own, CompanyAccounts)
    assert isinstance(other, NotFound)
    assert backend.accounts.batches == [["a"]]


async def test_while_nobody_can_say_who_holds_what_every_id_answers_alike() -> None:
    """A forged id of another company's record and an unknown one fail with the same error."""
    backend = MemoryBackend()
    backend.accounts = MemorySource[str, CompanyAccounts]({"a": LATE})
    foreign, unknown = [global_id.encode("Line", "a", id) for id in ("lin-3", "lin-unknown")]
    answers = await node_resolvers.nodes(context_on(backend, ADMIN), [foreign, unknown])
    assert answers == [LATE, LATE]


async def test_a_foreign_number_costs_what_an_unknown_one_does() -> None:
    """Same answer, same questions to the backends."""
    asked = []
    for number in (FOREIGN, "+390000000"):
        backend = MemoryBackend()
        backend.line_by_number = MemorySource[str, CustomerLine]({FOREIGN: CustomerLine("cus-b", "lin-3")})
        answer = await line_resolvers.line(context_on(backend, ADMIN), number)
        assert isinstance(answer, NotFound)
        asked.append(backend.batches())
    assert asked[0] == asked[1] == {"accounts": 1, "line_by_number": 1}


async def test_a_failed_directory_is_the_answer_for_any_number() -> None:
    """Whether somebody has the number does not show."""
    for number in (FOREIGN, "+390000000"):
        backend = MemoryBackend()
        backend.accounts = MemorySource[str, CompanyAccounts]({"a": LATE})
        backend.line_by_number = MemorySource[str, CustomerLine]({FOREIGN: CustomerLine("cus-b", "lin-3")})
        answer: object = await line_resolvers.line(context_on(backend, ADMIN), number)
        assert isinstance(answer, BackendTimeout)
