"""Loaders of companies."""

from typing import Protocol

from gateway.domain.company import CompanyAccounts, CompanyPage, CompanyProfile, CompanySearch
from gateway.domain.key import Source
from gateway.loaders.loader import Loader


class CompanyBackend(Protocol):
    """The CRM, as far as companies go."""

    @property
    def company_id_by_customer_id(self) -> Source[str, str]: ...

    @property
    def profile_by_company_id(self) -> Source[str, CompanyProfile]: ...

    @property
    def companies_by_search(self) -> Source[CompanySearch, CompanyPage]: ...


class CompanyLoaders:
    """Companies, by what they are asked for."""

    def __init__(self, crm: CompanyBackend, accounts: Source[str, CompanyAccounts]) -> None:
        self.accounts_by_company_id = Loader(accounts)
        self.company_id_by_customer_id = Loader(crm.company_id_by_customer_id)
        self.profile_by_company_id = Loader(crm.profile_by_company_id)
        self.by_search = Loader(crm.companies_by_search)
