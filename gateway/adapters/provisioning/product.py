"""Products (TMF637): what lines, options and packages have in common."""

from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._source import CustomerRecord, by_customer
from gateway.adapters._wire import (
    Characteristic,
    Characteristics,
    Parties,
    RealizingResource,
    Ref,
    Timestamp,
    owner_id,
    state_of,
)
from gateway.config import Profile
from gateway.domain.key import Key, Source
from gateway.domain.line import LineState
from gateway.domain.page import Order

V = TypeVar("V", bound=CustomerRecord)

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


class ProductRelationship(msgspec.Struct, frozen=True, rename="camel"):
    """How a product depends on another: bundles, bundledBy, reliesOn."""

    relationship_type: str
    product: Ref | None = None


class Place(msgspec.Struct, frozen=True, rename="camel"):
    """Where a product is; the address stands in `name`."""

    name: str | None = None
    role: str | None = None


class Product(msgspec.Struct, frozen=True, rename="camel"):
    """A product as it comes."""

    id: str
    name: str | None = None
    status: str | None = None
    start_date: Timestamp | None = None
    product_offering: "Named | None" = None
    product_specification: "Named | None" = None
    related_party: Parties = None
    product_characteristic: tuple[Characteristic, ...] | None = None
    realizing_resource: tuple[RealizingResource, ...] | None = None
    product_relationship: tuple[ProductRelationship, ...] | None = None
    place: tuple[Place, ...] | None = None

    def is_a(self, kind: str, profile: Profile) -> bool:
        """Whether the specification is the one that the contract calls `kind`."""
        specification = self.product_specification
        return specification is not None and specification.name == profile.name(kind)

    def customer_id(self, profile: Profile) -> str | None:
        """The customer who holds the product."""
        return owner_id(self.related_party, profile)

    def state(self, profile: Profile) -> LineState:
        """Where the product is in its life."""
        return state_of(self.status, STATES, LineState.UNKNOWN, profile)

    def characteristics(self, profile: Profile) -> Characteristics:
        """The product's characteristics by name."""
        return Characteristics(self.product_characteristic, profile)

    def related(self, relationship: str, profile: Profile) -> tuple[str, ...]:
        """The ids of the products that stand in this relationship to it."""
        theirs = profile.name(relationship)
        rows = self.product_relationship or ()
        return tuple(row.product.id for row in rows if row.relationship_type == theirs and row.product is not None)


class Named(msgspec.Struct, frozen=True):
    """A reference of which only the name is used."""

    name: str | None = None


def by_customer_and_kind(
    api: Api, kinds: Collection[str], record_of: Callable[[Product, str, Profile], V | None], order: Order[V]
) -> Source[Key, tuple[V, ...]]:
    """A customer's products of some kinds, in their order."""
    theirs = [api.profile.name(kind) for kind in kinds]
    filters = [api.any_of(api.profile.name("productSpecification.name"), theirs)]
    return by_customer(api, PATH, Product, record_of, order, filters)
