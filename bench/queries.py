"""The benchmark's queries, and the whole answer that each of them must get."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench.world import Company, Document, World
from gateway.domain import global_id

FILES = Path(__file__).parent / "queries"


class Query(NamedTuple):
    """A query; `calls` of the backend and `objects` in the answer, when it is asked alone."""

    name: str
    file: str
    calls: int
    objects: int
    expected: Callable[[World, Company], Document]

    @property
    def text(self) -> str:
        """The document."""
        return (FILES / f"{self.file}.graphql").read_text()

    def body(self, company: Company) -> bytes:
        """The request, as a client posts it."""
        operation = self.file[:1].upper() + self.file[1:]
        variables = {"id": global_id.encode("Company", company.id)}
        return json.dumps({"query": self.text, "operationName": operation, "variables": variables}).encode()

    def answer(self, world: World, company: Company) -> Document:
        """What comes back, as parsed JSON."""
        return {"data": {"company": self.expected(world, company)}}


def _lines(company: Company) -> Document:
    nodes = [
        {"number": company.msisdn(index), "sim": {"iccid": company.iccid(index), "state": "ACTIVE"}}
        for index in range(company.lines)
    ]
    return {"nodes": nodes}


def _company(_world: World, company: Company) -> Document:
    return {"name": company.name, "vatNumber": company.vat_number}


def _sims(_world: World, company: Company) -> Document:
    return {"name": company.name, "lines": _lines(company)}


def _invoices(world: World, company: Company) -> Document:
    nodes = [
        {
            "number": company.bill_number(index),
            "issuedOn": world.bill_day(index).isoformat(),
            "total": {"amount": company.bill_total(index), "currency": "EUR"},
        }
        for index in range(company.invoices)
    ]
    return {**_sims(world, company), "invoices": {"nodes": nodes}}


Q1 = Query("Q1", "company", calls=1, objects=1, expected=_company)
Q2 = Query("Q2", "sims", calls=3, objects=101, expected=_sims)
Q3 = Query("Q3", "invoices", calls=4, objects=249, expected=_invoices)
Q2_500 = Query("Q2 of 500 lines", "sims500", calls=7, objects=1001, expected=_sims)


def count_objects(value: Any) -> int:
    """How many objects an answer holds that have values of their own; connections only lead to others."""
    if isinstance(value, list):
        return sum(count_objects(item) for item in value)
    if not isinstance(value, dict):
        return 0
    inner = sum(count_objects(item) for item in value.values())
    return inner + any(not isinstance(item, dict | list) for item in value.values())
