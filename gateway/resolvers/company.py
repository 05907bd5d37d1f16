"""How a company's fields get their values."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.context import Context
from gateway.domain.company import Company, CompanyFilter, CompanyProfile, CompanySearch, CompanyState
from gateway.domain.page import (
    FIRST_DEFAULT,
    Page,
    check_first,
    decode_cursor,
    encode_cursor,
    invalid_cursor,
)
from gateway.errors import GatewayError
from gateway.resolvers.node import load_as
from gateway.resolvers.ownership import CompanyRecord, not_found

V = TypeVar("V")

SEARCH = "companies"


class FoundPage(Page[Company], frozen=True):
    """Some companies of a search, from `offset` on."""

    offset: int

    def cursor_at(self, index: int) -> str:
        """How many companies of the search come before the next one."""
        return encode_cursor(SEARCH, (str(self.offset + index + 1), ""))


async def company(context: Context, id: str) -> Company | GatewayError:
    """A company by its global id."""
    return await load_as(Company, id, context)


async def companies(
    context: Context,
    first: int = FIRST_DEFAULT,
    after: str | None = None,
    filter: CompanyFilter | None = None,
) -> Page[Company] | GatewayError:
    """A page of the CRM's search; nothing is read but that page, so nobody counts the whole."""
    check_first(first)
    offset = 0 if after is None else _offset_after(after)
    asked = filter or CompanyFilter()
    search = CompanySearch(vat_number=asked.vat_number, name=asked.name, offset=offset, limit=first)
    found = await context.loaders.company.by_search.load(search)
    if isinstance(found, GatewayError):
        return found
    profiles = found.profiles if found else ()
    for profile in profiles:
        context.loaders.company.profile_by_company_id.prime(profile.company_id, profile)
    return FoundPage(
        nodes=[Company(profile.company_id) for profile in profiles],
        has_previous=offset > 0,
        has_next=found is not None and found.has_more,
        offset=offset,
    )


def _offset_after(cursor: str) -> int:
    offset, _ = decode_cursor(SEARCH, cursor)
    if not offset.isdecimal() or len(offset) > 9:
        raise invalid_cursor()
    return int(offset)


async def company_of(records: Sequence[CompanyRecord], context: Context) -> Sequence[Company]:
    """The company that records belong to."""
    return [Company(record.company_id) for record in records]


async def name(companies: Sequence[Company], context: Context) -> Sequence[str | GatewayError | None]:
    """The legal name."""
    return await _from_profile(companies, context, lambda profile: profile.name)


async def trading_name(companies: Sequence[Company], context: Context) -> Sequence[str | GatewayError | None]:
    """The name the company trades under."""
    return await _from_profile(companies, context, lambda profile: profile.trading_name)


async def vat_number(companies: Sequence[Company], context: Context) -> Sequence[str | GatewayError | None]:
    """The P.IVA."""
    return await _from_profile(companies, context, lambda profile: profile.vat_number)


async def state(companies: Sequence[Company], context: Context) -> Sequence[CompanyState | GatewayError | None]:
    """Where the company stands with the operator."""
    return await _from_profile(companies, context, lambda profile: profile.state)


async def _from_profile(
    companies: Sequence[Company], context: Context, read: Callable[[CompanyProfile], V]
) -> Sequence[V | GatewayError | None]:
    profiles = await context.loaders.company.profile_by_company_id.load_many([company.id for company in companies])
    return [
        read(profile) if isinstance(profile, CompanyProfile) else profile or not_found("company")
        for profile in profiles
    ]
