"""What a process keeps stays within its bytes, and what is used stays longest."""

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from gateway.domain.balance import Balance
from gateway.domain.company import CompanyAccounts, CompanyProfile, CompanyState
from gateway.domain.data_volume import DataVolume
from gateway.domain.gss_package import GssPackage, GssPackageState
from gateway.domain.invoice import Invoice, InvoiceKind, InvoiceState, Period
from gateway.domain.key import Key
from gateway.domain.line import Line, LineState, MobileLine, PaymentType, TariffPlan
from gateway.domain.money import Money
from gateway.domain.sim import Sim, SimState
from gateway.domain.ticket import Ticket, TicketKind, TicketState
from gateway.store.entry_codec import EntryCodec, KeptEntry
from gateway.store.generations import Generation, Stamp
from gateway.store.policies import RULES
from gateway.store.process_cache import Lifetime, ProcessCache, Shelf, bytes_in_memory

AT = datetime(2026, 1, 1, tzinfo=UTC)
STAMP = Stamp(Generation(), 0, 0, None)
GOOD = Lifetime(0.0, 1.0, 2.0)


def keep(cache: ProcessCache, shelf: Shelf, *keys: str, size: int = 1_000) -> None:
    """Keeps a value under each key."""
    for key in keys:
        cache.keep(shelf, key, key.upper(), size, GOOD, STAMP)


def test_what_was_not_used_for_longest_goes_first() -> None:
    """Ten fit; those that were used since the round last came by get another chance."""
    cache, shelf, other = ProcessCache(10_000), Shelf(), Shelf()
    keep(cache, shelf, *"abcde")
    keep(cache, other, *"fghij")
    shelf["a"].is_used = other["f"].is_used = True
    keep(cache, shelf, "k", "l")
    assert (sorted(shelf), sorted(other)) == (["a", "d", "e", "k", "l"], ["f", "g", "h", "i", "j"])
    keep(cache, shelf, *"mnopqr")
    assert sorted(shelf | other) == [*"afklmnopqr"][: len(shelf | other)]
    assert (cache.bytes, len(cache), cache.evictions) == (10_000, 10, 8)


def test_a_value_takes_the_place_of_the_one_before() -> None:
    """With its own size; what is forgotten leaves an empty place."""
    cache, shelf = ProcessCache(10_000), Shelf()
    keep(cache, shelf, "a")
    keep(cache, shelf, "a", size=2_000)
    assert (cache.bytes, len(cache)) == (2_000, 1)
    cache.forget(shelf, "a")
    cache.forget(shelf, "never kept")
    assert (shelf["a"].value, cache.bytes) == (None, bytes_in_memory(0))


def test_what_would_push_out_everything_else_is_not_kept() -> None:
    """Nor is what it would have replaced, which is older."""
    cache, shelf = ProcessCache(10_000), Shelf()
    keep(cache, shelf, "a", "b")
    keep(cache, shelf, "a", size=2_501)
    assert (shelf["a"].value, shelf["b"].value) == (None, "B")


def line(i: int) -> Line:
    """A line with all it may have."""
    return MobileLine(
        company_id=f"org-{i:04}",
        id=f"lin-0001-{i:06}",
        customer_id=f"cus-{i:06}",
        number=f"+39348{i:07}",
        state=LineState.ACTIVE,
        plan=TariffPlan(f"Azienda Mobile {i}"),
        activated_at=AT + timedelta(seconds=i),
        option_ids=(f"opt-1-{i}", f"opt-2-{i}"),
        payment_type=PaymentType.PREPAID,
        sim_id=f"sim-{i}",
        gss_package_id=f"gss-{i}",
    )


def invoice(i: int) -> Invoice:
    """An invoice with all it may have."""
    return Invoice(
        company_id=f"org-{i:04}",
        id=f"bil-{i:06}",
        account_id=f"acc-{i:06}",
        number=f"2026/{i}",
        kind=InvoiceKind.SERVICE,
        state=InvoiceState.PAID,
        issued_on=date(2026, 1, 1),
        due_on=date(2026, 2, 1),
        period=Period(date(2026, 1, 1), date(2026, 1, 31)),
        net=Money(Decimal(i) / 100, f"EUR{i}"[:3]),
        total=Money(Decimal(i) / 100, f"EUR{i}"[:3]),
        outstanding=Money(Decimal(i) / 100, f"EUR{i}"[:3]),
    )


def ticket(i: int) -> Ticket:
    """A ticket with few words."""
    return Ticket(
        company_id=f"org-{i:04}",
        id=f"tkt-{i:06}",
        customer_id=f"cus-{i:06}",
        kind=TicketKind.COMMERCIAL,
        state=TicketState.CLOSED,
        subject=f"Ticket {i}",
        description=None,
        opened_at=AT + timedelta(seconds=i),
        updated_at=AT + timedelta(seconds=i),
        closed_at=None,
        line_id=f"lin-{i}",
        invoice_id=None,
    )


