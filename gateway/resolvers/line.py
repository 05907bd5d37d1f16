"""How a line's fields get their values."""

import asyncio
from collections.abc import Sequence

from gateway.context import Context
from gateway.domain.balance import Balance
from gateway.domain.company import Company, CompanyAccounts
from gateway.domain.gss_package import GssPackage
from gateway.domain.key import Key
from gateway.domain.line import LINE_ORDER, FixedLine, Line, LineFilter, LineKind, MobileLine, PaymentType
from gateway.domain.line_option import LineOption
from gateway.domain.money import Money
from gateway.domain.page import FIRST_DEFAULT, CountedPage
from gateway.domain.sim import Sim
from gateway.domain.sort_key import NEVER
from gateway.errors import GatewayError
from gateway.resolvers.ownership import accounts_of, load_of_company, load_owned, not_found


async def line(context: Context, number: str) -> Line | GatewayError:
    """The line that has a number (E.164), in the viewer's company or, for an operator, in any."""
    place, own = await asyncio.gather(context.loaders.line.by_number.load(number), _own_accounts(context))
    if isinstance(own, GatewayError):
        return own
    if isinstance(place, GatewayError):
        return place
    company_id = None if place is None else await _company_id_of(place.customer_id, own, context)
    if isinstance(company_id, GatewayError):
        return company_id
    if place is None or company_id is None:
        return not_found("line")
    (found,) = await load_owned([Key(company_id, place.line_id)], context.loaders.line.by_id, context)
    return not_found("line") if found is None else found


async def _own_accounts(context: Context) -> CompanyAccounts | GatewayError | None:
    """What the viewer's company holds, None for an operator; loaded whether or not the number is known to anybody."""
    if context.viewer.company_id is None:
        return None
    (accounts,) = await accounts_of([context.viewer.company_id], context)
    return accounts


async def _company_id_of(customer_id: str, own: CompanyAccounts | None, context: Context) -> str | GatewayError | None:
    """The company a customer belongs to, None unless the viewer may see it."""
    if own is None:
        return await context.loaders.company.company_id_by_customer_id.load(customer_id)
    return own.company_id if customer_id in own.customer_ids else None


async def lines(
    companies: Sequence[Company],
    context: Context,
    first: int = FIRST_DEFAULT,
    after: str | None = None,
    filter: LineFilter | None = None,
) -> Sequence[CountedPage[Line] | GatewayError]:
    """A page of each company's lines that the filter accepts."""
    window = LINE_ORDER.window(first, after)
    whole = await load_of_company(companies, context.loaders.line.by_customer_id, LINE_ORDER, context)
    return window.pages(whole, filter.accepts if filter else None)


def kind(lines: Sequence[Line], context: Context) -> Sequence[LineKind]:
    """Mobile or fixed."""
    return [LineKind.FIXED if isinstance(line, FixedLine) else LineKind.MOBILE for line in lines]


async def options(lines: Sequence[Line], context: Context) -> Sequence[list[LineOption] | GatewayError]:
    """The options added to each line."""
    keys = [Key(line.company_id, id) for line in lines for id in line.option_ids]
    found = iter(await load_owned(keys, context.loaders.line_option.by_id, context))
    return [_whole([next(found) for _ in line.option_ids]) for line in lines]


def _whole(options: Sequence[LineOption | GatewayError | None]) -> list[LineOption] | GatewayError:
    """Options by activation; one that cannot be read now fails the list, one that is not there any more is left out."""
    failed = next((option for option in options if isinstance(option, GatewayError)), None)
    if failed is not None:
        return failed
    known = [option for option in options if isinstance(option, LineOption)]
    return sorted(known, key=lambda option: (option.activated_at or NEVER, option.id))


async def sim(lines: Sequence[MobileLine], context: Context) -> Sequence[Sim | GatewayError | None]:
    """The SIM in use on each line."""
    keys = [None if line.sim_id is None else Key(line.company_id, line.sim_id) for line in lines]
    return await load_owned(keys, context.loaders.sim.by_id, context)


async def credit(lines: Sequence[MobileLine], context: Context) -> Sequence[Money | GatewayError | None]:
    """What is left on each prepaid line; None elsewhere, without asking billing."""
    prepaid = [Key(line.company_id, line.id) for line in lines if line.payment_type is PaymentType.PREPAID]
    balances = iter(await context.loaders.balance.by_product_id.load_many(prepaid))
    found = [next(balances) if line.payment_type is PaymentType.PREPAID else None for line in lines]
    return [balance.credit if isinstance(balance, Balance) else balance for balance in found]


async def gss_package(lines: Sequence[MobileLine], context: Context) -> Sequence[GssPackage | GatewayError | None]:
    """The data package that each line shares."""
    keys = [None if line.gss_package_id is None else Key(line.company_id, line.gss_package_id) for line in lines]
    return await load_owned(keys, context.loaders.gss_package.by_id, context)
