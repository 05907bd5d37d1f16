"""Loaders of balances."""

from typing import Protocol

from gateway.domain.balance import Balance
from gateway.domain.key import Key, Source
from gateway.loaders.loader import Loader


class BalanceBackend(Protocol):
    """Billing, as far as balances go."""

    @property
    def balance_by_product_id(self) -> Source[Key, Balance]: ...


class BalanceLoaders:
    """Balances, by what they are asked for."""

    def __init__(self, billing: BalanceBackend) -> None:
        self.by_product_id = Loader(billing.balance_by_product_id)
