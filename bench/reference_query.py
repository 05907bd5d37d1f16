"""The three reference queries, and whether their answers are what is being measured."""

import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bench.answers import (
    COMPANY_ID,
    INVOICES,
    LINES,
    LINES_IN_PACKAGES,
    LINES_WITH_OPTION,
    PREPAID_LINES,
    TICKETS,
)
from gateway.domain import global_id

QUERIES = Path(__file__).parent / "queries"


class ReferenceQuery(NamedTuple):
    """A query; `levels` of edges below each other, and how many objects are in a right answer."""

    name: str
    levels: int
    objects: int

    def body(self) -> bytes:
        """The request, as a client posts it."""
        query = (QUERIES / f"{self.name}.graphql").read_text()
        return json.dumps({"query": query, "variables": {"id": global_id.encode("Company", COMPANY_ID)}}).encode()

    def check(self, url: str, token: str) -> None:
        """RuntimeError unless the gateway gives the whole answer, without errors."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        try:
            with urlopen(Request(url, self.body(), headers)) as response:
                answer = json.load(response)
        except HTTPError as error:
            raise RuntimeError(f"{self.name}: {error.code} {error.read().decode()}") from None
        if answer.get("errors"):
            raise RuntimeError(f"{self.name}: {json.dumps(answer['errors'][:3], indent=2)}")
        found = count_objects(answer["data"])
        if found != self.objects:
            raise RuntimeError(f"{self.name}: {found} objects in the answer, {self.objects} expected")


REFERENCE_QUERIES = (
    ReferenceQuery("company", levels=1, objects=1),
    ReferenceQuery("sims", levels=3, objects=1 + 2 * LINES),
    ReferenceQuery(
        "overview",
        levels=4,
        # Of packages, what is left is an object too; of invoices, the total.
        objects=1 + 2 * LINES + LINES_WITH_OPTION + PREPAID_LINES + 2 * LINES_IN_PACKAGES + 2 * INVOICES + TICKETS,
    ),
)


def count_objects(value: Any) -> int:
    """How many objects an answer holds that have values of their own; connections only lead to others."""
    if isinstance(value, list):
        return sum(count_objects(item) for item in value)
    if not isinstance(value, dict):
        return 0
    inner = sum(count_objects(item) for item in value.values())
    return inner + any(not isinstance(item, dict | list) for item in value.values())
