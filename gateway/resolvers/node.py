"""Global ids, and records found by them: the one way by which a root reaches a record."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from gateway.context import Context
from gateway.domain import global_id
from gateway.domain.company import Company
from gateway.domain.global_id import GlobalId
from gateway.domain.gss_package import GssPackage
from gateway.domain.invoice import Invoice
from gateway.domain.key import Key
from gateway.domain.line import FixedLine, Line, MobileLine
from gateway.domain.sim import Sim
from gateway.domain.ticket import Ticket
from gateway.errors import GatewayError, InvalidArgument, InvalidGlobalId
from gateway.loaders.loader import Loader
from gateway.resolvers.ownership import accounts_of, load_owned, not_found

NODES_MAX = 100

Node = Company | Line | Sim | Invoice | GssPackage | Ticket

N = TypeVar("N", Company, Invoice, Ticket)

ID_TYPES: dict[type, str] = {
    Company: "Company",
    MobileLine: "Line",
    FixedLine: "Line",
    Sim: "Sim",
    Invoice: "Invoice",
    GssPackage: "GssPackage",
    Ticket: "Ticket",
}
"""What a record's class is called in global ids; both kinds of line are one, so that a line keeps its id."""

LOADER_OF: dict[str, Callable[[Context], Loader[Key, Any]]] = {
    "Line": lambda context: context.loaders.line.by_id,
    "Sim": lambda context: context.loaders.sim.by_id,
    "Invoice": lambda context: context.loaders.invoice.by_id,
    "GssPackage": lambda context: context.loaders.gss_package.by_id,
    "Ticket": lambda context: context.loaders.ticket.by_id,
}

NOUN_OF = {
    "Company": "company",
    "Line": "line",
    "Sim": "SIM",
    "Invoice": "invoice",
    "GssPackage": "package",
    "Ticket": "ticket",
}


def id_of(records: Sequence[Node], context: Context) -> Sequence[str]:
    """The records' global ids."""
    return [
        global_id.encode("Company", record.id)
        if isinstance(record, Company)
        else global_id.encode(ID_TYPES[type(record)], record.company_id, record.id)
        for record in records
    ]


async def node(context: Context, id: str) -> Node | GatewayError:
    """The record a global id stands for."""
    return (await _load([_decoded(id)], context))[0]


async def nodes(context: Context, ids: Sequence[str]) -> list[Node | GatewayError]:
    """As `node`, for up to 100 ids; each id that fails is its own element's error."""
    if len(ids) > NODES_MAX:
        raise InvalidArgument(f"`ids` takes at most {NODES_MAX} ids; there are {len(ids)}.")
    return await _load([_decoded(id) for id in ids], context)


async def load_as(record: type[N], id: str, context: Context) -> N | GatewayError:
    """The record under a global id of one class, for the root field of that class."""
    (found,) = await _load([global_id.decode_as(ID_TYPES[record], id)], context)
    return cast("N | GatewayError", found)  # quoted, or each request would make the union anew


def _decoded(id: str) -> GlobalId | GatewayError:
    try:
        decoded = global_id.decode(id)
    except InvalidGlobalId as error:
        return error
    if decoded.type_name not in NOUN_OF:
        return InvalidGlobalId(f"This graph has no `{decoded.type_name}`; pass an `id` that a query returned.")
    return decoded


async def _load(ids: Sequence[GlobalId | GatewayError], context: Context) -> list[Node | GatewayError]:
    """Another company's id is answered without asking a backend, in the words of an unknown one."""
    values: list[Any] = [_checked(id, context) for id in ids]
    places: dict[str, list[int]] = {}
    for index, id in enumerate(values):
        if isinstance(id, GlobalId):
            places.setdefault(id.type_name, []).append(index)
    loads = [_load_type(type_name, [values[index] for index in at], context) for type_name, at in places.items()]
    found = [await loads[0]] if len(loads) == 1 else await asyncio.gather(*loads)
    for (type_name, at), records in zip(places.items(), found, strict=True):
        for index, record in zip(at, records, strict=True):
            values[index] = not_found(NOUN_OF[type_name]) if record is None else record
    return values


def _checked(id: GlobalId | GatewayError, context: Context) -> GlobalId | GatewayError:
    if isinstance(id, GlobalId) and not context.viewer.may_see(id.company_id):
        return not_found(NOUN_OF[id.type_name])
    return id


async def _load_type(type_name: str, ids: Sequence[GlobalId], context: Context) -> Sequence[Any]:
    if type_name == "Company":
        return await _companies([id.company_id for id in ids], context)
    return await load_owned([Key(id.company_id, id.id) for id in ids], LOADER_OF[type_name](context), context)


async def _companies(ids: Sequence[str], context: Context) -> Sequence[Company | GatewayError]:
    """The viewer's own company needs no backend to exist; an operator's must be known to one."""
    if context.viewer.company_id is not None:
        return [Company(id) for id in ids]
    accounts = await accounts_of(ids, context)
    return [
        holder if isinstance(holder, GatewayError) else Company(id) for id, holder in zip(ids, accounts, strict=True)
    ]
