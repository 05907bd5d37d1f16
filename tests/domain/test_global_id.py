"""Global ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import global_id
from gateway.domain.global_id import GlobalId
from gateway.errors import InvalidGlobalId

parts = st.text(min_size=1, max_size=20).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))


@given(parts.filter(lambda name: name != "Company"), parts, parts)
def test_any_ids_survive_the_round_trip(type_name: str, company_id: str, record_id: str) -> None:
    """Backends' ids may hold any character, the separator included."""
    encoded = global_id.encode(type_name, company_id, record_id)
    assert global_id.decode(encoded) == GlobalId(type_name, company_id, record_id)


def test_a_company_is_its_own_owner() -> None:
    """A company's id has no third part."""
    assert global_id.decode(global_id.encode("Company", "org-1")) == GlobalId("Company", "org-1", "")


@given(st.text(max_size=60))
def test_a_text_that_was_never_given_out_is_refused(text: str) -> None:
    """Any text either is the one spelling of an id or raises InvalidGlobalId, never anything else."""
    try:
        decoded = global_id.decode(text)
    except InvalidGlobalId:
        return
    assert global_id.encode(*decoded) == text


@pytest.mark.parametrize(
    "text", ["", "x", "TGluZQ", "à", "TGluZTphOmI=", "TGluZTphOmI6Yw", "TGluZTphOmI\n", "Q29tcGFueTphOmI", "TGluZTph"]
)
def test_what_is_not_an_id_is_named_in_the_error(text: str) -> None:
    """The message shows what came in and what to pass instead."""
    with pytest.raises(InvalidGlobalId, match="is not an id of this graph; pass an `id`"):
        global_id.decode(text)


def test_a_long_text_is_shortened_in_the_error() -> None:
    """An error never carries a megabyte back."""
    with pytest.raises(InvalidGlobalId) as caught:
        global_id.decode("x" * 1_000_000)
    assert len(caught.value.message) < 120


def test_an_id_of_another_type_is_refused_by_name() -> None:
    """A root that takes invoices says so when it gets a line."""
    with pytest.raises(InvalidGlobalId, match="id is of type Line; here an id of type Invoice"):
        global_id.decode_as("Invoice", global_id.encode("Line", "org-1", "lin-1"))
