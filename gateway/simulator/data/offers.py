"""What the operator sells: tariff plans, options, data packages, devices. All names are invented."""

from decimal import Decimal

import msgspec


class Offer(msgspec.Struct, frozen=True):
    """A product offering (TMF620) with its monthly price in EUR, without VAT."""

    id: str
    name: str
    monthly_price: Decimal


class PackageSize(msgspec.Struct, frozen=True):
    """A size of data package: GB a month, shared by its lines."""

    offer: Offer
    allowance_gb: Decimal


class DeviceModel(msgspec.Struct, frozen=True):
    """A model of device; `type_allocation` is the 8 digits its IMEIs begin with, `price` in EUR without VAT."""

    name: str
    type_allocation: int
    price: Decimal


POSTPAID_PLANS = (
    Offer("off-mob-10", "Azienda Mobile 10", Decimal("7.90")),
    Offer("off-mob-30", "Azienda Mobile 30", Decimal("11.90")),
    Offer("off-mob-80", "Azienda Mobile 80", Decimal("15.90")),
    Offer("off-mob-max", "Azienda Mobile Senza Limiti", Decimal("24.90")),
)
PREPAID_PLANS = (
    Offer("off-pre-base", "Ricaricabile Lavoro Base", Decimal("4.99")),
    Offer("off-pre-20", "Ricaricabile Lavoro 20", Decimal("8.99")),
)
FIXED_PLANS = (
    Offer("off-fix-voce", "Ufficio Voce", Decimal("19.90")),
    Offer("off-fix-fibra", "Ufficio Fibra 1000", Decimal("34.90")),
)
LINE_OPTIONS = (
    Offer("off-opt-roaming", "Roaming Mondo Giornaliero", Decimal("6.00")),
    Offer("off-opt-chiamate-ue", "Chiamate verso UE illimitate", Decimal("3.50")),
    Offer("off-opt-5g", "Priorità 5G", Decimal("2.00")),
    Offer("off-opt-segreteria", "Segreteria Più", Decimal("1.00")),
    Offer("off-opt-protezione", "Navigazione Protetta", Decimal("1.50")),
)
PACKAGE_SIZES = tuple(
    PackageSize(Offer(f"off-gss-{gb}", f"Giga Smart Share {gb}", Decimal(gb) / 2), Decimal(gb))
    for gb in (20, 50, 100, 200, 300, 500, 1000)
)
DEVICE_MODELS = (
    DeviceModel("Aurora 12 128 GB", 35210411, Decimal("549.00")),
    DeviceModel("Aurora 12 Pro 256 GB", 35210412, Decimal("829.00")),
    DeviceModel("Maestrale X 64 GB", 35880107, Decimal("219.00")),
    DeviceModel("Libeccio Tablet 10 LTE", 35663902, Decimal("389.00")),
)


def smallest_package_for(gigabytes: Decimal) -> PackageSize:
    """The smallest size that holds so much, or the largest there is."""
    return next((size for size in PACKAGE_SIZES if size.allowance_gb >= gigabytes), PACKAGE_SIZES[-1])
