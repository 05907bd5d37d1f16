"""F13: Giga Smart Share packages, their SIMs, the data used and left."""

from decimal import Decimal

from gateway.domain import global_id
from tests.journeys.journey import Journey

PACKAGES = """
query($id: ID!) {
  company(id: $id) { gssPackages(first: 5) { nodes {
    id name state simCount contactPhone allowance { bytes gigabytes } extra { bytes } remaining { bytes gigabytes }
    members(first: 50) {
      totalCount nodes { dataUsed { bytes } line { id credit { amount } gssPackage { id } sim { iccid } } }
    }
  } } }
}
"""


def packages(journey: Journey, scenario: str | None = None) -> list[dict[str, object]]:
    """The packages of a company, by the name of its scenario."""
    company = (
        journey.demo.company_id if scenario is None else global_id.encode("Company", journey.world.scenarios[scenario])
    )
    found: list[dict[str, object]] = journey.query(PACKAGES, "operator", id=company).data["company"]["gssPackages"][
        "nodes"
    ]
    assert found
    return found


def test_used_and_left_add_up(journey: Journey) -> None:
    """What the members used and what is left make the allowance with its extra, but for what was used beyond it."""
    for package in packages(journey):
        used = sum(member["dataUsed"]["bytes"] for member in package["members"]["nodes"])  # type: ignore[index]
        pool = package["allowance"]["bytes"] + package["extra"]["bytes"]  # type: ignore[index]
        assert package["remaining"]["bytes"] == max(pool - used, 0)  # type: ignore[index]
        assert package["simCount"] == package["members"]["totalCount"] == len(package["members"]["nodes"])  # type: ignore[index]


def test_members_lead_to_their_line_and_back(journey: Journey) -> None:
    """Each member's line says that it shares this package, and its SIM is there."""
    for package in packages(journey):
        for member in package["members"]["nodes"]:  # type: ignore[index]
            assert member["line"]["gssPackage"]["id"] == package["id"]
            assert member["line"]["sim"]["iccid"].startswith("8939")


def test_the_named_company_has_a_package_at_99_percent(journey: Journey) -> None:
    """Frontend teams find the case they need, and it is what it says."""
    shares = [
        1 - Decimal(package["remaining"]["bytes"]) / (package["allowance"]["bytes"] + package["extra"]["bytes"])  # type: ignore[index]
        for package in packages(journey, "package_at_99_percent")
    ]
    assert any(Decimal("0.985") <= share < Decimal("0.995") for share in shares)
