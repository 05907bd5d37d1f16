"""Loaders of SIMs."""

from typing import Protocol

from gateway.domain.key import Key, Source
from gateway.domain.sim import Sim, SimCodes
from gateway.loaders.loader import Loader


class SimBackend(Protocol):
    """Provisioning, as far as SIMs go."""

    @property
    def sim_by_id(self) -> Source[Key, Sim]: ...

    @property
    def sim_codes_by_id(self) -> Source[Key, SimCodes]: ...


class SimLoaders:
    """SIMs, by what they are asked for."""

    def __init__(self, provisioning: SimBackend) -> None:
        self.by_id = Loader(provisioning.sim_by_id)
        self.codes_by_id = Loader(provisioning.sim_codes_by_id)
