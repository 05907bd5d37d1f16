"""One simulated backend: its TM Forum APIs, over the world's documents, as an ASGI application."""

from datetime import datetime
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.simulator.faults import encode, error_body
from gateway.simulator.knobs import ALL_WELL, Knobs
from gateway.simulator.parameters import minded
from gateway.simulator.query import BadQuery, Documents, Query, projected, read_query
from gateway.simulator.world import Resource, World

APIS: dict[str, dict[str, tuple[str, ...]]] = {
    "billing": {
        "/tmf-api/customerBillManagement/v4": ("customerBill",),
        "/tmf-api/accountManagement/v4": ("billingAccount",),
        "/tmf-api/prepayBalanceManagement/v4": ("bucket",),
    },
    "provisioning": {
        "/tmf-api/productInventory/v4": ("product",),
        "/tmf-api/resourceInventoryManagement/v4": ("resource",),
        "/tmf-api/productOrderingManagement/v4": ("productOrder",),
    },
    "crm": {
        "/tmf-api/customerManagement/v4": ("customer",),
        "/tmf-api/party/v4": ("organization",),
        "/tmf-api/troubleTicket/v4": ("troubleTicket",),
    },
}
"""Backend → base path of an API → its resources."""

USAGE_CONSUMPTION = "/tmf-api/usageConsumption/v4/queryUsageConsumption"


class ProductReference(msgspec.Struct, frozen=True):
    """A product somebody asks about."""

    id: str


class SearchCriteria(msgspec.Struct, frozen=True):
    """Which products' consumption is asked for."""

    product: list[ProductReference]


class UsageConsumptionQuery(msgspec.Struct, frozen=True, rename="camel"):
    """The body of TMF677's queryUsageConsumption."""

    search_criteria: SearchCriteria


def backend_routes(name: str, world: World) -> list[BaseRoute]:
    """The routes of a backend: billing, provisioning or crm."""
    documents = Documents(world)
    routes: list[BaseRoute] = []
    for base_path, resources in APIS[name].items():
        for resource in resources:
            path = f"{base_path}/{resource}"
            routes += [
                Route(path, _list(resource, documents, world)),
                Route(f"{path}/{{id:path}}", _one(resource, world)),
            ]
    if name == "billing":
        routes.append(Route(USAGE_CONSUMPTION, _usage_consumption(world), methods=["POST"]))
    return routes


def application(routes: list[BaseRoute]) -> ASGIApp:
    """The routes as an application that answers every mistake with TMF630's error body."""
    router = Router(routes, redirect_slashes=False, default=_not_found)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["app"] = app  # so that a wrong method raises instead of answering in plain text
        try:
            await router(scope, receive, send)
        except HTTPException as error:
            await _error(error.status_code, error.detail, headers=error.headers)(scope, receive, send)

    return app


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await _error(404, "notFound", "There is nothing at this path.")(scope, receive, send)


def _list(resource: str, documents: Documents, world: World) -> Any:
    async def endpoint(request: Request) -> Response:
        knobs: Knobs = request.scope.get("knobs", ALL_WELL)
        try:
            parameters = minded(resource, request.scope["query_string"], knobs)
            query = read_query(resource, parameters, literal_commas=knobs.literal_commas)
        except BadQuery as error:
            return _error(400, "invalidQuery", str(error))
        rows = documents.select(resource, query)
        if not rows and knobs.empty_list_as_404:
            return _error(404, "notFound", "No records.")
        total = len(world.tables[resource]) if knobs.whole_totals else len(rows)
        return _page(request.url.path, rows, total, query, knobs)

    return endpoint


def _page(path: str, rows: list[Resource], total: int, query: Query, knobs: Knobs) -> Response:
    limit = query.limit if knobs.page_cap is None else min(query.limit, knobs.page_cap)
    end = query.offset + limit
    shown = rows[query.offset : end]
    headers = {"X-Result-Count": str(len(shown))} | ({} if knobs.no_totals else {"X-Total-Count": str(total)})
    if knobs.unfiltered_next_link and end < total:
        headers["Link"] = f'<{path}?offset={end}?limit={limit}>; rel="next"'
    return _json(
        [projected(row, query.fields) for row in shown], 200 if knobs.no_totals or len(shown) == total else 206, headers
    )


def _one(resource: str, world: World) -> Any:
    async def endpoint(request: Request) -> Response:
        row = world.row(resource, request.path_params["id"])
        if row is None:
            return _error(404, "notFound", f"There is no {resource} with this id.")
        fields = tuple(name for text in request.query_params.getlist("fields") for name in text.split(","))
        return _json(projected(row, fields))

    return endpoint


def _usage_consumption(world: World) -> Any:
    async def endpoint(request: Request) -> Response:
        try:
            query = msgspec.json.decode(await request.body(), type=UsageConsumptionQuery)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _error(400, "invalidBody", 'The body is {"searchCriteria": {"product": [{"id": "…"}]}}.')
        ids = dict.fromkeys(product.id for product in query.search_criteria.product)
        found = [world.usage_consumption(id) for id in ids]
        return _json(_consumption(list(ids), [element for element in found if element is not None], world.clock()), 201)

    return endpoint


def _consumption(ids: list[str], elements: list[Resource], now: datetime) -> Resource:
    return {
        "id": f"uq-{now:%Y%m%d%H%M%S%f}",
        "href": f"{USAGE_CONSUMPTION}/uq-{now:%Y%m%d%H%M%S%f}",
        "queryUsageConsumptionDate": now.isoformat(),
        "searchCriteria": {"product": [{"id": id} for id in ids]},
        "usageConsumption": elements,
        "@type": "QueryUsageConsumption",
    }


def _json(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(encode(document), status, headers, media_type="application/json")


def _error(status: int, reason: str, message: str = "", headers: Any = None) -> Response:
    return _json(error_body(status, reason, message), status, headers)
