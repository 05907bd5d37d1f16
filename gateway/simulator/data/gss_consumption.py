"""Consumption of data packages (TMF677): what each line has used of the shared data this month, computed when asked."""

from datetime import datetime
from decimal import Decimal

from gateway.simulator.data.bucket import package_bucket_id
from gateway.simulator.data.company import Resource
from gateway.simulator.usage import month_gb_at_level, month_gb_by_line


def gss_consumption(seed: int, package: Resource, level: Decimal | None, now: datetime) -> Resource:
    """The `usageConsumption` element of a package's product; used and remaining add up to its allowance and extra.

    `level` is the part of the package that is always used, None where its lines' own usage decides.
    """
    pool_gb = _pool_gb(package)
    line_ids = [
        related["product"]["id"]
        for related in package["productRelationship"]
        if related["relationshipType"] == "bundles"
    ]
    if level is None:
        used = month_gb_by_line(seed, line_ids, pool_gb, now)
    else:
        used = month_gb_at_level(seed, line_ids, pool_gb, level, now)
    return {
        "id": f"usg-{package['id']}",
        "state": "done",
        "product": [{"id": package["id"]}],
        "bucketRefOrValue": [
            {
                "id": package_bucket_id(package["id"]),
                "isShared": True,
                "usageType": "data",
                "remainingValue": _gigabytes(pool_gb - sum(used.values())),
                "product": [
                    {
                        "id": line_id,
                        "consumptionSummary": [
                            {"counterType": "used", "level": "product", "value": _gigabytes(amount)}
                        ],
                    }
                    for line_id, amount in used.items()
                ],
            }
        ],
        "@type": "UsageConsumption",
    }


def _pool_gb(package: Resource) -> Decimal:
    values = {characteristic["name"]: characteristic["value"] for characteristic in package["productCharacteristic"]}
    return Decimal(values["allowanceGb"] + values["extraGb"])


def _gigabytes(amount: Decimal) -> Resource:
    return {"amount": amount, "units": "GB"}
