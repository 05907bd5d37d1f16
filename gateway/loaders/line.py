"""Loaders of lines."""

from typing import Protocol

from gateway.domain.key import Key, Source
from gateway.domain.line import CustomerLine, Line
from gateway.loaders.loader import Loader


class LineBackend(Protocol):
    """Provisioning, as far as lines go."""

    @property
    def line_by_id(self) -> Source[Key, Line]: ...

    @property
    def line_by_number(self) -> Source[str, CustomerLine]: ...

    @property
    def line_by_sim_id(self) -> Source[Key, Line]: ...

    @property
    def lines_by_customer_id(self) -> Source[Key, tuple[Line, ...]]: ...


class LineLoaders:
    """Lines, by what they are asked for."""

    def __init__(self, provisioning: LineBackend) -> None:
        self.by_id = Loader(provisioning.line_by_id)
        self.by_number = Loader(provisioning.line_by_number)
        self.by_sim_id = Loader(provisioning.line_by_sim_id)
        self.by_customer_id = Loader(provisioning.lines_by_customer_id)
