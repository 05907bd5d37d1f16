"""Loaders of invoices."""

from typing import Protocol

from gateway.domain.invoice import Invoice
from gateway.domain.key import Key, Source
from gateway.loaders.loader import Loader


class InvoiceBackend(Protocol):
    """Billing, as far as invoices go."""

    @property
    def invoice_by_id(self) -> Source[Key, Invoice]: ...

    @property
    def invoices_by_account_id(self) -> Source[Key, tuple[Invoice, ...]]: ...


class InvoiceLoaders:
    """Invoices, by what they are asked for."""

    def __init__(self, billing: InvoiceBackend) -> None:
        self.by_id = Loader(billing.invoice_by_id)
        self.by_account_id = Loader(billing.invoices_by_account_id)
