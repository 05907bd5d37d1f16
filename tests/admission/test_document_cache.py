"""Documents are parsed and validated once, and do not fill the memory."""

import pytest

from gateway.admission.document import Document, read_document
from gateway.admission.document_cache import CHARACTERS_EACH, DocumentCache
from gateway.config import LimitSettings
from gateway.domain.viewer import ANONYMOUS
from tests.admission.graph import DOOR, MANAGER, SCHEMA, admission, refusal


@pytest.fixture
def document() -> Document:
    """Any document."""
    return read_document(SCHEMA, "{ __typename }", LimitSettings(), introspection=True)


def test_a_text_is_read_once() -> None:
    """Two requests of one text share its plan; another text has its own."""
    first, second, third = (
        DOOR.admit(query, None, None, MANAGER).plan
        for query in ("{ company { id } }", "{ company { id } }", "{ company { id} }")
    )
    assert first is second
    assert first is not third


def test_refusals_are_fresh() -> None:
    """A refused text is read again each time, so that one request's errors never reach another's answer."""
    door = admission()
    first, second = refusal("{ nothing }", door=door), refusal("{ nothing }", door=door)
    assert first.errors[0] is not second.errors[0]


def test_the_least_recently_used_makes_room(document: Document) -> None:
    """The cache keeps so many texts, those used last."""
    cache = DocumentCache(2)
    cache.put("a", document)
    cache.put("b", document)
    assert cache.get("a") is document
    cache.put("c", document)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (document, None, document)
    assert len(cache) == 2


def test_characters_are_bounded(document: Document) -> None:
    """Room is for so many characters each, on average; longer texts push out earlier."""
    cache = DocumentCache(20)
    for number in range(10):
        cache.put(f"{number}" * (2 * CHARACTERS_EACH), document)
    assert len(cache) == 10
    cache.put("x", document)
    assert (len(cache), cache.get("0" * (2 * CHARACTERS_EACH)), cache.get("1" * (2 * CHARACTERS_EACH))) == (
        10,
        None,
        document,
    )


def test_a_monster_is_not_kept(document: Document) -> None:
    """A text of more than a tenth of all characters is read each time."""
    cache = DocumentCache(10)
    cache.put("x" * (CHARACTERS_EACH + 1), document)
    assert len(cache) == 0
    cache.put("x" * CHARACTERS_EACH, document)
    assert len(cache) == 1


def test_no_cache(document: Document) -> None:
    """A cache of no size keeps nothing, and documents pass all the same."""
    cache = DocumentCache(0)
    cache.put("x", document)
    assert len(cache) == 0
    assert admission(cache_size=0).admit("{ __typename }", None, None, MANAGER).kind == "query"


def test_a_document_that_its_sender_may_not_ask_is_not_kept() -> None:
    """Anybody can send any number of different ones."""
    door = admission()
    refusal("{ company { id } }", who=ANONYMOUS, door=door)
    assert len(door.documents) == 0
    door.admit("{ company { id } }", None, None, MANAGER)
    assert len(door.documents) == 1
