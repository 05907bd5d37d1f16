"""F33, its first step: operators find companies."""

from tests.journeys.journey import Journey

SEARCH = """
query($first: Int! = 20, $after: String, $filter: CompanyFilter) {
  companies(first: $first, after: $after, filter: $filter) {
    pageInfo { hasNextPage hasPreviousPage endCursor } nodes { id name vatNumber state }
  }
}
"""


def test_pages_of_the_search_follow_each_other(journey: Journey) -> None:
    """Every company comes once, by name, three at a time, each page for one call."""
    names: list[str] = []
    after = None
    while True:
        with journey.calls() as calls:
            page = journey.query(SEARCH, "operator", first=3, after=after).data["companies"]
        assert [resource for resource, _ in calls] == ["organization"]
        names += [company["name"] for company in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert names == sorted(row["name"] for row in journey.world.rows("organization"))


def test_a_company_is_found_by_vat_number_and_by_name(journey: Journey) -> None:
    """Each condition matches exactly; both must hold."""
    (company, other, *_) = journey.query(SEARCH, "operator", first=5).data["companies"]["nodes"]
    for filter in ({"vatNumber": company["vatNumber"]}, {"name": company["name"]}):
        assert journey.query(SEARCH, "operator", filter=filter).data["companies"]["nodes"] == [company]
    both = {"vatNumber": company["vatNumber"], "name": other["name"]}
    assert journey.query(SEARCH, "operator", filter=both).data["companies"]["nodes"] == []
