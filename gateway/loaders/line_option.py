"""Loaders of line options."""

from typing import Protocol

from gateway.domain.key import Key, Source
from gateway.domain.line_option import LineOption
from gateway.loaders.loader import Loader


class LineOptionBackend(Protocol):
    """Provisioning, as far as options go."""

    @property
    def option_by_id(self) -> Source[Key, LineOption]: ...


class LineOptionLoaders:
    """Line options, by what they are asked for."""

    def __init__(self, provisioning: LineOptionBackend) -> None:
        self.by_id = Loader(provisioning.option_by_id)
