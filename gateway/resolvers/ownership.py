"""Whose a record is: the second of two checks, after the adapter's own, on every read and after every cache."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, TypeVar

import structlog

from gateway.context import Context
from gateway.domain.company import CompanyAccounts
from gateway.domain.key import Key
from gateway.domain.page import Order
from gateway.errors import GatewayError, NotFound
from gateway.loaders.loader import Loader

log = structlog.get_logger()


class CompanyRecord(Protocol):
    """A record that says which company it was read for."""

    @property
    def company_id(self) -> str: ...


class HeldRecord(CompanyRecord, Protocol):
    """A record that says by whom it is held."""

    def is_held_by(self, accounts: CompanyAccounts) -> bool: ...


R = TypeVar("R", bound=HeldRecord)
V = TypeVar("V")


def not_found(what: str) -> NotFound:
    """One answer for what does not exist and for what belongs to somebody else."""
    return NotFound(f"There is no such {what}, or it belongs to another company.")


async def accounts_of(company_ids: Iterable[str], context: Context) -> Sequence[CompanyAccounts | GatewayError]:
    """The customers and accounts of each company; NotFound where the viewer may not see it or nobody knows it."""
    ids = list(company_ids)
    known = await _accounts_by_id(set(ids), context)
    return [known[id] for id in ids]


async def _accounts_by_id(ids: Collection[str], context: Context) -> dict[str, CompanyAccounts | GatewayError]:
    visible = [id for id in ids if context.viewer.may_see(id)]
    known = dict(zip(visible, await context.loaders.company.accounts_by_company_id.load_many(visible), strict=True))
    return {id: known.get(id) or not_found("company") for id in ids}


async def load_owned(
    keys: Sequence[Key | None], loader: Loader[Key, R], context: Context
) -> Sequence[R | GatewayError | None]:
    """The records under `keys`, None where there is no key, no record, or where it is not the company's own."""
    asked = [key for key in keys if key is not None]
    loading = loader.load_many(asked)  # asked for at the same time as the accounts
    holders = await _accounts_by_id({key.company_id for key in asked}, context)
    records = await loading
    if len(holders) == 1:
        (holder,) = holders.values()
        owned = _all_if_held(records, holder)
    else:
        pairs = zip(asked, records, strict=True)
        owned = [each for key, record in pairs for each in _all_if_held([record], holders[key.company_id])]
    if len(asked) == len(keys):
        return owned
    found = iter(owned)
    return [None if key is None else next(found) for key in keys]


def _all_if_held(
    records: Sequence[R | GatewayError | None], holder: CompanyAccounts | GatewayError
) -> list[R | GatewayError | None]:
    """The holder decides first: while nobody can say what the company holds, every id is answered alike."""
    if isinstance(holder, GatewayError):
        return [None if isinstance(holder, NotFound) else holder] * len(records)
    held = [
        record if record is None or isinstance(record, GatewayError) or record.is_held_by(holder) else None
        for record in records
    ]
    foreign = held.count(None) - records.count(None)
    if foreign:
        log.warning("foreign_records_dropped", records=foreign)
    return held


async def load_of_company(
    companies: Sequence[CompanyRecord],
    loader: Loader[Key, tuple[V, ...]],
    order: Order[V],
    context: Context,
    *,
    by_account: bool = False,
) -> Sequence[Sequence[V] | GatewayError]:
    """Each company's whole list, in its order: those of all its customers (or billing accounts) together."""
    accounts = await accounts_of((company.company_id for company in companies), context)
    keys_of = [_keys(holder, by_account) for holder in accounts]
    asked = [key for keys in keys_of if not isinstance(keys, GatewayError) for key in keys]
    parts = iter(await loader.load_many(asked))
    return [keys if isinstance(keys, GatewayError) else _joined([next(parts) for _ in keys], order) for keys in keys_of]


def _keys(holder: CompanyAccounts | GatewayError, by_account: bool) -> list[Key] | GatewayError:
    if isinstance(holder, GatewayError):
        return holder
    ids = holder.account_ids if by_account else holder.customer_ids
    return [Key(holder.company_id, id) for id in ids]


def _joined(parts: Sequence[tuple[V, ...] | GatewayError | None], order: Order[V]) -> Sequence[V] | GatewayError:
    """One list; an error of any part is the whole's, because a list is never cut silently."""
    lists: list[tuple[V, ...]] = []
    for part in parts:
        if isinstance(part, GatewayError):
            return part
        lists.append(part or ())
    return lists[0] if len(lists) == 1 else order.ordered(row for each in lists for row in each)