RECORDS: dict[str, Callable[[int], Any]] = {
    "profile_by_company_id": lambda i: CompanyProfile(
        f"org-{i}", f"Ditta {i} S.r.l.", None, f"{i:011}", CompanyState.ACTIVE
    ),
    "balance_by_product_id": lambda i: Balance(f"lin-{i:06}", Money(Decimal(i) / 100, "EUR")),
    "sim_by_id": lambda i: Sim(
        f"org-{i}", f"sim-{i:06}", f"cus-{i:06}", f"8939{i:015}", SimState.ACTIVE, AT + timedelta(i / 99)
    ),
    "line_by_id": line,
    "invoice_by_id": invoice,
    "ticket_by_id": ticket,
    "lines_by_customer_id": lambda i: tuple(line(50 * i + n) for n in range(50)),
    "invoices_by_account_id": lambda i: tuple(invoice(24 * i + n) for n in range(24)),
}


@pytest.mark.parametrize("source", RECORDS)
def test_bytes_are_counted_on_the_safe_side(source: str) -> None:
    """What is counted is what the memory shows, or up to as much again."""
    number = 2_000 if "s_by" not in source else 60
    cache, shelf = ProcessCache(10**9), Shelf()
    codec = EntryCodec[Any](source, RULES[source].record)
    encoded = [codec.encode(KeptEntry(RECORDS[source](i), float(i), 0)) or b"" for i in range(number)]
    tracemalloc.start()
    try:
        for i, data in enumerate(encoded):
            entry = codec.decode(data)
            assert entry is not None
            lifetime = Lifetime(entry.read_at, i + 1.5, i + 2.5)
            cache.keep(
                shelf, Key(f"org-{i}", f"{source}-{i}"), entry.value, bytes_in_memory(len(data)), lifetime, STAMP
            )
            del entry
        traced, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.5 <= traced / cache.bytes <= 1.0, (source, traced / cache.bytes)


WORKER = """
import os
import subprocess
from gateway import app
from gateway.schema import build_graph
from tests.store.test_process_cache import RECORDS
from gateway.domain.key import Key
from gateway.store.entry_codec import EntryCodec, KeptEntry
from gateway.store.generations import Generation, Stamp
from gateway.store.policies import RULES
from gateway.store.process_cache import Lifetime, ProcessCache, Shelf, bytes_in_memory

graph = build_graph()
cache, shelves = ProcessCache(32 * 1024 * 1024), {source: Shelf() for source in RECORDS}
stamp, i = Stamp(Generation(), 0, 0, 0), 0
while cache.evictions < 20_000:
    for source, record in RECORDS.items():
        codec = EntryCodec(source, RULES[source].record)
        for i in range(i, i + 200):
            data = codec.encode(KeptEntry(record(i), float(i), 0))
            value = codec.decode(data).value
            lifetime = Lifetime(float(i), i + 1.5, i + 2.5)
            cache.keep(shelves[source], Key(f"org-{i}", f"{i}"), value, bytes_in_memory(len(data)), lifetime, stamp)
resident = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True)
print(int(resident.stdout) / 1024)
"""


def test_a_worker_with_a_full_cache_stays_small() -> None:
    """The whole gateway with 32 MiB of records, after many have come and gone: 150 MB of resident memory at most."""
    result = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=True)
    assert float(result.stdout) <= 150


def test_times_keep_their_offsets_and_all_values_come_back() -> None:
    """What is read from Redis is what was kept, to the letter."""
    for source, record in RECORDS.items():
        codec = EntryCodec[Any](source, RULES[source].record)
        value = record(7)
        kept = codec.decode(codec.encode(KeptEntry(value, 1.5, 3)))
        assert kept == KeptEntry(value, 1.5, 3)
    codec = EntryCodec[Any]("sim_by_id", Sim)
    at = datetime.fromisoformat("2026-10-01T09:30:00+02:00")
    kept = codec.decode(codec.encode(KeptEntry(Sim("a", "1", "c", "89", SimState.ACTIVE, at), 0.0, 0)))
    assert kept is not None
    assert kept.value.activated_at.isoformat() == at.isoformat()


def test_another_shape_has_another_name() -> None:
    """A version of the gateway whose records differ, however deep, reads nothing of this one's."""
    other = msgspec.defstruct("Balance", [("product_id", str), ("credit", Decimal | None)], frozen=True)
    key = Key("a", "1")
    assert EntryCodec[Any]("balance_by_product_id", Balance).name(key) != EntryCodec[Any](
        "balance_by_product_id", other
    ).name(key)


def test_accounts_fit_too() -> None:
    """The directory of all customers of an operator: some thousands of companies in a few MiB."""
    data = EntryCodec[Any]("accounts", CompanyAccounts).encode(
        KeptEntry(CompanyAccounts("org", ("cus",), ("acc",)), 0.0, 0)
    )
    assert data is not None
    assert bytes_in_memory(len(data)) < 1_100


def test_what_msgpack_cannot_hold_is_not_kept() -> None:
    """A package of more bytes than 64 bits count is shown, and asked for again."""
    package = GssPackage(
        company_id="a",
        id="1",
        customer_id="c",
        name="Package",
        state=GssPackageState.ACTIVE,
        activated_at=None,
        allowance=DataVolume(2**70),
        extra=None,
        contact_phone=None,
        line_ids=(),
    )
    assert EntryCodec[Any]("gss_package_by_id", GssPackage).encode(KeptEntry(package, 0.0, 0)) is None
