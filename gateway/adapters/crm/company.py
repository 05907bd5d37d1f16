"""Companies, as organizations (TMF632)."""

from collections.abc import Sequence

import msgspec

from gateway.adapters._api import Api, Filter
from gateway.adapters._by_owner import ignored, window
from gateway.adapters._parallel import in_parallel
from gateway.adapters._source import ById
from gateway.adapters._wire import first, state_of
from gateway.config import Profile
from gateway.domain.company import CompanyPage, CompanyProfile, CompanySearch, CompanyState
from gateway.domain.key import Source
from gateway.errors import GatewayError

PATH = "/organization"
VAT_FILTER = "organizationIdentification.identificationId"

STATES = {
    "validated": CompanyState.ACTIVE,
    "initialized": CompanyState.INACTIVE,
    "closed": CompanyState.INACTIVE,
}


class Identification(msgspec.Struct, frozen=True, rename="camel"):
    """A number that an authority gave to an organization."""

    identification_type: str | None = None
    identification_id: str | None = None


class Organization(msgspec.Struct, frozen=True, rename="camel"):
    """An organization as it comes."""

    id: str
    name: str | None = None
    trading_name: str | None = None
    status: str | None = None
    organization_identification: tuple[Identification, ...] | None = None

    @property
    def identification_ids(self) -> list[str | None]:
        """All its numbers, of any authority."""
        return [row.identification_id for row in self.organization_identification or ()]


def profile_by_company_id(api: Api) -> Source[str, CompanyProfile]:
    """What the CRM says of a company."""
    return ById(api, PATH, Organization, lambda row, _id: company_profile(row, api.profile))


def company_profile(row: Organization, profile: Profile) -> CompanyProfile:
    """The company that an organization is; without a legal name it goes by its trading name, else its id."""
    numbers = row.organization_identification or ()
    vat_number = first(
        number.identification_id for number in numbers if number.identification_type == profile.name("VAT")
    )
    return CompanyProfile(
        company_id=row.id,
        name=row.name or row.trading_name or row.id,
        trading_name=row.trading_name,
        vat_number=None if vat_number is None else vat_number.removeprefix("IT"),
        state=state_of(row.status, STATES, CompanyState.UNKNOWN, profile),
    )


class CompaniesBySearch:
    """Searches are pushed down: filter, order and page are the CRM's work."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def get_many(self, keys: Sequence[CompanySearch]) -> Sequence[CompanyPage | GatewayError | None]:
        """A page for each search, in the order of `keys`."""
        return await in_parallel(keys, self._page) if keys else []

    async def _page(self, search: CompanySearch) -> CompanyPage:
        """The page, and one row more to know whether another follows."""
        filters = self._filters(search)
        asked: list[Filter] = [*filters, Filter("sort", ["name"])]
        rows = await window(self._api, PATH, Organization, asked, offset=search.offset, count=search.limit + 1)
        for row in rows:
            self._check(row, search)
        shown = tuple(company_profile(row, self._api.profile) for row in rows[: search.limit])
        return CompanyPage(shown, has_more=len(rows) > search.limit)

    def _filters(self, search: CompanySearch) -> list[Filter]:
        name = self._api.profile.name
        vat_number: list[Filter] = [] if search.vat_number is None else [Filter(name(VAT_FILTER), [search.vat_number])]
        return vat_number if search.name is None else [*vat_number, Filter(name("name"), [search.name])]

    def _check(self, row: Organization, search: CompanySearch) -> None:
        """BackendFilterIgnored for a row that the search does not match."""
        if search.vat_number is not None and search.vat_number not in row.identification_ids:
            raise self._ignored(VAT_FILTER)
        if search.name is not None and row.name != search.name:
            raise self._ignored("name")

    def _ignored(self, filter: str) -> GatewayError:
        return ignored(self._api, self._api.profile.name(filter), self._api.setting(f'names."{filter}"'))
