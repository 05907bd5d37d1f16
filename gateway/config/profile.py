"""How one API of one backend differs from the plain reading of TMF630 v4."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gateway.config.naming import meant, setting_error
from gateway.config.resilience import Seconds
from gateway.errors import ConfigurationError

Count = Annotated[int, Meta(ge=1, le=1_000_000)]


class Batching(Enum):
    """How a backend takes several ids in one filter."""

    NONE = "none"
    COMMA = "comma"
    REPEAT = "repeat"


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one API of one backend differs from the plain reading of TMF630 v4."""

    base_path: str
    version: Literal["v4", "v5"] = "v4"
    batch_ids: Batching = Batching.COMMA
    batch_owners: Batching = Batching.NONE
    batch_max: Count = 100
    owner_parameter: str = "relatedParty.id"
    owner_role: str = "customer"
    limit_max: Count = 100
    send_fields: bool = True
    empty_list_as_404: bool = False
    comparison_suffixes: dict[str, str] = msgspec.field(
        default_factory=lambda: {"gte": ".gte", "gt": ".gt", "lte": ".lte", "lt": ".lt"}
    )
    patch_content_type: str = "application/json"
    timeout_seconds: Seconds | None = None
    """Of one call, where it is not the backend's."""
    calls_at_once: Count | None = None
    calls_per_second: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    hedge: bool = False
    """Whether a read that takes longer than most is asked a second time."""
    names: dict[str, str] = {}
    """Contract name -> this backend's, for characteristics, kinds, roles and filters; complete once it is read."""
    states: dict[str, str] = {}
    """This backend's word for a state -> the contract's word."""

    def name(self, contract_name: str) -> str:
        """What this backend calls it."""
        return self.names[contract_name]


API_DEFAULTS: dict[str, dict[str, dict[str, str]]] = {
    "billing": {
        "customerBill": {
            "base_path": "/tmf-api/customerBillManagement/v4",
            "owner_parameter": "billingAccount.id",
        },
        "account": {"base_path": "/tmf-api/accountManagement/v4", "owner_role": "owner"},
        "prepayBalance": {"base_path": "/tmf-api/prepayBalanceManagement/v4", "owner_parameter": "product.id"},
        "usageConsumption": {"base_path": "/tmf-api/usageConsumption/v4", "owner_parameter": "product.id"},
    },
    "provisioning": {
        "productInventory": {"base_path": "/tmf-api/productInventory/v4"},
        "resourceInventory": {"base_path": "/tmf-api/resourceInventoryManagement/v4"},
    },
    "crm": {
        "customer": {"base_path": "/tmf-api/customerManagement/v4", "owner_parameter": "engagedParty.id"},
        "party": {"base_path": "/tmf-api/party/v4"},
        "troubleTicket": {"base_path": "/tmf-api/troubleTicket/v4"},
    },
}
"""What each API has before any setting: backend -> API -> the profile's settings that differ from Profile's own."""

NO_API = "own"
"""Stands for no TM Forum API: a backend's own paths, directly below its `url`."""

CONTRACT_NAMES: dict[str, tuple[str, ...]] = {
    "customerBill": ("credit note", "DeviceBill"),
    "account": ("customer",),
    "productInventory": (
        "MobileLine",
        "FixedLine",
        "LineOption",
        "GssPackage",
        "bundles",
        "bundledBy",
        "installationAddress",
        "msisdn",
        "paymentType",
        "prepaid",
        "postpaid",
        "allowanceGb",
        "extraGb",
        "referentMsisdn",
        "productSpecification.name",
        "realizingResource.id",
        "realizingResource.value",
    ),
    "resourceInventory": ("SIM", "PIN1", "PUK1", "PIN2", "PUK2"),
    "party": ("VAT", "name", "organizationIdentification.identificationId"),
    "troubleTicket": (
        "simReplacement",
        "imeiBlock",
        "administrative",
        "commercial",
        "impactedLine",
        "disputedBill",
    ),
}
"""What `names` may translate, by API."""

CONTRACT_STATES: dict[str, tuple[str, ...]] = {
    "customerBill": ("new", "validated", "onHold", "sent", "partiallyPaid", "settled"),
    "productInventory": (
        "created",
        "pendingActive",
        "active",
        "suspended",
        "pendingTerminate",
        "terminated",
        "cancelled",
        "aborted",
    ),
    "resourceInventory": ("standby", "reserved", "available", "suspended", "unknown"),
    "party": ("validated", "initialized", "closed"),
    "troubleTicket": (
        "acknowledged",
        "inProgress",
        "pending",
        "held",
        "closed",
        "resolved",
        "rejected",
        "cancelled",
    ),
}
"""What `states` may translate to, by API."""

V5_DEFAULTS = {"owner_parameter": "relatedParty.partyOrPartyRole.id"}


def profiles_of(backend: str, apis: Mapping[str, Mapping[str, Any]]) -> dict[str, Profile]:
    """The profile of every API of a backend, by API, and of its own paths under NO_API.

    `apis` is what `[backends.<backend>.apis]` sets. ConfigurationError names the setting that is unknown or wrong.
    """
    defaults = API_DEFAULTS.get(backend, {})
    for api in apis:
        if api not in defaults:
            raise ConfigurationError(f"backends.{backend}.apis.{api}: no such API{meant(api, defaults)}")
    return {NO_API: Profile(base_path=""), **{api: _profile(backend, api, apis.get(api, {})) for api in defaults}}


def _profile(backend: str, api: str, asked: Mapping[str, Any]) -> Profile:
    path, default = f"backends.{backend}.apis.{api}", API_DEFAULTS[backend][api]
    document = {**default, **asked}
    if asked.get("version") == "v5" and "owner_parameter" not in default:
        document = {**default, **V5_DEFAULTS, **asked}
    try:
        profile = msgspec.convert(document, Profile, strict=False)
    except msgspec.ValidationError as error:
        raise setting_error(error, path, document, Profile) from None
    if profile.base_path and not profile.base_path.startswith("/"):
        raise ConfigurationError(f"{path}.base_path: a base path begins with '/'; write it as '/{profile.base_path}'.")
    known = CONTRACT_NAMES.get(api, ())
    for name in profile.names:
        if name not in known:
            raise ConfigurationError(f'{path}.names."{name}": no such name{meant(name, known)}')
    _check_states(f"{path}.states", api, profile.states)
    return msgspec.structs.replace(profile, names={**dict(zip(known, known, strict=True)), **profile.names})


def _check_states(path: str, api: str, states: Mapping[str, str]) -> None:
    """A word that the contract does not have would be shown as unknown, as the one it stands for already is."""
    words = CONTRACT_STATES.get(api)
    if words is None:
        return
    known = {word.casefold() for word in words}
    for theirs, word in states.items():
        if word.strip().casefold() not in known:
            raise ConfigurationError(
                f"{path}.\"{theirs}\": '{word}' is no state of the contract; there are {', '.join(words)}."
            )
