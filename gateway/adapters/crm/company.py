"""Companies, as organizations (TMF632)."""

from collections.abc import Callable, Sequence

import msgspec

from gateway.adapters._api import Api, Filter
from gateway.adapters._by_owner import ignored, window
from gateway.adapters._dialect import Dialect
from gateway.adapters._parallel import in_parallel
from gateway.adapters._source import ById
from gateway.adapters._wire import first
from gateway.config import Batching
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


class Identification(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A number that an authority gave to an organization."""

    identification_type: str | None = None
    identification_id: str | None = None


class Organization(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An organization as it comes."""

    id: str
    name: str | None = None
    trading_name: str | None = None
    status: str | None = None
    organization_identification: tuple[Identification, ...] | None = None

    @property
    def numbers(self) -> list[str]:
        """All its numbers, of any authority, as the graph shows VAT numbers."""
        rows = self.organization_identification or ()
        return [_bare(row.identification_id) for row in rows if row.identification_id is not None]


def profile_by_company_id(api: Api) -> Source[str, CompanyProfile]:
    """What the CRM says of a company."""
    read = company_profile_reader(api.dialect)
    return ById(api, PATH, Organization, lambda row, _id: read(row))


def company_profile_reader(dialect: Dialect) -> Callable[[Organization], CompanyProfile]:
    """Makes companies of organizations; one without a legal name goes by its trading name, else its id."""
    vat, states = dialect.name("VAT"), dialect.states(STATES, CompanyState.UNKNOWN)

    def read(row: Organization) -> CompanyProfile:
        numbers = row.organization_identification or ()
        vat_number = first(number.identification_id for number in numbers if number.identification_type == vat)
        return CompanyProfile(
            company_id=row.id,
            name=row.name or row.trading_name or row.id,
            trading_name=row.trading_name,
            vat_number=None if vat_number is None else _bare(vat_number),
            state=states[row.status],
        )

    return read


def _bare(vat_number: str) -> str:
    """A VAT number as the graph shows it: Italy's without its country."""
    return vat_number.strip().upper().removeprefix("IT")


class CompaniesBySearch:
    """Searches are pushed down: filter, order and page are the CRM's work."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._read = company_profile_reader(api.dialect)

    async def get_many(self, keys: Sequence[CompanySearch]) -> Sequence[CompanyPage | GatewayError | None]:
        """A page for each search, in the order of `keys`."""
        return await in_parallel(keys, self._page) if keys else []

    async def _page(self, search: CompanySearch) -> CompanyPage:
        """The page, and one row more to know whether another follows."""
        rows: list[Organization] = []
        for filters in self._ways(search):
            rows = await window(self._api, PATH, Organization, filters, offset=search.offset, count=search.limit + 1)
            if rows:
                self._api.several_taken.update(filter.name for filter in filters if len(filter.values) > 1)
                break
        shown = self._matching(rows[: search.limit], search)
        profiles = tuple(map(self._read, shown))
        return CompanyPage(profiles, has_more=len(rows) > search.limit)

    def _ways(self, search: CompanySearch) -> list[list[Filter]]:
        """Filters to try one after the other, until rows come: VAT numbers are kept with or without the country."""
        name = self._api.profile.name
        rest = [] if search.name is None else [Filter(name("name"), [search.name])]
        rest.append(Filter("sort", ["name"]))
        if search.vat_number is None:
            return [rest]
        spellings = [_bare(search.vat_number), f"IT{_bare(search.vat_number)}"]
        apart = [[Filter(name(VAT_FILTER), [spelling]), *rest] for spelling in spellings]
        if self._api.profile.batch_ids is Batching.NONE:
            return apart
        together = [self._api.any_of(name(VAT_FILTER), spellings), *rest]
        is_known_to_work = name(VAT_FILTER) in self._api.several_taken
        return [together] if is_known_to_work else [together, *apart]  # a comma may be part of what is looked for

    def _matching(self, rows: list[Organization], search: CompanySearch) -> list[Organization]:
        """The rows that the search means; BackendFilterIgnored where it means none of them."""
        if search.vat_number is not None:
            vat_number = _bare(search.vat_number)
            rows = self._kept(VAT_FILTER, rows, [row for row in rows if vat_number in row.numbers])
        if search.name is not None:
            name = search.name.casefold()
            rows = self._kept("name", rows, [row for row in rows if row.name and row.name.casefold() == name])
        return rows

    def _kept(self, filter: str, rows: list[Organization], kept: list[Organization]) -> list[Organization]:
        setting = f'names."{filter}"'
        if rows and not kept:
            raise ignored(self._api, self._api.dialect.name(filter), self._api.setting(setting))
        self._api.log_dropped(PATH, len(rows) - len(kept), setting)
        return kept
