"""Products (TMF637): what lines, options and packages have in common."""

from collections.abc import Collection
from datetime import datetime
from typing import TypeVar

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect, Words
from gateway.adapters._source import CustomerRecord, Reader, by_customer
from gateway.adapters._wire import (
    Characteristic,
    Parties,
    RealizingResource,
    Ref,
)
from gateway.domain.key import Key, Source
from gateway.domain.line import LineState
from gateway.domain.page import Order

D = TypeVar("D", bound=CustomerRecord)

PATH = "/product"

MOBILE_LINE = "MobileLine"
FIXED_LINE = "FixedLine"
LINE_OPTION = "LineOption"
GSS_PACKAGE = "GssPackage"

STATES = {
    "created": LineState.PENDING,
    "pendingactive": LineState.PENDING,
    "active": LineState.ACTIVE,
    "suspended": LineState.SUSPENDED,
    "pendingterminate": LineState.TERMINATING,
    "terminated": LineState.TERMINATED,
    "cancelled": LineState.CANCELLED,
    "aborted": LineState.CANCELLED,  # the official enum has it with a trailing space, which is stripped
}


class ProductRelationship(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """How a product depends on another: bundles, bundledBy, reliesOn."""

    relationship_type: str
    product: Ref | None = None


class Place(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Where a product is; the address stands in `name`."""

    name: str | None = None
    role: str | None = None


class Product(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A product as it comes."""

    id: str
    name: str | None = None
    status: str | None = None
    start_date: datetime | None = None
    product_offering: "Named | None" = None
    product_specification: "Named | None" = None
    related_party: Parties = None
    product_characteristic: tuple[Characteristic, ...] | None = None
    realizing_resource: tuple[RealizingResource, ...] | None = None
    product_relationship: tuple[ProductRelationship, ...] | None = None
    place: tuple[Place, ...] | None = None

    def is_a(self, kind: str) -> bool:
        """Whether the specification is the one that this backend calls `kind`."""
        specification = self.product_specification
        return specification is not None and specification.name == kind

    @property
    def offering_name(self) -> str | None:
        """What the product is sold as."""
        return None if self.product_offering is None else self.product_offering.name


class Named(msgspec.Struct, frozen=True, gc=False):
    """A reference of which only the name is used."""

    name: str | None = None


def product_states(dialect: Dialect) -> Words[LineState]:
    """Where products are in their life, by the backend's words."""
    return dialect.states(STATES, LineState.UNKNOWN)


def by_customer_and_kind(
    api: Api, kinds: Collection[str], read: Reader[Product, D], order: Order[D]
) -> Source[Key, tuple[D, ...]]:
    """A customer's products of some kinds, in their order."""
    theirs = [api.dialect.name(kind) for kind in kinds]
    filters = [api.any_of(api.dialect.name("productSpecification.name"), theirs)]
    return by_customer(api, PATH, Product, read, order, filters)
