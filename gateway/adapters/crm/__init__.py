"""The CRM: organizations (TMF632), customers (TMF629) and trouble tickets (TMF621)."""

from functools import cached_property

from gateway.adapters._api import Api
from gateway.adapters._client import BackendClient
from gateway.adapters.crm.company import CompaniesBySearch, profile_by_company_id
from gateway.adapters.crm.customer import accounts_by_company_id, company_id_by_customer_id
from gateway.adapters.crm.ticket import ticket_by_id, tickets_by_customer_id
from gateway.domain.company import CompanyAccounts, CompanyPage, CompanyProfile, CompanySearch
from gateway.domain.key import Key, Source
from gateway.domain.ticket import Ticket


class CrmBackend:
    """What the CRM knows, by what it is asked for."""

    def __init__(self, client: BackendClient) -> None:
        self._customers = Api(client, "customer")
        self._parties = Api(client, "party")
        self._tickets = Api(client, "troubleTicket")

    @cached_property
    def accounts_by_company_id(self) -> Source[str, CompanyAccounts]:
        """The customers and accounts of a company; None where it is no customer."""
        return accounts_by_company_id(self._customers)

    @cached_property
    def company_id_by_customer_id(self) -> Source[str, str]:
        """The company that a customer is."""
        return company_id_by_customer_id(self._customers)

    @cached_property
    def profile_by_company_id(self) -> Source[str, CompanyProfile]:
        """A company's name, VAT number and state."""
        return profile_by_company_id(self._parties)

    @cached_property
    def companies_by_search(self) -> Source[CompanySearch, CompanyPage]:
        """A page of companies by name."""
        return CompaniesBySearch(self._parties)

    @cached_property
    def ticket_by_id(self) -> Source[Key, Ticket]:
        """One ticket."""
        return ticket_by_id(self._tickets)

    @cached_property
    def tickets_by_customer_id(self) -> Source[Key, tuple[Ticket, ...]]:
        """All tickets of a customer."""
        return tickets_by_customer_id(self._tickets)
